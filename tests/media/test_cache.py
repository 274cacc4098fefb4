"""The cache: one maker a file, a limit of bytes, and nothing half-made."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cvat_lite.errors import MediaError
from cvat_lite.media.cache import Cache


class Maker:
    """Writes files of one size and counts how often it had to."""

    def __init__(self, size: int = 100) -> None:
        self.size = size
        self.calls = 0

    def __call__(self, path: Path) -> None:
        self.calls += 1
        path.write_bytes(b"x" * self.size)


def files(root: Path) -> list[str]:
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def test_a_file_is_made_once_and_then_found(root) -> None:
    cache, maker = Cache(root, 1000), Maker()
    first = cache.get_or_make("7/chunk-0", maker)
    assert cache.get_or_make("7/chunk-0", maker) == first == root / "7/chunk-0"
    assert (maker.calls, cache.size) == (1, 100)


def test_many_who_ask_at_once_share_one_maker(root) -> None:
    cache = Cache(root, 1000)
    begun, go_on = threading.Event(), threading.Event()
    calls = []

    def slow(path: Path) -> None:
        calls.append(path)
        begun.set()
        assert go_on.wait(10)
        path.write_bytes(b"made")

    with ThreadPoolExecutor(12) as pool:
        first = pool.submit(cache.get_or_make, "7/a", slow)
        assert begun.wait(10)
        others = [pool.submit(cache.get_or_make, "7/a", slow) for _ in range(11)]
        go_on.set()
        assert {f.result().read_bytes() for f in [first, *others]} == {b"made"}
    assert len(calls) == 1


def test_an_error_reaches_all_who_wait_and_the_next_tries_again(root) -> None:
    cache = Cache(root, 1000)
    begun, go_on = threading.Event(), threading.Event()

    def failing(path: Path) -> None:
        path.write_bytes(b"half")
        begun.set()
        assert go_on.wait(10)
        raise MediaError("broken")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.get_or_make, "7/a", failing)
        assert begun.wait(10)
        second = pool.submit(cache.get_or_make, "7/a", failing)
        go_on.set()
        for future in (first, second):
            with pytest.raises(MediaError, match="broken"):
                future.result()
    assert files(root) == []
    assert cache.get_or_make("7/a", Maker()).read_bytes() == b"x" * 100


def test_what_was_not_used_for_longest_goes_first(root) -> None:
    cache, maker = Cache(root, 300, grace=0), Maker()
    for key in ("1/a", "1/b", "1/c"):
        cache.get_or_make(key, maker)
    cache.get_or_make("1/a", maker)
    cache.get_or_make("2/d", maker)
    assert files(root) == ["1/a", "1/c", "2/d"]
    assert cache.size == 300


def test_a_file_larger_than_the_limit_is_served_and_goes_with_the_next(root) -> None:
    cache = Cache(root, 50, grace=0)
    assert cache.get_or_make("1/a", Maker()).is_file()
    cache.get_or_make("1/b", Maker(10))
    assert files(root) == ["1/b"]


def test_what_was_just_handed_out_stays_even_beyond_the_limit(root) -> None:
    cache = Cache(root, 100, grace=60)
    for key in ("1/a", "1/b", "1/c"):
        cache.get_or_make(key, Maker())
    assert files(root) == ["1/a", "1/b", "1/c"]


def test_an_open_file_can_be_read_on_after_it_went(root) -> None:
    cache = Cache(root, 100, grace=0)
    with cache.get_or_make("1/a", Maker()).open("rb") as file:
        cache.get_or_make("1/b", Maker())
        assert files(root) == ["1/b"]
        assert len(file.read()) == 100


def test_a_restart_remembers_files_and_their_order_and_sweeps_the_unfinished(root) -> None:
    cache, maker = Cache(root, 1000), Maker()
    for key in ("1/a", "1/b", "1/c"):
        cache.get_or_make(key, maker)
    old = time.time() - 1000
    for age, key in enumerate(("1/a", "1/b", "1/c")):
        os.utime(root / key, (old + age, old))
    made = (root / "1/a").stat().st_mtime_ns
    cache.get_or_make("1/a", maker)
    assert (root / "1/a").stat().st_mtime_ns == made
    (root / "1/.d.123.part").write_bytes(b"half")
    again = Cache(root, 300, grace=0)
    assert again.size == 300
    again.get_or_make("1/d", maker)
    assert files(root) == ["1/a", "1/c", "1/d"]


def test_all_files_of_a_subject_are_removed_at_once(root) -> None:
    cache, maker = Cache(root, 1000), Maker()
    for key in ("1/a", "1/b/c", "10/a"):
        cache.get_or_make(key, maker)
    cache.remove("1")
    assert files(root) == ["10/a"]
    assert cache.size == 100
    cache.get_or_make("1/a", maker)
    assert maker.calls == 4


def test_a_file_whose_origin_changes_while_it_is_made_is_made_again(root) -> None:
    cache = Cache(root, 1000)
    origin = ["old"]

    def maker(path: Path) -> None:
        path.write_text(origin[0])
        if origin[0] == "old":
            origin[0] = "new"
            cache.remove("1")

    assert cache.get_or_make("1/a", maker).read_text() == "new"
    assert cache.get_or_make("1/a", maker).read_text() == "new"
    assert files(root) == ["1/a"]


def test_a_directory_emptied_by_somebody_else_is_filled_again(root) -> None:
    cache, maker = Cache(root, 1000), Maker()
    cache.get_or_make("1/a", maker).unlink()
    assert cache.get_or_make("1/a", maker).is_file()
    assert (maker.calls, cache.size) == (2, 100)


def test_many_threads_among_few_bytes_always_get_whole_files(root) -> None:
    cache = Cache(root, 500, grace=0)

    def ask(number: int) -> bool:
        if number % 10 == 0:
            cache.remove(str(number % 3))
        key = f"{number % 3}/{number % 7}"
        return cache.get_or_make(key, Maker()).name == str(number % 7)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(400)))
    assert cache.size == 100 * len(files(root)) <= 500


@pytest.mark.parametrize("key", ["../a", "/a", ""])
def test_no_key_leads_out_of_the_cache(key, root) -> None:
    with pytest.raises(MediaError):
        Cache(root, 100).get_or_make(key, Maker())
