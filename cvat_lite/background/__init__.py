"""The queue of background requests and its workers."""
