"""What files are by their names, and which may make one task together."""

from __future__ import annotations

import pytest
from PIL import Image

from cvat_lite.errors import MediaError
from cvat_lite.media.kinds import (
    Kind,
    check_together,
    group_by_kind,
    image_formats,
    kind_of,
    mime_type,
)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.png", Kind.IMAGE),
        ("x/A.JPEG", Kind.IMAGE),
        ("a.gif", Kind.IMAGE),
        ("a.avif", Kind.IMAGE),
        ("a.mp4", Kind.VIDEO),
        ("a.MKV", Kind.VIDEO),
        ("a.mpg", Kind.VIDEO),
        ("a.flac", Kind.AUDIO),
        ("a.tar.gz", Kind.ARCHIVE),
        ("a.zip", Kind.ZIP),
        ("a.pdf", Kind.PDF),
        ("a.pcd", Kind.POINT_CLOUD),
        ("000.bin", Kind.POINT_CLOUD),
        ("photos/", Kind.DIRECTORY),
        ("a.txt", Kind.OTHER),
        ("a.svg", Kind.OTHER),
        ("a.eps", Kind.OTHER),
        ("png", Kind.OTHER),
    ],
)
def test_a_name_tells_the_kind(name: str, kind: Kind) -> None:
    assert kind_of(name) is kind


def test_every_extension_of_a_format_that_pillow_shows_is_an_image() -> None:
    Image.init()
    for extension, name in Image.registered_extensions().items():
        if name in image_formats() and extension != ".pcd":
            assert kind_of(f"a{extension}") is Kind.IMAGE


@pytest.mark.parametrize(
    ("name", "mime"),
    [
        ("a.PNG", "image/png"),
        ("a.jpg", "image/jpeg"),
        ("a.webp", "image/webp"),
        ("a.mp4", "video/mp4"),
        ("a.unheard", "application/octet-stream"),
    ],
)
def test_content_types_are_the_same_on_every_machine(name: str, mime: str) -> None:
    assert mime_type(name) == mime


@pytest.mark.parametrize("names", [[], ["a.txt"], ["README"]])
def test_nothing_to_see_is_refused(names: list[str]) -> None:
    with pytest.raises(MediaError, match=r"^No media data found$"):
        check_together(group_by_kind(names))


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["a.png", "b.jpg", "c/"], Kind.IMAGE),
        (["c/", "d/"], Kind.IMAGE),
        (["a.mp4", "notes.txt"], Kind.VIDEO),
        (["a.zip"], Kind.ZIP),
        (["a.tar"], Kind.ARCHIVE),
        (["a.pdf"], Kind.PDF),
        (["a.mp3"], Kind.AUDIO),
        (["a.pcd", "related_images/a_pcd/1.png"], Kind.POINT_CLOUD),
    ],
)
def test_many_images_or_one_of_anything_else_make_a_task(names: list[str], kind: Kind) -> None:
    assert check_together(group_by_kind(names)) is kind


def test_a_mixture_is_refused_with_its_counts() -> None:
    with pytest.raises(MediaError) as error:
        check_together(group_by_kind(["a.png", "b.mp4"]))
    assert str(error.value) == (
        "Only one video, audio, archive, pdf, zip or many image, directory can be used "
        "simultaneously,             but 1 image(s), 1 video(s), 0 audio(s), 0 archive(s), "
        "0 directory(s), 0 pdf(s), 0 zip(s) found."
    )


@pytest.mark.parametrize("names", [["a.mp4", "b.mp4"], ["a.zip", "b.pdf"], ["a.zip", "d/"]])
def test_two_that_must_be_alone_are_refused(names: list[str]) -> None:
    with pytest.raises(MediaError, match="Only one"):
        check_together(group_by_kind(names))
