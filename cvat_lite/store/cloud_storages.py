"""Cloud storages: which buckets there are, with sealed credentials and their manifests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cvat_lite.domain import clock
from cvat_lite.domain.buckets import CredentialsType, ProviderType
from cvat_lite.store import rows
from cvat_lite.store.database import Connection, PlainConnection
from cvat_lite.store.filters import Collection, Field, Kind, Selection, fetch_page

#: What sealed credentials begin with.
SEALED = "sealed:"
COLUMNS = """
cs.id, cs.provider_type, cs.resource, cs.display_name, cs.owner_id, ow.username, ow.first_name,
ow.last_name, cs.organization_id, cs.credentials_type, cs.credentials, cs.specific_attributes,
cs.description, cs.created_date, cs.updated_date,
(SELECT json_group_array(listed.filename) FROM (SELECT m.filename FROM cloud_storage_manifests m
WHERE m.cloud_storage_id = cs.id ORDER BY m.id) listed)
"""
FROM = "cloud_storages cs LEFT JOIN users ow ON ow.id = cs.owner_id"
UNSEALED = (
    "SELECT id, credentials_type, credentials FROM cloud_storages"
    f" WHERE credentials <> '' AND credentials NOT LIKE '{SEALED}%'"
)

NAMES = (
    "credentials_type",
    "description",
    "id",
    "name",
    "owner",
    "provider_type",
    "resource",
)
COLLECTION = Collection(
    fields={
        "credentials_type": Field("cs.credentials_type", choices=tuple(CredentialsType)),
        "description": Field("cs.description"),
        "id": Field("cs.id", Kind.INTEGER),
        "name": Field("cs.display_name"),
        "owner": Field("ow.username"),
        "provider_type": Field("cs.provider_type", choices=tuple(ProviderType)),
        "resource": Field("cs.resource"),
    },
    filter=NAMES,
    search=("description", "name", "owner", "resource"),
    ordering=NAMES,
    simple=("credentials_type", "name", "owner", "provider_type", "resource"),
)


class CloudStorage(rows.Struct, frozen=True):
    """A cloud storage; ``credentials`` are sealed, ``manifests`` is a JSON list of keys."""

    id: int
    provider_type: str
    resource: str
    display_name: str
    owner_id: int | None
    owner_username: str | None
    owner_first_name: str | None
    owner_last_name: str | None
    organization_id: int | None
    credentials_type: str
    credentials: str
    specific_attributes: str
    description: str
    created_date: str
    updated_date: str
    manifests: str


WIDTH = len(CloudStorage.__struct_fields__)


async def get(db: Connection, storage_id: int) -> CloudStorage | None:
    """The cloud storage, or None where there is none."""
    row = await rows.fetch_one(db, f"SELECT {COLUMNS} FROM {FROM} WHERE cs.id = ?", (storage_id,))
    return CloudStorage(*row) if row else None


async def page(db: Connection, selection: Selection) -> tuple[int, list[CloudStorage]]:
    """A page of cloud storages and how many there are in all."""
    count, found = await fetch_page(db, COLUMNS, FROM, selection)
    return count, [CloudStorage(*tuple(row)[:WIDTH]) for row in found]


async def insert(db: Connection, values: dict[str, Any], manifests: Iterable[str]) -> int:
    """Add a cloud storage with its manifests; answers its id."""
    now = clock.now()
    values = {**values, "created_date": now, "updated_date": now}
    storage_id = await rows.insert(db, "cloud_storages", values)
    await set_manifests(db, storage_id, manifests)
    return storage_id


async def update(db: Connection, storage_id: int, values: dict[str, Any]) -> None:
    """Set columns of a cloud storage; it counts as changed now."""
    await rows.update(db, "cloud_storages", storage_id, {**values, "updated_date": clock.now()})


async def set_manifests(db: Connection, storage_id: int, manifests: Iterable[str]) -> None:
    """Replace the manifests of a cloud storage; each counts once."""
    await db.execute(
        "DELETE FROM cloud_storage_manifests WHERE cloud_storage_id = ?", (storage_id,)
    )
    await db.executemany(
        "INSERT INTO cloud_storage_manifests (cloud_storage_id, filename) VALUES (?, ?)",
        [(storage_id, name) for name in dict.fromkeys(manifests)],
    )


async def delete(db: Connection, storage_id: int) -> None:
    """Remove a cloud storage. Tasks whose media lie in it stay and can be read no more.

    As in CVAT, what names it as a source or target of files goes on naming it.
    """
    await db.execute(
        "UPDATE data SET cloud_storage_id = NULL WHERE cloud_storage_id = ?", (storage_id,)
    )
    await rows.delete(db, "cloud_storages", storage_id)


async def unsealed(db: Connection) -> list[tuple[int, str, str]]:
    """The id, the kind and the text of credentials that are not sealed."""
    return [(row[0], row[1], row[2]) for row in await rows.fetch_all(db, UNSEALED)]


async def set_credentials(db: Connection, storage_id: int, sealed: str) -> None:
    """Keep credentials, which does not count as a change."""
    await rows.update(db, "cloud_storages", storage_id, {"credentials": sealed})


def set_credentials_now(db: PlainConnection, storage_id: int, sealed: str) -> None:
    """The same over a connection that waits."""
    db.execute("UPDATE cloud_storages SET credentials = ? WHERE id = ?", (sealed, storage_id))
