import io

import numpy as np
import pytest
from PIL import Image
from tests.data.painting import encoded, photo

from headstart.core import BadData, Preprocess
from headstart.data import opening
from headstart.data.decode import prepare, read_picture

RED, BLUE = (255, 0, 0), (0, 0, 255)


def halves(left=RED, right=BLUE, size=(40, 20)):
    picture = Image.new("RGB", size, left)
    picture.paste(right, (size[0] // 2, 0, *size))
    return picture


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "size", "corner"),
    [(1, (40, 20), RED), (3, (40, 20), BLUE), (6, (20, 40), RED), (8, (20, 40), BLUE)],
)
def test_the_camera_s_orientation_is_undone(kind, orientation, size, corner):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95} if kind in ("JPEG", "WEBP") else {}
    upright = read_picture(encoded(halves(), kind, exif=exif, **options))
    assert upright.size == size
    assert np.abs(np.subtract(upright.getpixel((2, 2)), corner)).max() < 20
    # as the input of a backbone: 6 and 8 stand the halves on top of each other
    x = prepare(encoded(halves(), kind, exif=exif, **options), Preprocess((8, 8), fit="squash"))
    assert np.abs(x[:, 0, 0].numpy().astype(int) - corner).max() < 30


@pytest.mark.parametrize(
    ("full", "preprocess"),
    [((600, 400), Preprocess((96, 64))), ((300, 1200), Preprocess((16, 128), fit="squash"))],
)
def test_a_turned_jpeg_is_prepared_like_the_upright_one(full, preprocess):
    upright = photo(*full)
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn clockwise
    turned = encoded(upright.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=95, exif=exif)
    want = prepare(encoded(upright, "JPEG", quality=95), preprocess)
    got = prepare(turned, preprocess)
    assert (want.int() - got.int()).abs().float().mean() < 1.5


def grey_alpha():
    picture = Image.new("LA", (4, 4), (0, 255))
    picture.putpixel((1, 1), (0, 0))
    return picture


def colour_alpha():
    picture = Image.new("RGBA", (4, 4), (0, 0, 0, 255))
    picture.putpixel((1, 1), (10, 20, 30, 0))
    return picture


def palette_alpha():
    picture = Image.new("P", (4, 4), 0)
    picture.putpalette([0, 0, 0, 9, 9, 9])
    picture.putpixel((1, 1), 1)
    return picture


@pytest.mark.parametrize(
    ("picture", "options"),
    [(grey_alpha(), {}), (colour_alpha(), {}), (palette_alpha(), {"transparency": 1})],
)
def test_what_is_transparent_becomes_white(picture, options):
    got = read_picture(encoded(picture, "PNG", **options))
    assert got.mode == "RGB"
    assert got.getpixel((1, 1)) == (255, 255, 255)
    assert got.getpixel((0, 0)) == (0, 0, 0)


def test_half_transparent_black_is_grey():
    picture = Image.new("RGBA", (2, 2), (0, 0, 0, 128))
    assert read_picture(encoded(picture)).getpixel((0, 0)) == (127, 127, 127)


def test_sixteen_bits_are_scaled_not_clipped():
    levels = np.array([[0, 257, 51400, 65535]], dtype=np.uint16)
    want = [[0, 1, 200, 255]]
    for content in (encoded(Image.fromarray(levels)), encoded(Image.fromarray(levels), "TIFF")):
        assert np.asarray(read_picture(content))[..., 0].tolist() == want
    assert np.asarray(read_picture(levels))[..., 0].tolist() == want


def test_cmyk_grey_palette_and_bilevel():
    red = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    pixel = read_picture(encoded(red, "JPEG", quality=95)).getpixel((4, 4))
    assert np.abs(np.subtract(pixel, RED)).max() < 10
    assert read_picture(encoded(Image.new("L", (4, 4), 77))).getpixel((0, 0)) == (77, 77, 77)
    assert read_picture(encoded(halves().quantize(2))).getpixel((0, 0)) == RED
    assert read_picture(encoded(Image.new("1", (4, 4), 1))).getpixel((0, 0)) == (255, 255, 255)


def test_animations_give_their_first_frame():
    frames = [Image.new("RGB", (8, 8), RED), Image.new("RGB", (8, 8), BLUE)]
    moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert read_picture(moving).getpixel((0, 0)) == RED


