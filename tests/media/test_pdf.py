"""Pages of PDF documents."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pypdfium2
import pytest
from PIL import Image

from cvat_lite.errors import MediaError
from cvat_lite.media.pdf import page_name, page_sizes, render_page

MAX_PIXELS = 10_000_000


@pytest.fixture
def document(tmp_path):
    """A blue page, and one that is turned."""
    path = tmp_path / "plan.pdf"
    Image.new("RGB", (100, 50), "blue").save(path, resolution=100)
    pdf = pypdfium2.PdfDocument(path)
    pdf.new_page(72.3, 144).set_rotation(90)
    pdf.save(tmp_path / "two.pdf")
    pdf.close()
    return tmp_path / "two.pdf"


def test_sizes_of_pages_are_known_without_rendering_and_are_those_of_the_pictures(document) -> None:
    sizes = page_sizes(document, MAX_PIXELS)
    assert sizes == [(200, 100), (400, 201)]
    pages = [render_page(document, number, MAX_PIXELS) for number in range(2)]
    assert [page.size for page in pages] == sizes
    assert [page.mode for page in pages] == ["RGB", "RGB"]
    assert pages[0].getpixel((50, 50)) == pytest.approx((0, 0, 255), abs=3)
    assert pages[1].getpixel((5, 5)) == (255, 255, 255)


def test_frames_are_called_after_the_document_and_the_page() -> None:
    assert page_name("in/plan.pdf", 3) == "in/plan_3.jpeg"


def test_threads_may_render_at_once(document) -> None:
    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda n: render_page(document, n % 2, MAX_PIXELS).size, range(24)))
    assert pages == [(200, 100), (400, 201)] * 12


def test_a_page_of_too_many_pixels_is_refused(document) -> None:
    with pytest.raises(MediaError, match="too large: 400x201"):
        page_sizes(document, 400 * 201 - 1)
    with pytest.raises(MediaError, match="too large: 400x201"):
        render_page(document, 1, 400 * 201 - 1)


@pytest.mark.parametrize("content", [b"", b"no pdf", b"%PDF-1.7\n"])
def test_what_is_no_pdf_is_refused_by_name(content, tmp_path) -> None:
    (tmp_path / "a.pdf").write_bytes(content)
    with pytest.raises(MediaError, match=r"PDF 'a\.pdf'"):
        page_sizes(tmp_path / "a.pdf", MAX_PIXELS)


def test_an_absent_pdf_is_refused_by_name(tmp_path) -> None:
    with pytest.raises(MediaError, match=r"PDF 'a\.pdf' does not exist"):
        page_sizes(tmp_path / "a.pdf", MAX_PIXELS)
