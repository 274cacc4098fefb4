"""Manifests of media in a bucket."""

from __future__ import annotations

import pickle

import pytest

from cvat_lite.domain.manifests import ManifestEntry, VideoFacts, parse
from cvat_lite.errors import ManifestError

HEAD = b'{"version":"1.1"}\n{"type":"images"}\n'
VIDEO = b'{"version":"1.0"}\n{"type":"video"}\n'


def test_images_have_a_name_and_a_size_and_may_have_others_beside_them():
    text = HEAD + (
        b'{"name":"a/1","extension":".png","width":4,"height":3,'
        b'"checksum":"c","meta":{"related_images":["r/1.png"]}}\n'
        b"{}\n"
        b'{"name":"2","extension":".jpg","meta":null}\n\n'
    )
    found = parse(text)
    assert (found.kind, found.version, found.video) == ("images", "1.1", None)
    assert found.entries == (
        ManifestEntry("a/1.png", 4, 3, "c", ("r/1.png",)),
        ManifestEntry("2.jpg"),
    )


def test_a_video_has_its_properties_and_its_key_frames_are_passed_over():
    properties = b'{"properties":{"name":"v.mp4","resolution":[640,480],"length":25}}\n'
    found = parse(iter((VIDEO + properties + b'{"number":0,"pts":0}').splitlines()))
    assert (found.kind, found.version, found.entries) == ("video", "1.0", ())
    assert found.video == VideoFacts("v.mp4", 640, 480, 25)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "m.jsonl: there is no 'version'"),
        (b"nonsense", "line 1: it is no JSON"),
        (b"[]", "line 1: it is no JSON object"),
        (b'{"version":"2"}', "line 1: the version '2' is not one of 1.0, 1.1"),
        (b'{"version":"1.1"}', "there is no 'type'"),
        (b'{"version":"1.1"}\n{"type":"audio"}', "line 2: the type 'audio' is neither"),
        (HEAD + b'{"extension":".png"}', "line 3: an image has no 'name'"),
        (HEAD + b'{"name":"a","extension":1}', "line 3: an image has no 'name'"),
        (HEAD + b'{"name":"../a"}', "line 3: '../a' is not below"),
        (HEAD + b'{"name":"/a"}', "line 3: '/a' is not below"),
        (HEAD + b'{"name":"a\\\\..\\\\b"}', "is not below"),
        (HEAD + b'{"name":""}', "line 3: '' is no name"),
        (HEAD + b'{"name":"a","width":0}', "line 3: 0 is no size"),
        (HEAD + b'{"name":"a","height":"3"}', "line 3: '3' is no size"),
        (HEAD + b'{"name":"a","meta":{"related_images":"b"}}', "'related_images' is no list"),
        (HEAD + b'{"name":"a","meta":{"related_images":[1]}}', "line 3: 1 is no name"),
        (HEAD + b"x" * 70_000, "line 3: it is longer than"),
        (VIDEO, "there is no 'properties'"),
        (VIDEO + b'{"properties":{}}', "line 3: a video has no 'name'"),
        (VIDEO + b'{"properties":{"name":"v"}}', "'resolution' is not a width"),
        (VIDEO + b'{"properties":{"name":"v","resolution":[1,2]}}', "no size or no 'length'"),
    ],
)
def test_what_is_no_manifest_is_told_with_its_line(text: bytes, why: str):
    with pytest.raises(ManifestError) as found:
        parse(text, "m.jsonl")
    assert why in str(found.value)
    again = pickle.loads(pickle.dumps(found.value))
    assert (str(again), again.line) == (str(found.value), found.value.line)
