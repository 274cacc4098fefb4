"""CVAT Lite: the REST API of CVAT in one process, with SQLite and local files."""

__version__ = "0.1.0"

#: The version of CVAT whose API this server speaks; ``GET /api/server/about`` answers it.
API_VERSION = "2.80.0"
