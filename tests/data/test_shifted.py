import colorsys
import doctest
import importlib

import numpy as np
import pytest
import torch
from PIL import Image
from tests.data.painting import class_folders, photo

from headstart.core import BadData, BadInput, Unknown
from headstart.data import load, shifted
from headstart.data.shifts import (
    CORRUPTIONS,
    DOMAINS,
    Blur,
    Corruption,
    Hue,
    Invert,
    Resolution,
    Rotate,
    Tint,
    shift_pictures,
)


def pixels(n=6, high=24, wide=24):
    return np.stack([np.asarray(photo(wide, high, seed)) for seed in range(n)])


def arrays(n=6, **size):
    return load((pixels(n, **size), np.arange(n) % 2), groups=np.arange(n))


def tensor(x):
    return torch.from_numpy(np.array(x)).permute(0, 3, 1, 2)


def work(x, shift, **more):
    return shift_pictures(tensor(x), shift, **more).permute(0, 2, 3, 1).numpy()


def test_arrays_become_arrays_with_the_same_labels():
    data = arrays()
    before = data.array.copy()
    new = shifted(data, "gaussian-noise", severity=3, seed=5)
    assert np.array_equal(new.array, work(before, "gaussian-noise", severity=3, seed=5))
    assert np.array_equal(data.array, before)
    assert (new.labels is data.labels, new.groups is data.groups) == (True, True)
    assert (new.items, new.classes, new.is_images) == (data.items, data.classes, True)
    assert new.name == "arrays, gaussian-noise 3"
    assert new.content != data.content
    assert new.content == shifted(data, "gaussian-noise", severity=3, seed=5).content
    assert new.content != shifted(data, "gaussian-noise", severity=3, seed=6).content


def test_severity_0_is_the_data():
    data = arrays()
    assert shifted(data, "snow", severity=0) is data
    assert np.array_equal(shifted(data, "snow").array, shifted(data, "snow", severity=3).array)


def test_grey_arrays_stay_grey_unless_they_are_coloured():
    grey = np.random.default_rng(0).integers(0, 256, (4, 8, 8), dtype=np.uint8)
    data = load((grey, [0, 1, 0, 1]))
    fog = shifted(data, "fog").array
    assert fog.shape == (4, 8, 8)
    want = shift_pictures(torch.from_numpy(grey)[:, None], "fog")[:, 0].numpy()
    assert np.array_equal(fog, want)
    assert np.array_equal(shifted(load((grey[..., None], [0, 1, 0, 1])), "fog").array.reshape(fog.shape), fog)
    assert shifted(data, "tint").array.shape == (4, 8, 8, 3)


def test_files_are_shifted_when_they_are_read(tmp_path):
    class_folders(tmp_path, cat=3, dog=3)
    data = load(tmp_path)
    new = shifted(data, "impulse-noise", severity=4)
    whole = np.stack([np.asarray(data.picture(row)) for row in range(6)])
    want = work(whole, "impulse-noise", severity=4)
    for row in range(6):
        assert np.array_equal(np.asarray(new.picture(row)), want[row])
        assert np.array_equal(np.asarray(data.picture(row)), whole[row])
    part = new.subset([4, 1]).subset([1, 0])  # a row keeps its number
    assert np.array_equal(np.asarray(part.picture(0)), want[1])
    assert np.array_equal(np.asarray(part.picture(1)), want[4])
    assert len(set(new.digests) | set(data.digests)) == 12
    (tmp_path / "cat" / "1.png").write_bytes(b"no picture")
    with pytest.raises(BadData, match=r"1\.png"):
        new.picture(1)


def test_shifts_add_up_and_transparency_is_white():
    data = shifted(shifted(arrays(), "invert"), Rotate(90))
    want = np.rot90(255 - pixels(), axes=(1, 2))
    assert np.array_equal(data.array, want)
    assert data.name == "arrays, invert, rotate 90"
    rgba = np.zeros((2, 5, 5, 4), dtype=np.uint8)
    assert (shifted(load((rgba, [0, 1])), "invert").array == 0).all()


def test_large_pictures_are_made_smaller_first():
    x = pixels(2, 300, 450)
    new = shifted(load((x, [0, 1])), "brightness", severity=1)
    assert new.array.shape == (2, 224, 336, 3)
    small = [np.asarray(Image.fromarray(one).resize((336, 224), Image.Resampling.BILINEAR)) for one in x]
    assert np.array_equal(new.array, work(np.stack(small), "brightness", severity=1))
    assert shifted(load((x, [0, 1])), "invert", side=1000).array.shape == x.shape


def test_invert_and_rotate_by_hand():
    x = pixels(2, 20, 30)
    assert np.array_equal(work(x, "invert"), 255 - x)
    square = pixels(2, 21, 21)
    assert np.array_equal(work(square, Rotate(90)), np.rot90(square, axes=(1, 2)))
    assert np.array_equal(work(x, Rotate(180)), x[:, ::-1, ::-1])
    assert np.array_equal(work(x, Rotate(360)), x)
    turned = Image.fromarray(square[0]).rotate(20, Image.Resampling.BILINEAR)
    inner = (slice(6, -6), slice(6, -6))
    apart = np.asarray(turned)[inner].astype(int) - work(square, Rotate(20))[0][inner]
    assert np.abs(apart).max() <= 2


