"""Pictures of more than 8 bits, one by one: their levels become 8 bits by a window."""

import io

import numpy as np
import pytest
from PIL import Image
from tests.data.deep_files import colour_png, colour_tiff, dicom, nifti, npy, saved
from tests.data.painting import encoded, photo

from headstart.core import BadData, MissingPackage, Preprocess
from headstart.data.decode import prepare, read_picture
from headstart.data.levels import range_in_use, to_eight_bits
from headstart.data.opening import levels_in

RAMP = np.linspace(0, 1, 64)[None] * np.ones((64, 1))


def grey(source, **options):
    """The picture (h, w), all three colours of which are the same."""
    pixels = np.asarray(read_picture(source, **options))
    assert (pixels == pixels[..., :1]).all()
    return pixels[..., 0]


@pytest.mark.parametrize(
    ("ending", "levels"),
    [
        ("png", (RAMP * 4095).astype(np.uint16)),
        ("png", (RAMP * 1023).astype(np.uint16)),
        ("tif", (RAMP * 65535).astype(np.uint16)),
        ("tif", (RAMP * 4095 - 1024).astype(np.float32)),
        ("tif", (RAMP * 4095 - 1024).astype(np.int32)),
        ("tif", (RAMP * 2).astype(np.float32)),
        ("tif", (RAMP / 1000).astype(np.float32)),
    ],
)
def test_a_ramp_keeps_all_its_steps(tmp_path, ending, levels):
    file = saved(tmp_path / f"ramp.{ending}", levels)
    assert len(np.unique(grey(file))) == 64
    assert len(np.unique(grey(levels))) == 64  # the same pixels from memory
    assert grey(file)[0, [0, -1]].tolist() == [0, 255]


def test_levels_by_hand():
    # (v - low) / (high - low) * 255: 40 is 200/400 of it = 127.5, which is rounded to even
    assert to_eight_bits(np.array([[-161, -160, 40, 240, 3000]]), (-160, 240)).tolist() == [
        [0, 0, 128, 255, 255]
    ]
    assert to_eight_bits(np.array([[7.0, 7.0]])).tolist() == [[0, 0]]  # no range at all


def test_the_range_in_use_is_without_dead_and_hot_pixels():
    levels = np.arange(20_000)  # two of them may lie below, two above
    levels[[5, 77]] = -32768
    levels[[9, 5000]] = 65535
    assert range_in_use(levels) == (0, 19_999)
    assert range_in_use(levels[:9_999])[0] == -32768  # of fewer than 10,000 none may


def test_eight_bits_know_no_window():
    picture = photo(40, 30)
    for kind in ("PNG", "TIFF", "JPEG"):
        content = encoded(picture, kind)
        assert levels_in(content) is None
        plain = prepare(content, Preprocess((16, 16)))
        assert (prepare(content, Preprocess((16, 16), window=(100, 120))) == plain).all()
    flat = np.full((4, 4), 3, np.uint8)
    assert (grey(flat, window=(0, 6)) == 3).all()
    assert (grey(npy(flat)) == 3).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_levels_that_are_no_numbers_are_named(tmp_path, bad):
    levels = RAMP.astype(np.float32)
    levels[0, :2] = bad
    for source in (saved(tmp_path / "odd.tif", levels), npy(levels)):
        with pytest.raises(BadData, match=r"odd.*2 of 4096 levels are NaN or infinite"):
            read_picture(source, "" if isinstance(source, type(tmp_path)) else "odd")


@pytest.mark.parametrize(
    "written",
    [
        colour_png,
        colour_tiff,
        lambda levels: colour_tiff(levels, ">"),
        lambda levels: colour_tiff(levels, packed=True),
        lambda levels: colour_tiff(levels, ">", packed=True),
    ],
)
def test_colours_of_sixteen_bits_keep_their_low_bytes(written):
    levels = np.random.default_rng(0).integers(0, 4096, (7, 5, 3)).astype(np.uint16)
    assert (levels_in(written(levels)) == levels).all()
    expected = np.rint(levels / 4095 * 255).astype(np.uint8)
    assert (np.asarray(read_picture(written(levels), window=(0, 4095))) == expected).all()


def test_what_is_transparent_in_sixteen_bits_becomes_white():
    levels = np.full((2, 2, 4), 65535, np.uint16)
    levels[..., :3] = 100
    levels[0, 0, 3] = 0
    for source in (colour_png(levels), levels):
        pixels = np.asarray(read_picture(source, window=(0, 200)))
        assert pixels[0, 0].tolist() == [255, 255, 255]
        assert pixels[1, 1].tolist() == [128, 128, 128]


@pytest.mark.parametrize("packed", [True, False])
def test_planes_of_sixteen_bits_are_refused(packed):
    levels = np.zeros((4, 4, 3), np.uint16)
    with pytest.raises(BadData, match=r"planes.*one after the other"):
        read_picture(colour_tiff(levels, packed=packed, planar=True), "planes")


def test_deep_pictures_are_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    levels = np.array([[0, 1000], [2000, 4000]], np.uint16)
    content = encoded(Image.fromarray(levels), "TIFF", exif=exif)
    assert grey(content).tolist() == np.rot90(grey(levels), -1).tolist()


