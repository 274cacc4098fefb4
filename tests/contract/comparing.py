"""Where this server's document and the SDK differ so that the SDK could notice."""

from __future__ import annotations

from collections.abc import Iterator

from tests.contract.shapes import Call, Field, Shape


def parameters(sdk: Call, ours: Call) -> Iterator[str]:
    """Differences of the parameters in path, query and headers."""
    theirs = {(given.where, given.name.lower()): given for given in sdk.parameters}
    mine = {(given.where, given.name.lower()): given for given in ours.parameters}
    for where, name in sorted(theirs.keys() - mine.keys()):
        yield f"{where} parameter {name} is missing"
    for where, name in sorted(mine.keys() - theirs.keys()):
        yield f"{where} parameter {name} is extra"
    for key in sorted(theirs.keys() & mine.keys()):
        about = f"{key[0]} parameter {key[1]}"
        if mine[key].required and not theirs[key].required:
            yield f"{about} is required"
        yield from kinds(about, theirs[key].shape, mine[key].shape)
        if lacks(theirs[key].shape, mine[key].shape):
            yield f"{about} has other values: {listed(theirs[key].shape, mine[key].shape)}"


def bodies(
    about: str, sdk: Shape, ours: Shape, seen: frozenset[str] = frozenset()
) -> Iterator[str]:
    """What the SDK may send and this server does not say that it takes."""
    yield from kinds(about, sdk, ours)
    if sdk.nullable and not ours.nullable and sdk.kind != "any":
        yield f"{about} may not be null"
    if lacks(sdk, ours):
        yield f"{about} has other values: {listed(sdk, ours)}"
    yield from inner(about, sdk, ours, seen, sending=True)


def answers(
    about: str, sdk: Shape, ours: Shape, seen: frozenset[str] = frozenset()
) -> Iterator[str]:
    """What this server says that it may answer and the SDK does not expect."""
    yield from kinds(about, sdk, ours)
    if ours.nullable and not sdk.nullable:
        yield f"{about} may be null"
    if sdk.enum is not None and (ours.enum is None or not ours.enum <= sdk.enum):
        yield f"{about} has other values: {listed(sdk, ours)}"
    yield from inner(about, sdk, ours, seen, sending=False)


def inner(
    about: str, sdk: Shape, ours: Shape, seen: frozenset[str], *, sending: bool
) -> Iterator[str]:
    """Differences of the items of arrays and of the fields of objects."""
    compare = bodies if sending else answers
    if sdk.items is not None and ours.items is not None:
        yield from compare(f"{about}[]", sdk.items, ours.items, seen)
    if sdk.kind != "object" or ours.kind != "object" or not sdk.name or sdk.name in seen:
        return
    theirs, mine = sdk.fields, ours.fields
    # A model is compared once, under its own name, wherever it stands.
    about = sdk.name
    for name in sorted(theirs.keys() - mine.keys()):
        yield f"{about}.{name} is missing"
    for name in sorted(mine.keys() - theirs.keys()):
        yield f"{about}.{name} is extra"
    for name in sorted(theirs.keys() & mine.keys()):
        yield from requirement(f"{about}.{name}", theirs[name], mine[name], sending=sending)
        yield from compare(
            f"{about}.{name}", theirs[name].shape, mine[name].shape, seen | {sdk.name}
        )


def requirement(about: str, sdk: Field, ours: Field, *, sending: bool) -> Iterator[str]:
    """A field that one side may leave out and the other cannot do without."""
    if sending and ours.required and not sdk.required:
        yield f"{about} is required"
    if not sending and sdk.required and not ours.required:
        yield f"{about} is not always there"


def kinds(about: str, sdk: Shape, ours: Shape) -> Iterator[str]:
    """A value of another kind."""
    if "any" in (sdk.kind, ours.kind) or sdk.kind == ours.kind:
        return
    yield f"{about} is {ours.kind} instead of {sdk.kind}"


def listed(sdk: Shape, ours: Shape) -> str:
    """The values that only one side has: ``-`` those of the SDK, ``+`` ours."""
    theirs, mine = sdk.enum or frozenset(), ours.enum or frozenset()
    lost = [f"-{value}" for value in sorted(theirs - mine)]
    return " ".join(lost + [f"+{value}" for value in sorted(mine - theirs)])


def lacks(sdk: Shape, ours: Shape) -> bool:
    """Whether the SDK may send a value that this server does not say that it takes."""
    if sdk.kind == "any" or ours.enum is None:
        return False
    return sdk.enum is None or not sdk.enum <= ours.enum
