"""Who asks, and what the server has to answer with: every service's first argument."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cvat_lite.config import Config
from cvat_lite.errors import UnauthorizedError
from cvat_lite.permissions.facts import Subject
from cvat_lite.services.gate import Gate
from cvat_lite.services.keeping import Keeping
from cvat_lite.store.database import Database
from cvat_lite.store.users import User

if TYPE_CHECKING:
    from cvat_lite.background.queue import Queue
    from cvat_lite.background.workers import Workers
    from cvat_lite.media.cache import Cache
    from cvat_lite.services.identity import Identities
    from cvat_lite.services.lambdas.connected import Functions


@dataclass(frozen=True, slots=True)
class Server:
    """The parts of a running server."""

    config: Config
    database: Database
    identities: Identities
    queue: Queue
    workers: Workers
    cache: Cache
    keeping: Keeping
    functions: Functions
    gate: Gate = field(default_factory=Gate)
    #: Set when a webhook may have something to deliver.
    deliveries_due: asyncio.Event = field(default_factory=asyncio.Event)
    #: Snapshots are saved, put back and removed one at a time.
    snapshot_lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody who has proved who he is; ``read_only`` for a token that may not write."""

    user: User
    read_only: bool = False
    access_token_id: int | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """One request: the server, who asks, in which organization, and under which address."""

    server: Server
    identity: Identity | None
    subject: Subject
    base_url: str
    session: str = ""
    organization_id: int | None = None

    @property
    def user(self) -> User:
        """Who asks; UnauthorizedError where nobody has proved anything."""
        if self.identity is None:
            raise UnauthorizedError
        return self.identity.user

    @property
    def database(self) -> Database:
        """The store."""
        return self.server.database

    @property
    def config(self) -> Config:
        """The settings."""
        return self.server.config

    def link(self, path: str) -> str:
        """The address of a path of this server, as the asker knows it."""
        return f"{self.base_url}{path}"
