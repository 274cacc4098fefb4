"""Functions that annotate: connected to the server, called on a frame, run over whole tasks."""
