"""What scouts and guides refuse, and what they warn of."""

import pytest
import torch
from tests.study.test_scouts import SMALL, base, blobs

import headstart as hs
from headstart.core import BadData, BadInput, Diverged, Unknown
from headstart.core.guides import Guides
from headstart.studies.scouts.comparison import TITLES, arms_of
from headstart.studies.scouts.run import named_classes


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"cousins": ("0+1",)}, "1 cousin"),
        ({"cousins": ("0", "1")}, "one class"),
        ({"cousin_classes": 4}, "fewer than the 4"),
        ({"lr": 1e-30}, "No weight moved"),
        ({"target": blobs(4)}, "rows of"),
        ({"target": blobs(3, 4, 6), "labels": 3, "target_lr": (0.1, 0.2)}, "none left to choose"),
        ({"temperature": -1.0}, "temperature"),
        ({"cousins": ("0+0", "1+2")}, "one class"),
        ({"use": "rate"}, "use"),
    ],
)
def test_bad_input(how, said):
    with pytest.raises(BadInput, match=said):
        hs.scouts(base(), blobs(4), **SMALL | how)


def test_a_class_that_is_not_there():
    with pytest.raises(Unknown, match="'7'"):
        hs.scouts(base(), blobs(4), **SMALL | {"cousins": ("0+7", "1+2")})


def test_guides_out_of_range_are_refused():
    with pytest.raises(BadInput, match="'w'"):
        Guides({"w": torch.tensor([1.5])}, "")


@pytest.mark.parametrize(
    ("text", "places"),
    [("a+c", [0, 2]), ("a+b", [1]), ("a+b+c", [1, 2]), ("c+++a", [3, 0]), ("c+c++", [2, 3])],
)
def test_names_of_classes_may_have_a_plus(text, places):
    assert named_classes(text, ("a", "a+b", "c", "c++")) == places


def test_a_target_of_another_kind_is_refused():
    with pytest.raises(BadData, match="one kind"):
        hs.scouts(base(), blobs(4), target=(["good", "bad"] * 4, ["a", "b"] * 4), **SMALL)


def test_two_classes_have_no_easier_problem():
    with pytest.raises(BadInput, match="2 classes, of which no easier problem"):
        hs.scouts(base(), blobs(2), scouts=2, steps=2)


def test_a_run_on_rows_that_scouts_learned_from_is_refused():
    guides = hs.scouts(base(), blobs(4), **SMALL).guides
    x, y = blobs(4)
    other, _ = blobs(4, first=1)
    with pytest.raises(BadInput, match="learned from 2 of the rows"):
        hs.adapt(
            base(), (torch.cat([torch.tensor(other[2:]), torch.tensor(x[:2])]).numpy(), y), guides=guides
        )


def test_a_comparison_without_a_whole_draw_is_refused():
    found = {(arm, 0): {"accuracy": 0.5, "seconds": 1.0} for arm in list(TITLES)[1:]}
    with pytest.raises(Diverged, match="target_lr"):
        arms_of(found, 1, dict.fromkeys(TITLES, 0.1))


def test_what_guides_scale_is_kept():
    made = hs.scouts(base(), blobs(4), use="anchor", anchor=0.5, out="anchored", **SMALL)
    opened = hs.open_guides("anchored")
    assert (opened.use, opened.strength, opened.digest) == ("anchor", 0.5, made.guides.digest)
