"""Pictures of phones are read where pillow-heif is installed; else the way to it is named."""

import io

import numpy as np
import pytest
from PIL import Image

import headstart as hs
from headstart.core import BadData
from headstart.data import opening
from headstart.data.decode import read_picture
from headstart.data.opening import is_heic, levels_in, size_of

RED_ABOVE_BLUE = np.repeat([[[[200, 30, 30]]], [[[30, 30, 200]]]], 32, 1).reshape(64, 1, 3).repeat(48, 1)


@pytest.fixture
def photo(tmp_path):
    """A HEIC file of 48 x 64 pixels, red above blue, that was stored on its side."""
    heif = pytest.importorskip("pillow_heif")
    upright = Image.fromarray(RED_ABOVE_BLUE.astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise to see it
    path = tmp_path / "a" / "IMG_1.HEIC"
    path.parent.mkdir()
    heif.from_pillow(upright.transpose(Image.Transpose.ROTATE_90)).save(path, quality=90, exif=exif.tobytes())
    return path


def test_a_phone_s_picture_is_read_upright(photo):
    assert is_heic(photo.read_bytes())
    assert levels_in(photo) is None
    picture = read_picture(photo)
    assert picture.size == (48, 64)
    np.testing.assert_allclose(np.asarray(picture), RED_ABOVE_BLUE, atol=12)
    assert sorted(size_of(photo)) == [48, 64]


def test_it_counts_among_others(photo):
    for label, number in (("a", 1), ("a", 2), ("b", 1), ("b", 2)):
        path = photo.parents[1] / label / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8), (number * 50, ord(label), 0)).save(path)
    checked = hs.data.check(hs.data.load(photo.parents[1]))
    assert "a/IMG_1.HEIC" in checked.dataset.items


def test_without_the_package_the_way_to_it_is_named(monkeypatch):
    monkeypatch.setattr(opening, "find_spec", lambda _name: None)
    content = b"\0\0\0\x18ftypheic" + bytes(40)
    with pytest.raises(
        BadData, match=r"IMG_1\.HEIC .*package pillow-heif.*Install it with: pip install .*convert it to JPEG"
    ):
        read_picture(content, "IMG_1.HEIC")


def test_other_formats_are_no_heic():
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "png")
    assert not is_heic(file.getvalue())
    assert not is_heic(b"\0\0\0\x18ftypavif")