def test_hue_is_that_of_colorsys():
    x = np.random.default_rng(0).integers(0, 256, (1, 6, 6, 3), dtype=np.uint8)
    x[0, 0, :3] = [[255, 0, 0], [90, 90, 90], [0, 0, 0]]
    assert work(x, Hue(120))[0, 0, :3].tolist() == [[0, 255, 0], [90, 90, 90], [0, 0, 0]]
    got = work(x, Hue(77))
    for old, new in zip(x.reshape(-1, 3).tolist(), got.reshape(-1, 3).tolist(), strict=True):
        hue, saturation, value = colorsys.rgb_to_hsv(*(level / 255 for level in old))
        want = colorsys.hsv_to_rgb((hue + 77 / 360) % 1, saturation, value)
        assert new == pytest.approx([255 * level for level in want], abs=0.51)


def test_a_tint_is_one_colour_a_row_whatever_the_label():
    white = np.full((200, 2, 2, 3), 255, dtype=np.uint8)
    new = shifted(load((white, np.arange(200) % 2)), Tint(0.8)).array
    assert (new == new[:, :1, :1]).all()
    colours = new[:, 0, 0].astype(int)
    assert (colours.max(1) == 255).all()
    assert (colours.min(1) == 51).all()
    strongest = np.bincount(colours.argmax(1), minlength=3)
    assert (np.abs(strongest - 200 / 3) < 25).all()
    one = shifted(load((white[:, :1, :1], np.arange(200) // 100)), Tint(0.8)).array
    assert np.array_equal(one[:, 0, 0], new[:, 0, 0])


def test_a_coarse_scan_and_a_blur():
    x = np.zeros((1, 8, 8, 3), dtype=np.uint8)
    x[:, :, 4:] = 200
    assert np.array_equal(work(x, Resolution(1.0)), x)
    scanned = work(x, Resolution(0.25))[0, 0, :, 0]  # two levels at 2 and 6, and straight between
    assert scanned.tolist() == [0, 0, 25, 75, 125, 175, 200, 200]
    soft = work(x, Blur(7.0))[0, 0, :, 0].astype(int)  # one pixel of 32
    assert (np.diff(soft) >= 0).all()
    assert soft[3] + soft[4] == pytest.approx(200, abs=1)
    assert soft[4] - soft[3] == pytest.approx(200 * 0.3829, abs=4)  # of a normal distribution within 0.5


@pytest.mark.parametrize("name", DOMAINS)
def test_domains_keep_shapes_inputs_and_rows(name):
    x = pixels(3, 18, 26)
    before = x.copy()
    new = work(x, name, seed=2)
    assert (new.shape, new.dtype, np.array_equal(x, before)) == (x.shape, np.uint8, True)
    assert not np.array_equal(new, x)
    assert np.array_equal(work(x[1:2], name, seed=2, rows=[1])[0], new[1])
    assert DOMAINS[name]().label.startswith(name)


def test_labels_and_settings():
    assert Rotate(45).label == "rotate 45"
    assert Invert().label == "invert"
    assert Blur(2.5).settings() == {"sigma": 2.5}
    assert Corruption("fog", 2).settings() == {"name": "fog", "severity": 2}
    assert not set(DOMAINS) & set(CORRUPTIONS)


def test_wrong_words():
    data = arrays()
    with pytest.raises(Unknown, match="Did you mean 'rotate'"):
        shifted(data, "rotat")
    with pytest.raises(BadInput, match="only corruptions by name"):
        shifted(data, "rotate", severity=2)
    with pytest.raises(BadInput, match="only corruptions by name"):
        shifted(data, Corruption("fog", 2), severity=2)
    with pytest.raises(BadInput, match="side=0"):
        shifted(data, "fog", side=0)
    with pytest.raises(BadInput, match="texts"):
        shifted(load((["a b", "c d", "e", "f"], [0, 1, 0, 1])), "fog")
    with pytest.raises(BadInput, match="3 channels"):
        shift_pictures(torch.zeros(1, 1, 4, 4, dtype=torch.uint8), "hue")
    for wrong, named in (
        (lambda: Blur(0), "sigma=0"),
        (lambda: Rotate(float("nan")), "degrees=nan"),
        (lambda: Hue(float("inf")), "degrees=inf"),
        (lambda: Tint(1.5), "strength=1.5"),
        (lambda: Resolution(0), "share=0"),
    ):
        with pytest.raises(BadInput, match=named):
            wrong()


@pytest.mark.parametrize("name", ["apply", "shifted"])
def test_docstrings(name):
    found = doctest.testmod(importlib.import_module(f"headstart.data.shifts.{name}"))
    assert found.attempted > 0
    assert found.failed == 0
