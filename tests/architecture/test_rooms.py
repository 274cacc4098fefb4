"""The house keeps its own rules: sizes of modules, packages, names."""

from __future__ import annotations

import ast
import configparser
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "cvat_lite"
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 400
VAGUE = {"utils", "util", "helpers", "helper", "managers", "manager", "common_utils", "misc"}
FOREIGN = re.compile("/" + r"(work|root|opt)/[a-z]", re.IGNORECASE)


def name_of(path: Path) -> str:
    """A module as a test's name shows it."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_module_can_be_read_in_one_sitting(module: Path) -> None:
    assert len(module.read_text().splitlines()) <= MOST_LINES


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_module_says_in_a_sentence_what_it_is_for(module: Path) -> None:
    assert ast.get_docstring(ast.parse(module.read_text()))
    assert module.stem not in VAGUE


def test_every_package_is_installed() -> None:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    listed = set(settings["options"]["packages"].split())
    found = {
        ".".join(folder.parent.relative_to(ROOT).parts) for folder in PACKAGE.rglob("__init__.py")
    }
    assert listed == found | {"cvat_lite.static"}


def test_nothing_names_a_place_of_somebodys_machine() -> None:
    texts = [
        *MODULES,
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("benchmarks/*"),
        *ROOT.glob("examples/*"),
    ]
    guilty = [
        name_of(path) for path in texts if path.is_file() and FOREIGN.search(path.read_text())
    ]
    assert guilty == []
