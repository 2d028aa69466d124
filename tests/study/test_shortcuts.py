"""Shortcuts of models whose shortcuts are known: colour, form, a column, a word."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import headstart as hs
from headstart.core import BadData, BadInput, Model, Preprocess, Unknown
from headstart.core.linear_head import LinearHead
from headstart.data.samples import Texts
from headstart.models.backbone import backbone
from headstart.predictor.predictor import Predictor
from headstart.studies.shortcuts import Shortcuts

SIDE = 16


class Reader(nn.Module):
    """Of a picture the mean colour, and the height and width of what is bright."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 3, 1, bias=False)
        nn.init.eye_(self.first.weight[:, :, 0, 0])

    def forward(self, x):
        x = self.first(x)
        light = (x.mean(1) > 0.15).float()
        return torch.cat([x.mean((2, 3)), light.amax(2).mean(1)[:, None], light.amax(1).mean(1)[:, None]], 1)


def predictor(weight, classes=("tall", "wide")):
    plain = Preprocess(size=(SIDE, SIDE), keep=1.0, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    with torch.no_grad():
        base = backbone(Reader(), example=torch.zeros(2, 3, SIDE, SIDE), preprocess=plain)
    head = LinearHead.of(torch.tensor([[0.0] * 5, weight]), torch.tensor([0.0, -0.05]))
    return Predictor(Model(base, head), classes, plain)


BY_COLOUR = [-9.0, 9.0, 0.0, 0.0, 0.0]  # more green than red: wide
BY_FORM = [0.0, 0.0, 0.0, -9.0, 9.0]


def bars(n=40):
    """Tall and wide bars, grey on black, in their places at random."""
    draw, pictures = np.random.default_rng(0), np.zeros((n, SIDE, SIDE), np.uint8)
    labels = np.array(["tall", "wide"] * (n // 2))
    for picture, label in zip(pictures, labels, strict=True):
        at, start = draw.integers(0, SIDE - 4), draw.integers(0, 4)
        part = (
            np.s_[start : start + 12, at : at + 4]
            if label == "tall"
            else np.s_[at : at + 4, start : start + 12]
        )
        picture[part] = draw.integers(160, 256)
    return hs.data.load((pictures, labels))


@pytest.fixture(scope="module")
def coloured():
    return hs.data.confounded(bars(), 0.8)


@pytest.fixture(scope="module")
def by_colour(coloured):
    return hs.shortcuts(predictor(BY_COLOUR), coloured)


@pytest.fixture(scope="module")
def by_form(coloured):
    return hs.shortcuts(predictor(BY_FORM), coloured)


def change(record, name, kind=None):
    return next(one for one in record.changes if one.name == name and kind in (None, one.kind))


def test_groups_of_a_model_that_goes_by_colour(by_colour):
    """It is right where the colour agrees, in 16 of 20 a class, and nowhere else."""
    assert {(one.name, one.rows): one.accuracy.value for one in by_colour.groups} == {
        ("tall, red", 16): 1.0,
        ("tall, green", 4): 0.0,
        ("wide, red", 4): 0.0,
        ("wide, green", 16): 1.0,
    }
    assert by_colour.accuracy.value == 0.8
    assert by_colour.balanced == 0.5
    assert (by_colour.worst.value, by_colour.gap.value) == (0.0, 1.0)
    assert by_colour.association == pytest.approx(0.6)
    assert by_colour.chance == 0.5
    apart = [one.accuracy for one in by_colour.groups]  # of few rows, some much like others
    assert by_colour.gap.low == max(0, max(one.low for one in apart) - min(one.high for one in apart))


def test_the_gap_is_told_from_chance_with_rows_enough():
    found = hs.shortcuts(predictor(BY_COLOUR), hs.data.confounded(bars(100), 0.8))
    assert found.gap.value == 1
    assert found.gap.low > 0


def test_conflicts_tell_colour_from_shape(by_colour, by_form):
    colour, form = ({one.cue: one for one in record.conflicts} for record in (by_colour, by_form))
    assert colour["colour"].share.value == 0.0
    assert (colour["colour"].rows, colour["colour"].other) == (32, 32)
    assert colour["colour"].share.high < 0.5
    assert form["colour"].share.value == 1.0
    assert form["colour"].share.low > 0.5


def test_without_colour_one_model_is_lost_and_the_other_is_not(by_colour, by_form):
    assert change(by_form, "grey").drop.value == 0.0
    grey = change(by_colour, "grey")
    assert grey.plain == 0.8
    assert grey.accuracy.value == 0.5  # equal colours: always the first class
    assert grey.drop.value == pytest.approx(0.3)
    assert grey.changed == 0.5
    assert grey.drop.low > 0
    assert by_form.accuracy.value == 1.0
    assert by_form.gap.value == 0.0


def test_a_tag_misleads_the_model_that_goes_by_colour_alone(by_colour, by_form):
    assert change(by_form, "blue tag").kind == "tag"
    assert change(by_colour, "blue tag").changed == 0.0
    assert change(by_colour, "blue tag").loses == "nothing; a tag is new"


def test_the_caller_keeps_all(coloured):
    before = coloured.array.copy()
    asked = predictor(BY_FORM)
    weights = {name: value.clone() for name, value in asked.model.state_dict().items()}
    hs.shortcuts(asked, coloured, rows=10)
    assert np.array_equal(coloured.array, before)
    assert all(torch.equal(value, weights[name]) for name, value in asked.model.state_dict().items())


def test_the_same_again_and_what_is_written(coloured, by_colour, tmp_path):
    again = hs.shortcuts(predictor(BY_COLOUR), coloured, out=tmp_path / "new")
    assert Shortcuts.read(tmp_path / "new" / "shortcuts.json") == again
    assert again.changes == by_colour.changes
    assert again.conflicts == by_colour.conflicts


def test_rows_that_a_split_keeps_for_training_are_not_looked_at(coloured):
    from dataclasses import replace

    split = tuple("test" if row < 10 else "train" for row in range(40))
    garbage = replace(coloured, split=split, labels=np.where(np.arange(40) < 10, coloured.labels, 0))
    assert hs.shortcuts(predictor(BY_FORM), garbage).rows == 10
    assert hs.shortcuts(predictor(BY_FORM), garbage).accuracy.value == 1.0


def test_without_attributes_there_are_no_groups_and_a_note_says_so(coloured):
    found = hs.shortcuts(predictor(BY_FORM), bars(), rows=12)
    assert (found.groups, found.worst, found.gap, found.association) == ([], None, None, None)
    assert "no attribute" in found.notes[0]
    assert "12 of the 40 rows" in found.notes[1]
    assert all(one.rows == 12 for one in found.changes)


class Rows(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 3, bias=False)
        nn.init.eye_(self.first.weight)

    def forward(self, x):
        return self.first(x)


def of_rows(weight):
    base = backbone(Rows(), example=torch.zeros(2, 3))
    return Predictor(
        Model(base, LinearHead.of(torch.tensor([[0.0] * 3, weight]), torch.zeros(2))), ("0", "1"), None
    )


def test_columns_of_numbers():
    """The first column is the class, the second goes with it, the third is noise; it reads the second."""
    draw = np.random.default_rng(0)
    y = np.arange(200) % 2
    x = np.stack(
        [2.0 * y - 1, np.where(draw.random(200) < 0.9, 2 * y - 1, 1 - 2 * y), draw.normal(size=200)], 1
    )
    found = hs.shortcuts(of_rows([0.0, 5.0, 0.0]), hs.data.load((x, y)), rounds=3)
    over, inside = (change(found, "column 1", kind) for kind in ("column", "column within classes"))
    assert over.plain == found.accuracy.value == pytest.approx(0.9, abs=0.06)
    assert over.accuracy.value == pytest.approx(0.5, abs=0.06)
    assert over.drop.low > 0.25
    assert inside.drop.value == pytest.approx(0, abs=1e-9)  # within a class as many are right as before
    assert inside.changed > 0.05
    for name in ("column 0", "column 2"):
        assert change(found, name).drop == change(found, name, "column within classes").drop
        assert change(found, name).drop.value == change(found, name).changed == 0.0
    one = hs.shortcuts(of_rows([0.0, 5.0, 0.0]), hs.data.load((x, y)), features=["column 2"])
    assert {change.name for change in one.changes} == {"column 2"}


def test_columns_of_a_table():
    y = np.array(["no", "yes"] * 30)
    columns = {"ward": np.where(y == "yes", "A", "B"), "age": np.arange(60.0) % 7, "label": y}
    data = hs.data.load(columns)
    model = hs.fit(hs.methods.RidgeProbe(), "table", data)
    found = hs.shortcuts(model, data, rounds=2)
    assert change(found, "ward").drop.low > 0.2
    assert change(found, "age").drop.value == pytest.approx(0, abs=0.05)
    with pytest.raises(Unknown, match=r"'wart'\. Did you mean 'ward'"):
        hs.shortcuts(model, data, features=["wart"])


def test_words(monkeypatch):
    """A model that hears one word alone; it is asked by a stand-in for its answers."""
    texts = ["so cheap it hurts", "Cheap!", "cheapish thing", "dear thing", "cheap", "a dear, dear thing"]
    data = hs.data.load((texts, ["1", "1", "0", "0", "1", "0"]))
    heard = []

    def tell(self, some):
        heard.append(some)
        assert isinstance(some.samples, Texts)
        words = [
            set("".join(c if c.isalnum() else " " for c in t.lower()).split()) for t in some.samples.texts
        ]
        return np.array([int("cheap" in one) for one in words])

    monkeypatch.setattr("headstart.studies.shortcuts.changes.ClassifierUnderTest.predict", tell)
    asked = of_rows([0.0] * 3)
    found = hs.shortcuts(asked, data, words=["cheap", "thing"])
    out, into = change(found, "cheap", "word out"), change(found, "cheap", "word in")
    assert (out.rows, out.plain, out.accuracy.value, out.changed) == (
        2,
        1.0,
        0.0,
        1.0,
    )  # "cheap" alone is left out
    assert (into.rows, into.plain, into.accuracy.value) == (3, 1.0, 0.0)
    assert change(found, "thing", "word out").changed == 0.0
    assert list(heard[1].texts) == ["so it hurts", "!"]
    assert "No word was named" in hs.shortcuts(asked, data).notes[1]


def test_what_can_not_be_read_is_left_out(monkeypatch):
    data = hs.data.load((["cheap", "dear", "", "cheap thing", "dear thing"], ["1", "0", "0", "1", "0"]))
    monkeypatch.setattr(
        "headstart.studies.shortcuts.changes.ClassifierUnderTest.predict",
        lambda self, some: np.array([int("cheap" in one) for one in some.samples.texts]),
    )
    found = hs.shortcuts(of_rows([0.0] * 3), data, words=["cheap"])
    assert (found.rows, found.accuracy.value) == (4, 1.0)
    assert found.notes[0] == "1 of 5 texts is empty and is left out."


def test_what_is_refused(coloured, tmp_path):
    asked = predictor(BY_FORM)
    with pytest.raises(BadInput, match="does not know 'tall', 'wide'"):
        hs.shortcuts(predictor(BY_FORM, ("a", "b")), coloured)
    with pytest.raises(BadInput, match="words goes with texts"):
        hs.shortcuts(asked, coloured, words=["cheap"])
    with pytest.raises(BadInput, match="features goes with tables"):
        hs.shortcuts(asked, coloured, features=["age"])
    with pytest.raises(BadData, match="2 rows"):
        hs.shortcuts(asked, coloured.subset([0, 1]))
    with pytest.raises(BadInput, match="these are numbers"):
        hs.shortcuts(asked, hs.data.load((np.eye(8), np.arange(8) + 0.5)))
    with pytest.raises(Unknown, match=r"'round'\. Did you mean 'rounds'"):
        hs.shortcuts(asked, coloured, round=3)
    with pytest.raises(BadInput, match="rows is 3"):
        hs.shortcuts(asked, coloured, rows=3)
    with pytest.raises(BadInput, match="No model in"):
        hs.shortcuts(tmp_path, coloured)


def test_an_attribute_that_the_model_learned_from_is_refused():
    rows = pd.DataFrame(
        {"age": np.arange(40.0) % 7, "site": ["n", "s"] * 20, "label": ["a", "a", "b", "b"] * 10}
    )
    model = hs.fit("ridge-probe", "table", hs.data.load(rows))
    with pytest.raises(BadInput, match=r"learned from the column 'site'.* features=\['site'\]"):
        hs.shortcuts(model, rows, columns={"attribute_column": "site"})
    found = hs.shortcuts(model, rows, features=("site",))
    assert "site" in [change.name for change in found.changes]
