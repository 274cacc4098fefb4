"""XML by hand for writing (text is escaped, structure is the caller's), expat for reading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring, iterparse

from cvat_lite.errors import DatasetError
from cvat_lite.formats.format import Source

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
    try:
        root: Element = fromstring(content)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise DatasetError(file, "", f"this is not XML that can be read: {error}") from error
    return root


def elements(source: Source, file: str, tags: frozenset[str]) -> Iterator[Element]:
    """The children of the root with these tags, one at a time, each forgotten when the next comes.

    DatasetError if the document is not well-formed or has entities.
    """
    with source.open(file) as stream:
        try:
            depth = 0
            root: Element | None = None
            for event, element in iterparse(stream, events=("start", "end")):
                if event == "start":
                    root = element if root is None else root
                    depth += 1
                    continue
                depth -= 1
                if depth == 1:
                    if element.tag in tags:
                        yield element
                    if root is not None:
                        root.clear()
        except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
            raise DatasetError(file, "", f"this is not XML that can be read: {error}") from error
