"""Moving one thing: fetch its backup, send it, have it restored; each step is noted.

A step that was noted is not done again. The one that cannot be repeated is handing the archive
over: if its answer is lost, the requests of the target tell whether it has begun.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from cvat_lite.clients import cvat_backups as backups
from cvat_lite.clients.cvat_backups import Progress, Upload
from cvat_lite.clients.cvat_server import CvatServer, RefusedError
from cvat_lite.services.moves.journal import Journal, Move, Stage
from cvat_lite.services.moves.plan import Thing

#: What is told while things are moved: in words, how much, of how much.
Show = Callable[[str, int, int], None]
#: Uploads of one archive that a server may forget.
TRIES = 3


class LostError(RefusedError):
    """Nobody can say whether a thing has arrived."""

    def __init__(self) -> None:
        super().__init__(
            404, "the other server has forgotten what became of it: look there, then use --again"
        )


class Moved(NamedTuple):
    """What became of a thing: its number at the target, or why it was not moved.

    ``earlier`` if an earlier run has moved it, ``changed`` if it was changed since then.
    """

    thing: Thing
    number: int | None
    why: str = ""
    earlier: bool = False
    changed: bool = False


@dataclass(frozen=True)
class Mover:
    """Moves things from a source to a target.

    ``again`` moves also what has been moved already, ``keep`` leaves the archives on the disk.
    """

    source: CvatServer
    target: CvatServer
    journal: Journal
    show: Show
    again: bool = False
    keep: bool = False

    async def move(self, thing: Thing) -> Moved:
        """Move a thing, from the step on that an earlier run has come to.

        A refusal of this one thing is answered; RemoteError and StoreError say that there is no
        use in going on with others.
        """
        move = self.journal.move(thing.key)
        if move.stage == Stage.MOVED:
            if not self.again:
                return Moved(thing, move.result, "", True, move.stamp != thing.stamp)
            move = Move()
        try:
            number = await self._finish(thing, move)
        except LostError as error:
            return Moved(thing, None, str(error))
        except RefusedError as error:
            await self._note(thing, Move())
            await asyncio.to_thread(self.journal.archive(thing.key).unlink, missing_ok=True)
            return Moved(thing, None, str(error))
        if not self.keep:
            await asyncio.to_thread(self.journal.archive(thing.key).unlink, missing_ok=True)
        return Moved(thing, number)

    async def _finish(self, thing: Thing, move: Move) -> int:
        """All steps that are missing; the number at the target."""
        if move.stage == Stage.FINISHING:
            move = await self._look_for(thing, move)
        if move.stage in (Stage.PLANNED, Stage.FETCHED, Stage.SENDING):
            move = await self._hand_over(thing, move)
        number = await self._restored(thing, move)
        if number is None and self.again:
            move = await self._hand_over(thing, Move())
            number = await self._restored(thing, move)
        if number is None:
            raise LostError
        await self._note(thing, Move(Stage.MOVED, move.stamp, result=number))
        return number

    async def _restored(self, thing: Thing, move: Move) -> int | None:
        """Wait for the end; the number at the target, None if it does not know that any more."""
        request = await backups.wait(self.target, move.rq_id, self._progress(thing, "restoring"))
        if request is None or request.get("result_id") is None:
            return None
        return int(request["result_id"])

    async def _hand_over(self, thing: Thing, move: Move) -> Move:
        """Fetch and send the archive as far as that is missing, and start its restoring."""
        for _ in range(TRIES):
            move = await self._fetched(thing, move)
            move = await self._begun(thing, move)
            if await self._sent(thing, move):
                break
            # The server has forgotten the upload: the next one begins anew.
            move = Move(Stage.FETCHED, move.stamp)
        else:
            raise RefusedError(404, "the other server forgets what it is sent")
        move.known = await backups.imports(self.target, thing.kind)
        move.stage = Stage.FINISHING
        await self._note(thing, move)
        upload = Upload(move.path, move.filename)
        move.rq_id = await backups.finish(self.target, thing.kind, upload)
        move.stage = Stage.RESTORING
        await self._note(thing, move)
        return move

    async def _fetched(self, thing: Thing, move: Move) -> Move:
        """With the archive on the disk; one of an older state is made again."""
        archive = self.journal.archive(thing.key)
        there = await asyncio.to_thread(archive.is_file)
        if move.stage != Stage.PLANNED and there and move.stamp == thing.stamp:
            return move
        progress = self._progress(thing, "exporting")
        rq_id = await backups.export(self.source, thing.kind, thing.number)
        if await backups.wait(self.source, rq_id, progress) is None:
            raise RefusedError(404, "the backup has gone before it could be fetched")
        where = (thing.kind, thing.number, rq_id)
        await backups.download(self.source, where, archive, self._progress(thing, "fetching"))
        move = Move(Stage.FETCHED, thing.stamp)
        await self._note(thing, move)
        return move

    async def _begun(self, thing: Thing, move: Move) -> Move:
        """With an upload to send the archive to."""
        if move.stage == Stage.SENDING:
            return move
        archive = self.journal.archive(thing.key)
        upload = await backups.begin(self.target, thing.kind, archive)
        move = Move(Stage.SENDING, move.stamp, upload.path, upload.filename)
        await self._note(thing, move)
        return move

    async def _sent(self, thing: Thing, move: Move) -> bool:
        """Send what is missing of the archive; False if the server has forgotten the upload."""
        upload = Upload(move.path, move.filename)
        offset = await backups.arrived(self.target, upload)
        if offset is None:
            return False
        archive, progress = self.journal.archive(thing.key), self._progress(thing, "sending")
        return await backups.send(self.target, upload, archive, offset, progress)

    async def _look_for(self, thing: Thing, move: Move) -> Move:
        """After a handing over whose answer was lost: as restoring if it has begun, else sending."""
        for rq_id in await backups.imports(self.target, thing.kind):
            if rq_id not in move.known and await self._is_it(thing, rq_id):
                found = Move(Stage.RESTORING, move.stamp, rq_id=rq_id)
                await self._note(thing, found)
                return found
        return Move(Stage.SENDING, move.stamp, move.path, move.filename)

    async def _is_it(self, thing: Thing, rq_id: str) -> bool:
        """Whether a request has restored that very thing, as far as its name tells."""
        try:
            request = await backups.wait(self.target, rq_id, self._progress(thing, "restoring"))
            if request is None or request.get("result_id") is None:
                return False
            made = await self.target.call("GET", f"/api/{thing.kind}/{request['result_id']}")
        except RefusedError:
            return False
        return bool(made["name"] == thing.name)

    async def _note(self, thing: Thing, move: Move) -> None:
        await asyncio.to_thread(self.journal.note, thing.key, move)

    def _progress(self, thing: Thing, doing: str) -> Progress:
        return lambda done, total: self.show(f"{thing.title}: {doing}", done, total)
