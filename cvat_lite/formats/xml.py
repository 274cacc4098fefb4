"""XML by hand for writing (text is escaped, structure is the caller's), expat for reading."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from defusedxml.common import DefusedXmlException, EntitiesForbidden

from cvat_lite.errors import DatasetError
from cvat_lite.formats.format import Source

CHUNK = 1 << 16
# Characters that no XML 1.0 document can hold, not even escaped.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def text(value: str) -> str:
    """The value as the text of an element; characters that XML cannot hold are dropped."""
    if not value.isprintable():
        value = FORBIDDEN.sub("", value)
    escaped = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("\r", "&#13;")


def attribute(value: str) -> str:
    """The value as that of an attribute, within double quotes."""
    quoted = text(value).replace('"', "&quot;")
    return quoted.replace("\n", "&#10;").replace("\t", "&#9;")


def document(content: bytes, file: str) -> Element:
    """The root of a small document; DatasetError if it is not well-formed or has entities."""
    builder = TreeBuilder()
    parser = _parser(builder.data)
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, DefusedXmlException, ValueError, LookupError) as error:
        raise _unreadable(file, error) from error
    return builder.close()


def elements(source: Source, file: str, tags: frozenset[str], level: int = 1) -> Iterator[Element]:
    """The children of the root with these tags, a few in memory at a time.

    ``level`` 2 stands for the children of the root's children, and so on. DatasetError if the document is not well-formed or has entities.
    """
    children = _Children(tags, level)
    with source.open(file) as stream:
        data = b"start"
        while data:
            data = stream.read(CHUNK)
            try:
                children.parser.Parse(data, not data)
            except (expat.ExpatError, DefusedXmlException, ValueError, LookupError) as error:
                raise _unreadable(file, error) from error
            yield from children.taken()


class _Children:
    """Builds the elements of one level, and lets go of them once they are taken."""

    def __init__(self, tags: frozenset[str], level: int) -> None:
        self._builder = TreeBuilder()
        self._tags = tags
        self._level = level
        self._parent: Element | None = None
        self._depth = 0
        self._complete: list[tuple[Element, Element]] = []
        self.parser = _parser(self._builder.data)
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end

    def taken(self) -> list[Element]:
        """The children that have been completed since the last time."""
        complete, self._complete = self._complete, []
        for parent, child in complete:
            parent.remove(child)
        return [child for _, child in complete if child.tag in self._tags]

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        element = self._builder.start(tag, attributes)
        self._depth += 1
        if self._depth == self._level:
            self._parent = element

    def _end(self, tag: str) -> None:
        element = self._builder.end(tag)
        self._depth -= 1
        if self._depth == self._level and self._parent is not None:
            self._complete.append((self._parent, element))


def _parser(data: Callable[[str], object]) -> expat.XMLParserType:
    """A parser that refuses entities: they make small files large, or name other files.

    defusedxml's own parsers build trees in Python, at a third of the speed.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.CharacterDataHandler = data
    parser.EntityDeclHandler = _refuse_entity
    return parser


def _refuse_entity(name: str, _parameter: bool, value: str | None, *rest: str | None) -> None:
    raise EntitiesForbidden(name, value, *rest)


def _unreadable(file: str, error: Exception) -> DatasetError:
    return DatasetError(file, "", f"this is not XML that can be read: {error}")