def test_arrays_in_files():
    assert grey(npy(RAMP * 5 - 3), window=(-3, 2)).max() == 255
    assert (np.asarray(read_picture(npy(np.full((4, 5, 3), 9, np.uint8)))) == 9).all()
    assert grey(npy(np.array([[True, False]]))).tolist() == [[255, 0]]
    for array, why in (
        (np.zeros((2, 3, 4, 5)), r"not \(2, 3, 4, 5\)"),
        (np.zeros(7), r"not \(7,\)"),
        (np.zeros((2, 2), np.complex64), "not complex64"),
        (np.zeros((2, 2, 4), np.float32), "fourth channel"),
    ):
        with pytest.raises(BadData, match=f"odd.*{why}"):
            read_picture(npy(array), "odd")


def test_objects_in_an_array_file_are_never_loaded():
    stream = io.BytesIO()
    np.save(stream, np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(BadData, match="Python objects, which are never loaded"):
        read_picture(stream.getvalue(), "odd")


def test_dicom_is_read_in_hounsfield_units(tmp_path):
    levels = np.array([[0, 1024], [1064, 4095]], np.uint16)
    file = dicom(
        tmp_path / "ct.dcm", levels, BitsStored=12, HighBit=11, RescaleSlope=1, RescaleIntercept=-1024
    )
    assert levels_in(file).tolist() == [[-1024, 0], [40, 3071]]
    assert grey(file, window=(-160, 240)).tolist() == [[0, 102], [128, 255]]
    steep = dicom(tmp_path / "s.dcm", levels.astype(np.int16), RescaleSlope=2, RescaleIntercept=10)
    assert levels_in(steep).tolist() == [[10, 2058], [2138, 8200]]


def test_dicom_of_which_the_lowest_level_is_white(tmp_path):
    levels = np.array([[0, 95], [4000, 4095]], np.uint16)
    white = {"PhotometricInterpretation": "MONOCHROME1", "BitsStored": 12, "HighBit": 11}
    assert levels_in(dicom(tmp_path / "dx.dcm", levels, **white)).tolist() == [[4095, 4000], [95, 0]]
    signed = np.array([[-2048, 2047]], np.int16)
    assert levels_in(dicom(tmp_path / "s.dcm", signed, **white)).tolist() == [[2047, -2048]]


def test_dicom_of_eight_bits_and_colours_stays_as_it_is(tmp_path):
    colours = np.random.default_rng(0).integers(0, 256, (4, 6, 3)).astype(np.uint8)
    assert (np.asarray(read_picture(dicom(tmp_path / "us.dcm", colours))) == colours).all()
    assert (grey(dicom(tmp_path / "g.dcm", colours[..., 0].copy())) == colours[..., 0]).all()


def test_several_frames_and_axes_are_refused(tmp_path):
    frames = dicom(tmp_path / "cine.dcm", np.zeros((3, 4, 4), np.uint16), NumberOfFrames=3)
    with pytest.raises(BadData, match=r"cine\.dcm: it holds 3 frames"):
        read_picture(frames)
    with pytest.raises(BadData, match=r"bold\.nii\.gz: it has the axes \(4, 4, 3, 2\)"):
        read_picture(nifti(tmp_path / "bold.nii.gz", np.zeros((4, 4, 3, 2), np.int16)))


@pytest.mark.parametrize("ending", ["nii", "nii.gz"])
def test_the_middle_slice_of_a_volume_stands_upright(tmp_path, ending):
    volume = np.zeros((3, 2, 5), np.int16)
    volume[:, :, 2] = [[1, 2], [3, 4], [5, 6]]  # x to the right, y to the front
    file = nifti(tmp_path / f"v.{ending}", volume)
    assert levels_in(file).tolist() == [[2, 4, 6], [1, 3, 5]]
    flat = nifti(tmp_path / f"flat.{ending}", volume[:, :, 2])
    assert levels_in(flat).tolist() == [[2, 4, 6], [1, 3, 5]]
    sagittal = nifti(tmp_path / f"s.{ending}", volume[:, :, 2][None])
    assert levels_in(sagittal).shape == (2, 3)


def test_a_damaged_scan_is_named(tmp_path):
    whole = dicom(tmp_path / "ct.dcm", np.zeros((8, 8), np.uint16)).read_bytes()
    volume = nifti(tmp_path / "v.nii.gz", np.ones((8, 8, 8))).read_bytes()
    for content in (whole[:-40], volume[: len(volume) // 2], npy(RAMP)[:-8]):
        with pytest.raises(BadData, match="half can't be read as a picture"):
            read_picture(content, "half")


def test_a_packing_that_takes_another_package_is_named(tmp_path):
    import pydicom

    file = dicom(tmp_path / "x.dcm", np.zeros((8, 8), np.uint16))
    packed = pydicom.dcmread(file)
    packed.file_meta.TransferSyntaxUID = pydicom.uid.JPEGLSLossless
    packed.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8" + bytes(40)])
    packed["PixelData"].is_undefined_length = True
    packed.save_as(file, enforce_file_format=True)
    with pytest.raises(BadData, match=r"x\.dcm: its pixels are packed as JPEG-LS.*pip install pylibjpeg"):
        read_picture(file)


@pytest.mark.parametrize(("package", "ending"), [("pydicom", "dcm"), ("nibabel", "nii")])
def test_what_is_not_installed_is_named(tmp_path, monkeypatch, package, ending):
    levels = np.zeros((4, 4), np.uint16)
    file = dicom(tmp_path / "x.dcm", levels) if ending == "dcm" else nifti(tmp_path / "x.nii", levels)
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(MissingPackage, match=rf"{package}.*pip install .*pydicom.*nibabel"):
        read_picture(file)
