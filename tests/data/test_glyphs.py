"""Characters of fonts as labelled pictures and as pairs, from fonts that come with matplotlib."""

import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import headstart as hs
from headstart.core import BadData, BadInput, Unknown
from headstart.data.glyphs import CHARACTERS, in_words

FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique")


def shipped(name):
    (folder,) = find_spec("matplotlib").submodule_search_locations
    return Path(folder, "mpl-data", "fonts", "ttf", f"{name}.ttf")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three fonts, the bold one deeper and in capitals, a text, a font of symbols and a damaged one."""
    top = tmp_path_factory.mktemp("all") / "letters"
    (top / "in").mkdir(parents=True)
    for name in FONTS:
        shutil.copy(shipped(name), top / "in" / f"{name}.TTF" if "Bold" in name else top / f"{name}.ttf")
    shutil.copy(shipped("STIXSizOneSymReg"), top)
    (top / "damaged.otf").write_bytes(b"no font")
    (top / "about.txt").write_text("fonts")
    return top


def test_characters_are_classes_and_fonts_are_groups(folder):
    data = hs.data.glyphs(folder)
    assert (data.name, data.kind, len(data)) == ("letters", "pictures", 3 * 62)
    assert len(data.classes) == 62
    assert {"digit seven", "capital letter a", "small letter z"} < set(data.classes)
    assert [data.said(row) for row in (0, 9, 10, 35, 36, 61, 62)] == [
        *("digit zero", "digit nine", "capital letter a", "capital letter z"),
        *("small letter a", "small letter z", "digit zero"),
    ]
    assert data.groups.tolist() == [0] * 62 + [1] * 62 + [2] * 62
    assert data.items[72].endswith(" capital letter a")
    assert {item.split()[0] for item in data.items} == set(FONTS)


def test_fonts_are_classes(folder):
    data, same = (
        hs.data.glyphs(folder, classes="fonts", size=16, name="mine"),
        hs.data.glyphs(folder, size=16),
    )
    assert (data.name, data.groups) == ("mine", None)
    assert data.classes == ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique")
    assert np.array_equal(data.array, same.array)
    assert np.bincount(data.labels).tolist() == [62] * 3


@pytest.mark.parametrize("size", [28, 40])
def test_a_character_is_black_on_white_centred_and_as_large_as_it_goes(folder, size):
    data = hs.data.glyphs(folder, size=size)
    assert data.array.shape == (186, size, size)
    assert data.array.dtype == np.uint8
    ink = 255 - data.array.astype(int)
    assert ink[:, [0, -1]].max() < 60  # a white margin
    assert ink[:, :, [0, -1]].max() < 60
    for one in ink:
        rows, columns = (np.flatnonzero((one > 60).any(axis)) for axis in (1, 0))
        for along in (rows, columns):
            assert abs(along[0] - (size - 1 - along[-1])) <= 2
        assert max(np.ptp(rows), np.ptp(columns)) + 1 > 0.7 * size
    bar = ink[CHARACTERS.index("l")]
    assert (bar > 128).any(1).sum() > 3 * (bar > 128).any(0).sum()  # high and narrow: upright


def test_what_is_left_out_is_told(folder):
    (found,) = hs.data.glyphs(folder).findings
    assert (found.kind, found.count) == ("left-out", 2)
    assert sorted(found.items) == ["STIXSizOneSymReg.ttf", "damaged.otf"]
    assert "2 fonts are left out: damaged.otf can't be read as a font" in found.text


def test_characters_that_a_font_lacks_are_left_out(tmp_path):
    subset = pytest.importorskip("fontTools.subset")
    made = subset.Subsetter(subset.Options(notdef_outline=True))  # a box stands for what is not there
    made.populate(text=CHARACTERS.replace("a", "").replace("7", ""))
    with subset.load_font(shipped("DejaVuSans"), subset.Options()) as font:
        made.subset(font)
        font.save(tmp_path / "few.ttf")
    data = hs.data.glyphs(tmp_path)
    assert len(data) == 60
    assert not {"digit seven", "small letter a"} & set(data.classes)
    (found,) = data.findings
    assert found.text == "2 characters are left out, as the fonts have none: few digit seven."


def test_captions(folder):
    pairs = hs.data.load_pairs(f"glyphs:{folder}")
    data = hs.data.glyphs(folder)
    assert (pairs.name, len(pairs), [one.count for one in pairs.findings]) == ("glyphs", 186, [2])
    assert np.array_equal(pairs.pictures.array, data.array)
    told = {text.partition(", ")[2] for text in pairs.texts}
    assert "heavy, upright, of the font DejaVuSans-Bold" in told
    assert {text.split()[-5] for text in pairs.texts if "Oblique" in text} == {"slanted,"}
    assert [text.partition(",")[0] for text in pairs.texts] == [f"the {data.said(row)}" for row in range(186)]


def test_by_name(folder):
    assert len(hs.data.load(f"glyphs:{folder}", per_class=1)) == 62
    assert len(hs.data.load(f"glyph-fonts:{folder}").classes) == 3
    assert len(hs.data.load_unlabelled(f"glyphs:{folder}")) == 186
    with pytest.raises(BadData, match=r"give 'glyphs:.*letters'"):
        hs.data.load(folder)
    with pytest.raises(BadInput, match="'cifar10' has no captions"):
        hs.data.load_pairs("cifar10")


def test_two_fonts_of_one_name(tmp_path):
    for part in ("one", "two"):
        (tmp_path / part).mkdir()
        shutil.copy(shipped("DejaVuSans"), tmp_path / part / "sans.ttf")
    assert hs.data.glyphs(tmp_path, classes="fonts").classes == ("one/sans.ttf", "two/sans.ttf")


def test_bad_input(folder, tmp_path):
    with pytest.raises(Unknown, match=r"No class of glyphs is called 'letters'\. Known: characters, fonts"):
        hs.data.glyphs(folder, classes="letters")
    for size in (7, 513, 28.0, True):
        with pytest.raises(BadInput, match=r"a number of pixels in \[8, 512\]"):
            hs.data.glyphs(folder, size=size)
    for where in (tmp_path / "none", 3, None):
        with pytest.raises(BadInput, match=r"There is no folder .*\.ttf, \.otf"):
            hs.data.glyphs(where)
    with pytest.raises(BadData, match="There are no fonts"):
        hs.data.glyphs(tmp_path)
    (tmp_path / "damaged.ttf").write_bytes(b"")
    with pytest.raises(BadData, match=r"None of the 1 fonts .* damaged\.ttf can't be read as a font"):
        hs.data.glyphs(tmp_path)
    shutil.copy(shipped("DejaVuSans"), tmp_path)
    with pytest.raises(BadData, match="only one class"):
        hs.data.glyphs(tmp_path, classes="fonts")


def test_words():
    assert len({in_words(character) for character in CHARACTERS}) == 62
