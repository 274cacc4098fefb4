"""Everything from files to frames, chunks and previews; plain synchronous code for threads."""
