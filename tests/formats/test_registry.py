"""The formats that there are."""

from __future__ import annotations

import json
import pickle

import pytest

from cvat_lite.formats import registry
from tests.formats.recordings import ROOT


@pytest.mark.parametrize("direction", ["importers", "exporters"])
def test_the_listing_is_cvat_s_in_its_order(direction: str) -> None:
    recorded = json.loads((ROOT / "formats.json").read_bytes())[direction]
    ours = registry.listing()[direction]
    names = [one["name"] for one in ours]
    assert len(names) >= 6
    assert [one for one in recorded if one["name"] in names] == ours


def test_the_listing_is_the_whole_of_cvat_s() -> None:
    assert registry.listing() == json.loads((ROOT / "formats.json").read_bytes())


@pytest.mark.parametrize("find", [registry.exporter, registry.importer])
def test_an_unknown_name_is_an_error_of_its_own(find) -> None:
    with pytest.raises(registry.UnknownFormatError) as caught:
        find("Bad 1.0")
    assert caught.value.name == "Bad 1.0"


def test_a_format_that_goes_one_way_is_unknown_the_other_way() -> None:
    with pytest.raises(registry.UnknownFormatError):
        registry.importer("CVAT for images 1.1")
    with pytest.raises(registry.UnknownFormatError):
        registry.exporter("CVAT 1.1")


def test_formats_can_be_handed_to_another_process() -> None:
    for one in registry.formats():
        assert pickle.loads(pickle.dumps(one)) == one
