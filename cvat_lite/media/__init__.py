"""Files to frames: readers, chunks, previews and the cache."""
