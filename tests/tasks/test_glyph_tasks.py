"""Few-shot tasks of the characters of fonts, on both axes: new characters in new fonts, and new fonts."""

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

import headstart as hs
from headstart.core import BadInput
from headstart.tasks import FewShot, split_classes

FONTS = [f"DejaVu{name}" for name in ("Sans", "Sans-Bold", "Sans-Oblique", "SansMono", "Serif", "Serif-Bold")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    (package,) = find_spec("matplotlib").submodule_search_locations
    top = tmp_path_factory.mktemp("all") / "letters"
    top.mkdir()
    for name in FONTS:
        shutil.copy(Path(package, "mpl-data", "fonts", "ttf", f"{name}.ttf"), top)
    return top


def test_new_characters_come_in_new_fonts(folder):
    data = hs.data.glyphs(folder)
    parts = split_classes(data, train=31, validation=0, test=31, new_groups=True)
    assert parts.train.shape == (1, 28, 28)
    fonts = [set(part.groups.tolist()) for part in (parts.train, parts.test)]
    assert [len(some) for some in fonts] == [3, 3]
    assert not fonts[0] & fonts[1]
    assert not set(parts.train.classes) & set(parts.test.classes)
    drawn = FewShot(parts.test, ways=5, shots=1, queries=2, tasks=4).draw(0)
    assert drawn.query.x.shape == (4, 10, 1, 28, 28)
    pixels = drawn.support.x[0, 0] * 255
    assert any(torch.equal(pixels, one.float()) for one in parts.test.x)
    with pytest.raises(BadInput, match=r"has 3 of the 4 rows that a task takes.*least=4"):
        FewShot(parts.test, ways=5, shots=2, queries=2)


def test_fonts_are_classes_too(folder):
    data = hs.data.glyphs(folder, classes="fonts", size=16)
    parts = split_classes(data, train=3, validation=0, test=3)
    assert not set(parts.train.classes) & set(parts.test.classes)
    assert FewShot(parts.test, ways=3, queries=10, tasks=2).draw(0).query.x.shape == (2, 30, 1, 16, 16)
