"""The start does without the whole of setuptools."""

from __future__ import annotations

import subprocess
import sys

from tests.process import environment

PROGRAM = """
import sys
from cvat_lite.api import declare
assert "setuptools" not in sys.modules and "distutils" not in sys.modules
from distutils.version import LooseVersion
assert LooseVersion("1.2") < LooseVersion("1.10")
print(declare.docs(tags=[], summary="")(lambda request: None).__apispec__["summary"] == "")
"""


def test_the_decorators_are_imported_without_setuptools_and_leave_distutils_as_it_was() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, "True\n"), ended.stderr
