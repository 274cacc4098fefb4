"""``cvat-lite push`` and ``cvat-lite pull``: from words to two servers, and what is said then."""

from __future__ import annotations

import asyncio
import getpass
import os
import signal
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from types import FrameType
from typing import Any

from cvat_lite.cli import process, settings
from cvat_lite.cli.importing import Bar
from cvat_lite.cli.near_server import near_server
from cvat_lite.cli.settings import SettingError
from cvat_lite.clients.cvat_server import CvatServer, Login, RemoteError, UntrustedError, connect
from cvat_lite.config import Config
from cvat_lite.services.moves.journal import Journal, Stage, directory, read
from cvat_lite.services.moves.moving import Moved, Mover
from cvat_lite.services.moves.plan import Plan, Thing, chosen, everything

#: Below the data directory: the journals, and the archives on their way.
PLACE = "moves"
LEFT = (
    "Backups do not hold users and assignees, organizations, issues and comments, webhooks, cloud "
    "storages and the history: these stay behind. All that has arrived belongs to {name}."
)


def run(options: Namespace) -> None:
    """Move what was chosen; SettingError or StoreError if not all of it could be."""
    config = settings.read(options, os.environ)
    if not (options.all or options.projects or options.tasks):
        raise SettingError("Say what to move: --project ID, --task ID, or --all.")
    if options.all and (options.projects or options.tasks):
        raise SettingError("--all means everything: leave out --project and --task.")
    process.set_up_logging(verbose=False)
    far = login(options, options.far, options.far_url, "far")
    near = login(options, options.near, options.near_url, "near") if options.near_url else None
    try:
        asyncio.run(until_told(move(options, config, far, near)))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    except UntrustedError as error:
        raise SettingError(f"{error} (--insecure goes on nevertheless.)") from error
    except RemoteError as error:
        raise SettingError(str(error)) from error


async def until_told(work: Coroutine[Any, Any, None]) -> None:
    """Do some work; SIGTERM cancels it as Ctrl-C does, and what is under way is closed in order."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def stop(_number: int, _frame: FrameType | None) -> None:
        if task is not None:
            loop.call_soon_threadsafe(task.cancel)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        await work
    finally:
        signal.signal(signal.SIGTERM, before)


def login(options: Namespace, word: str, url: str, end: str) -> Login:
    """Where one end is, and who asks; the environment counts where nothing was typed."""
    names = [f"CVAT_LITE_{word.upper()}_{what}" for what in ("TOKEN", "USER")]
    token = getattr(options, f"{end}_token")
    user = getattr(options, f"{end}_user")
    if token is None and user is None:
        token, user = (os.environ.get(name) or None for name in names)
    if token is None and user is None:
        flags = f"--{word}-token or --{word}-user"
        raise SettingError(f"Say who asks at {url}: {flags}, or {' or '.join(names)}.")
    far = end == "far"
    organization = options.organization if far else None
    verify = not (far and options.insecure)
    if token is not None:
        if not (token.isascii() and token.isprintable()):
            raise SettingError(f"The token for {url} has letters that no token has.")
        return Login(url, token=token, organization=organization, verify=verify)
    name, colon, password = user.partition(":")
    if not colon:
        password = ask(name, url, names[1])
    return Login(url, username=name, password=password, organization=organization, verify=verify)


def ask(name: str, url: str, variable: str) -> str:
    """The password, from the person at the terminal if there is one."""
    if not sys.stdin.isatty():
        raise SettingError(
            f"The password of {name} is missing: NAME:PASSWORD, which {variable} can hold too."
        )
    return getpass.getpass(f"Password of {name} at {url}: ")


async def move(options: Namespace, config: Config, far: Login, near: Login | None) -> None:
    """Let both ends in, and move what was chosen from the one to the other."""
    # The far end first: what it refuses should not have started or made anything here.
    async with connect(far) as there:
        ends = names_of(options, there, near)
        if options.dry_run and options.far == "from":
            await foretell(options, there, config, ends)
            return
        async with here(config, near, create=options.far == "from") as (server, words):
            if words:
                print(words, flush=True)
            source, target = (server, there) if options.far == "to" else (there, server)
            if options.dry_run:
                await foretell(options, source, config, ends)
                return
            journal = await asyncio.to_thread(Journal, config.data_dir / PLACE, *ends)
            try:
                bar = Bar()
                mover = Mover(source, target, journal, bar, options.again, options.keep)
                await carry(await planned(options, source), mover, bar)
            finally:
                journal.close()


def names_of(options: Namespace, there: CvatServer, near: Login | None) -> tuple[str, str]:
    """What the source and the target are called in the journal."""
    local = "here" if near is None else near.url.rstrip("/")
    slug = there.login.organization
    away = there.url if slug is None else f"{there.url} {slug!r}"
    return (local, away) if options.far == "to" else (away, local)


async def planned(options: Namespace, source: CvatServer) -> Plan:
    """What was chosen."""
    if options.all:
        return await everything(source)
    return await chosen(source, options.projects, options.tasks)


@asynccontextmanager
async def here(
    config: Config, near: Login | None, *, create: bool
) -> AsyncIterator[tuple[CvatServer, str]]:
    """The near end: the server that was named, else one of the data directory."""
    if near is not None:
        async with connect(near) as server:
            yield server, ""
        return
    async with near_server(config, create=create) as (found, words), connect(found) as server:
        yield server, words


async def foretell(
    options: Namespace, source: CvatServer, config: Config, ends: tuple[str, str]
) -> None:
    """Say what would be moved, and touch nothing."""
    plan = await planned(options, source)
    written = await asyncio.to_thread(read, directory(config.data_dir / PLACE, *ends))
    moves = written.moves if written else {}
    for remark in plan.remarks:
        print(remark)
    for thing in plan.things:
        before = moves.get(thing.key)
        if before is not None and before.stage == Stage.MOVED and not options.again:
            print(told(Moved(thing, before.result, "", True, before.stamp != thing.stamp)))
        else:
            print(f"Would be moved: {described(thing)}")


async def carry(plan: Plan, mover: Mover, bar: Bar) -> None:
    """Move one thing after the other; SettingError if some could not be."""
    for remark in plan.remarks:
        print(remark, flush=True)
    failed = 0
    for number, thing in enumerate(plan.things, 1):
        try:
            result = await mover.move(thing)
        finally:
            bar.clear()
        failed += result.number is None
        out = sys.stderr if result.number is None else sys.stdout
        print(f"[{number}/{len(plan.things)}] {told(result)}", file=out, flush=True)
    if failed:
        raise SettingError(f"{failed} of {len(plan.things)} could not be moved.")
    print(LEFT.format(name=mover.target.username) if plan.things else "There is nothing to move.")


def told(result: Moved) -> str:
    """What became of a thing, in a line."""
    title = described(result.thing)
    if result.number is None:
        return f"{title}: {result.why}"
    single = result.thing.kind.removesuffix("s")
    if not result.earlier:
        return f"{title} is now {single} {result.number}"
    more = "; it was changed since, --again moves it once more" if result.changed else ""
    return f"{title} was moved before, as {single} {result.number}{more}"


def described(thing: Thing) -> str:
    """A thing with its size."""
    frames = f"{thing.frames:,} frame{'s' if thing.frames != 1 else ''}"
    if thing.kind == "tasks":
        return f"{thing.title} ({frames})"
    return f"{thing.title} ({thing.tasks} task{'s' if thing.tasks != 1 else ''}, {frames})"
