"""Pictures of masks against another reader and writer."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from cvat_lite.errors import DatasetError
from cvat_lite.formats import voc_masks
from cvat_lite.formats.png import decode_rgb, encode_rgb

sizes = st.tuples(st.integers(1, 20), st.integers(1, 20), st.just(3))


@given(arrays(np.uint8, sizes))
def test_what_is_written_is_read_by_others_and_by_us(pixels) -> None:
    content = encode_rgb(pixels)
    assert (np.asarray(Image.open(io.BytesIO(content))) == pixels).all()
    assert (decode_rgb(content, "a.png") == pixels).all()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "LA"])
def test_what_others_write_is_read(mode: str) -> None:
    gradient = Image.effect_mandelbrot((37, 23), (-2, -1.5, 1, 1.5), 50).convert("RGB")
    image = gradient.convert(mode)
    content = io.BytesIO()
    image.save(content, "png")
    flat = image.convert("RGB") if mode != "RGBA" else Image.merge("RGB", image.split()[:3])
    assert (decode_rgb(content.getvalue(), "a.png") == np.asarray(flat)).all()


def test_a_picture_that_ends_too_early_is_refused() -> None:
    content = encode_rgb(np.arange(300, dtype=np.uint8).reshape(10, 10, 3))
    with pytest.raises(DatasetError, match=r"^a\.png: "):
        decode_rgb(content[:60], "a.png")


def test_colours_are_those_of_pascal_voc() -> None:
    assert [voc_masks.color(number) for number in (0, 1, 2, 3, 4, 8, 255)] == [
        (0, 0, 0),
        (128, 0, 0),
        (0, 128, 0),
        (128, 128, 0),
        (0, 0, 128),
        (64, 0, 0),
        (224, 224, 192),
    ]
