"""The settings of a server, read once and never changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that can be set; sizes are bytes, times are seconds."""

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 8080
    share: Path | None = None
    ui: Path | None = None
    no_login: bool = False
    admin_password: str | None = None
    allowed_hosts: tuple[str, ...] = ()
    trusted_origins: tuple[str, ...] = ()
    allow_private_addresses: bool = False
    cache_bytes: int = 2048 * MIB
    max_json_bytes: int = 512 * MIB
    max_upload_bytes: int = 1024 * 1024 * MIB
    max_image_pixels: int = 500_000_000
    background_workers: int = 2
    export_lifetime: float = 24 * 3600.0
    session_lifetime: float = 14 * 24 * 3600.0
    rate_limit_per_minute: int = 100
    confirm_invitations: bool = False
    allow_snapshots: bool = False
    functions: Path | None = None
    function: tuple[str, ...] = ()
    function_timeout: float = 60.0
    smtp_url: str | None = None
    email_from: str = "cvat-lite@localhost"
    credentials_key: str | None = field(default=None, repr=False)
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.data_dir / "cvat_lite.sqlite3"

    @property
    def media(self) -> Path:
        """One directory a data id below it, with the files as they were uploaded."""
        return self.data_dir / "media"

    @property
    def uploads(self) -> Path:
        """Uploads that are not finished."""
        return self.data_dir / "uploads"

    @property
    def cache(self) -> Path:
        """Chunks and previews; may be removed at any time."""
        return self.data_dir / "cache"

    @property
    def assets(self) -> Path:
        """Pictures and papers of annotation guides, named by their uuid."""
        return self.data_dir / "assets"

    @property
    def credentials_file(self) -> Path:
        """The key of what cloud storages are opened with, unless it is a setting."""
        return self.data_dir / "credentials.key"

    @property
    def snapshots(self) -> Path:
        """One database file a snapshot."""
        return self.data_dir / "snapshots"

    @property
    def exports(self) -> Path:
        """Results of exports, until they expire."""
        return self.data_dir / "exports"