def test_a_pillow_picture_of_the_caller_is_not_changed():
    lazy = Image.open(io.BytesIO(encoded(photo(800, 600), "JPEG")))
    prepare(lazy, Preprocess((32, 32)))
    assert lazy.size == (800, 600)
    assert np.asarray(lazy).shape == (600, 800, 3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_files_that_are_cut_off_are_named(tmp_path, kind):
    whole = encoded(photo(200, 200), kind)
    file = tmp_path / f"half.{kind.lower()}"
    file.write_bytes(whole[: len(whole) // 2])
    for read in (read_picture, lambda f: prepare(f, Preprocess((32, 32)))):
        with pytest.raises(BadData, match="half"):
            read(file)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_named(tmp_path, content):
    file = tmp_path / "odd.jpg"
    file.write_bytes(content)
    with pytest.raises(BadData, match=r"odd\.jpg"):
        read_picture(file)
    with pytest.raises(BadData, match="my name"):
        read_picture(content, "my name")


def test_missing_files_are_named(tmp_path):
    with pytest.raises(BadData, match=r"gone\.png.*No such file"):
        read_picture(tmp_path / "gone.png")


def test_bombs_are_refused_and_large_jpegs_shrunk(monkeypatch):
    monkeypatch.setattr(opening, "MOST_PIXELS", 10_000)
    with pytest.raises(BadData, match="bomb: 200 x 100 pixels are more than the limit"):
        read_picture(encoded(photo(200, 100)), "bomb")
    with pytest.raises(BadData, match="limit"):
        prepare(encoded(photo(200, 100)), Preprocess((8, 8)))
    assert read_picture(encoded(photo(200, 100), "JPEG")).size == (100, 50)
    with pytest.raises(BadData, match="limit"):  # has to be unpacked in full first
        read_picture(encoded(photo(200, 100), "JPEG", progressive=True))
    with pytest.raises(BadData, match="limit"):  # 1/8 is not small enough
        read_picture(encoded(photo(2000, 1000), "JPEG"))


def test_a_tiny_file_that_claims_a_billion_pixels_is_refused():
    header = bytearray(encoded(Image.new("L", (8, 8))))
    header[16:24] = (40_000).to_bytes(4, "big") * 2
    with pytest.raises(BadData):
        read_picture(bytes(header))


@pytest.mark.parametrize("size", [(97, 61), (61, 97), (640, 480), (301, 900), (20, 30)])
@pytest.mark.parametrize("kernel", ["bilinear", "bicubic"])
def test_crop_agrees_with_torchvision(size, kernel):
    transforms = pytest.importorskip("torchvision.transforms")
    picture = photo(*size)
    reference = transforms.Compose(
        [
            transforms.Resize(73, transforms.InterpolationMode(kernel)),  # int(64 / 0.875)
            transforms.CenterCrop(64),
        ]
    )
    got = prepare(encoded(picture), Preprocess((64, 64), filter=kernel))
    want = np.asarray(reference(picture)).astype(int)
    difference = np.abs(got.permute(1, 2, 0).numpy() - want)
    assert difference.mean() < 0.4  # a shift by half a pixel gives 0.6 to 8
    assert difference.max() <= 2


def test_decoding_at_a_smaller_scale_changes_little(monkeypatch):
    content = encoded(photo(1000, 750), "JPEG", quality=92)
    fast = prepare(content, Preprocess((112, 112)))
    monkeypatch.setattr(opening, "_has_scales", lambda _: False)
    slow = prepare(content, Preprocess((112, 112)))
    assert 0 < (fast.int() - slow.int()).abs().float().mean() < 2.5


@pytest.mark.parametrize(
    ("wanted", "size"),
    [((200, 150), (200, 150)), ((201, 150), (400, 300)), ((1, 1), (100, 75)), (None, (800, 600))],
)
def test_jpegs_are_decoded_at_the_smallest_scale_that_is_enough(wanted, size):
    with opening.opened(encoded(photo(800, 600), "JPEG")) as picture:
        opening.shrink(picture, wanted)
        assert picture.size == size
        picture.load()
        assert picture.size == size


def test_pad_keeps_everything_and_adds_white():
    x = prepare(halves(), Preprocess((16, 16), fit="pad", filter="bilinear"))
    assert x.shape == (3, 16, 16)
    assert (x[:, :4] == 255).all()
    assert (x[:, 12:] == 255).all()
    assert x[:, 8, 0].tolist() == list(RED)
    assert x[:, 8, 15].tolist() == list(BLUE)
    assert x[:, 4, 0].tolist() == list(RED)  # 16 x 8 in the middle


def test_squash_keeps_everything_and_changes_the_aspect():
    x = prepare(halves(), Preprocess((16, 16), fit="squash", filter="bilinear"))
    assert x[:, 0, 0].tolist() == list(RED)
    assert x[:, 15, 15].tolist() == list(BLUE)
    assert x[:, 8, 6].tolist() == list(RED)
    assert x[:, 8, 9].tolist() == list(BLUE)


def test_margin_shows_more_at_the_same_scale():
    picture = photo(300, 200)
    preprocess = Preprocess((56, 56))
    larger = prepare(picture, preprocess, margin=8 / 7)
    plain = prepare(picture, preprocess)
    assert larger.shape == (3, 64, 64)
    assert (larger[:, 4:60, 4:60].int() - plain.int()).abs().max() <= 1


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 1), (4, 5, 3), (4, 5, 4)])
def test_arrays_are_pictures(shape):
    assert read_picture(np.full(shape, 255, np.uint8)).size == (5, 4)
    for wrong in (np.zeros((4, 5, 2), np.uint8), np.zeros((4, 5), "U1"), np.zeros((0, 5), np.uint8)):
        with pytest.raises(BadData, match="pixels must be"):
            read_picture(wrong)


def test_an_empty_file_is_said_to_be_empty(tmp_path):
    empty, words = tmp_path / "empty.png", tmp_path / "words.png"
    empty.touch()
    words.write_text("no picture")
    for source in (empty, str(empty), b""):
        with pytest.raises(BadData, match=r"can't be read as a picture \(it is empty\)\. Remove it"):
            read_picture(source)
    with pytest.raises(BadData, match=r"words\.png can't .* \(it is of no known picture format\)"):
        read_picture(words)
