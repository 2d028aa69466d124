"""Why a model answers so: contributions against hand-made ones, pages, commands, and what is refused."""

import copy
import json
from contextlib import chdir
from dataclasses import replace
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
import torch
from tests import wordy
from tests.rounding import rounding
from tests.study.evaluated import frame
from torch import nn
from typer.testing import CliRunner

import headstart as hs
from headstart.cli import app
from headstart.core import BadData, BadInput, Preprocess, Unknown
from headstart.face import speak
from headstart.records.explanation import Contribution, Explanation
from headstart.studies.explain.words import answer_in_words, meaning, strongest, with_error

ALONE = "Contributions do not add up."
TEXT = "the film was awful and dull but great"


class Corner(nn.Module):
    """Features of the upper left corner alone: the mean of each channel there."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))

    def forward(self, x):
        return x[:, :, :4, :4].mean((2, 3)) * self.scale


@pytest.fixture(scope="module")
def texts():
    net = hs.models.backbone(wordy.Words(), tokenizer=wordy.tokenizer())
    return hs.fit("ridge-probe", net, wordy.reviews(20))


@pytest.fixture(scope="module")
def table():
    return hs.fit("logistic-probe", "table", hs.data.load(frame(80, 0), name="first"))


@pytest.fixture(scope="module")
def saved(table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    table.save(folder / "model")
    frame(80, 0).to_csv(folder / "train.csv", index=False)
    frame(5, 4).to_csv(folder / "new.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def pictures():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (40, 28, 28, 3)).astype(np.uint8), [0, 1] * 20
    x[1::2, :4, :4] //= 4
    net = hs.models.backbone(Corner(), preprocess=Preprocess(size=(28, 28)), head=None)
    return hs.fit("ridge-probe", net, (x, y)), x


def command(*words):
    with speak(command_line=True), TemporaryDirectory() as place, chdir(place):
        return CliRunner().invoke(app, ["explain", *map(str, words)])


def test_contributions_of_a_linear_model_are_its_slopes_times_the_way_from_the_mean():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 3)).astype(np.float32)
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))  # no activation between
    data = hs.data.load((x, x @ [2.0, -1.0, 0.0] + 0.5))
    model = hs.fit("ridge-probe", net, data)
    at = model.values(np.vstack([np.zeros(3), np.eye(3)]).astype(np.float32))[:, 0]
    slopes, new = at[1:] - at[0], np.array([[1.0, 2.0, 3.0]], np.float32)
    for options in ({"permutations": 60}, {"attribution": "leave-one-out"}):
        (found,) = model.explain(new, train=data, **options)
        expected = slopes * (new[0] - x.mean(0))
        assert [part.contribution for part in found.parts] == pytest.approx(
            expected, abs=rounding(30, 20, sums=3)
        )
        assert found.value == pytest.approx(model.values(new)[0, 0], abs=rounding(30, 20, sums=3))


def test_a_word_contributes_what_the_log_odds_lose_without_it(texts):
    (found,) = texts.explain([TEXT], "good")
    words = TEXT.split()
    without = [" ".join(words[:i] + words[i + 1 :]) for i in range(len(words))]
    shares = texts.probabilities([TEXT, *without])[:, texts.classes.index("good")]
    good = np.log(shares / (1 - shares))
    assert found.probability == pytest.approx(shares[0])
    assert found.value == pytest.approx(good[0])
    assert [part.name for part in found.parts] == words
    assert [part.contribution for part in found.parts] == pytest.approx(
        good[0] - good[1:], abs=rounding(64, sums=9)
    )
    (other,) = texts.explain([TEXT], "bad")
    assert other.value == pytest.approx(-found.value)
    assert other.probability == pytest.approx(1 - found.probability)
    assert [part.contribution for part in other.parts] == pytest.approx(
        good[1:] - good[0], abs=rounding(64, sums=9)
    )


def test_contributions_tell_where_the_probability_is_1(texts):
    """With logits thirty times as large every probability is 1, whatever word is left out."""
    sure = copy.deepcopy(texts)
    with torch.no_grad():
        for each in sure.model.head.parameters():
            each.mul_(30)
    (found,), (usual,) = sure.explain([TEXT], "bad"), texts.explain([TEXT], "bad")
    assert found.probability == pytest.approx(float(usual.value > 0), abs=1e-6)
    assert [part.contribution for part in found.parts] == pytest.approx(
        [30 * part.contribution for part in usual.parts], abs=30 * rounding(64, sums=9)
    )
    assert meaning([found], "texts", "classes").startswith(
        "A word contributes what the log-odds lose without"
    )
    old = replace(usual, probability=None, value=0.75)  # of an older version
    assert meaning([old], "texts", "classes").endswith("the probability loses without it. " + ALONE)
    assert answer_in_words(old, "classes").endswith("0.750.")


def test_shapley_values_of_words_add_up_from_the_empty_text(texts):
    (found,) = texts.explain([" two  spaces "], attribution="shapley", permutations=4)
    assert found.base + sum(part.contribution for part in found.parts) == pytest.approx(found.value)
    assert [part.name for part in found.parts] == ["two", "spaces"]


@pytest.mark.parametrize("way", ["occlusion", "integrated-gradients"])
def test_the_map_peaks_where_the_model_looks(pictures, way):
    model, x = pictures
    (found,) = model.explain(x[1], attribution=way)
    values = np.abs(np.array(found.map.contributions))
    height, width = found.map.size
    looked_at = (np.array(found.map.tops) < 4)[:, None] & (np.array(found.map.lefts) < 4)[None, :]
    assert values[looked_at].max() == values.max() > 0
    assert not values[~looked_at].any()
    assert found.peak == (0, 0) or way == "integrated-gradients"
    assert (height, width) == ((4, 4) if way == "occlusion" else (1, 1))


def test_the_nearest_training_example_of_a_training_row_is_itself(table):
    data = hs.data.load(frame(80, 0), name="first")
    (found,) = table.explain(frame(80, 0)[7:8].drop(columns="label"), train=data, neighbours=2)
    first, second = found.neighbours
    assert (first.item, first.label) == (data.items[7], data.said(7))
    assert first.similarity == pytest.approx(1, abs=1e-3)
    assert first.similarity >= second.similarity
    assert first.text.startswith("age = ")


@pytest.mark.parametrize(
    ("value", "error", "kind", "text"),
    [
        (-0.00004, None, "classes", "0.000"),
        (0.0004, 0.0, "classes", "0.000 \u00b1 0.000"),
        (-0.0006, 0.01, "classes", "\u22120.001 \u00b1 0.010"),
        (1234.0, 0.5, "numbers", "+1,230 \u00b1 0.500"),
        (0.0, None, "numbers", "0"),
    ],
)
def test_only_what_is_not_0_has_a_sign(value, error, kind, text):
    assert with_error(Contribution("word", "", value, error), kind) == text


def test_long_values_are_printed_without_their_middle():
    part = Contribution("review", "a " * 200, 0.5, None)
    each = Explanation("row 0", "good", "good", 0.9, 0.4, "shapley", [part], None, [])
    ((name, value, contribution),) = strongest(each, "classes")
    assert (name, len(value), contribution) == ("review", 40, "+0.500")


def test_the_command_prints_what_counts_and_keeps_a_page(saved):
    out = saved / "out"
    words = (saved / "new.csv", "--train", saved / "train.csv", "--limit", "2", "--out", out)
    done = command(saved / "model", *words)
    assert done.exit_code == 0, done.output
    text = " ".join(done.output.split())
    assert "Contributions are Shapley values by sampling" in text
    assert "to the log-odds. Log-odds are log(p / (1 \u2212 p)) of the probability p" in text
    assert "The first 2 items of 5 are explained; --limit sets how many." in text
    record = json.loads((out / "explain.json").read_text("utf-8"))
    first = record["explanations"][0]
    assert first["item"] == f"{saved / 'new.csv'}:1"
    total = first["base"] + sum(part["contribution"] for part in first["parts"])
    assert total == pytest.approx(first["value"])
    page = (out / "explain.html").read_text("utf-8")
    assert f"{abs(first['parts'][0]['contribution']):.3f}" in page
    assert f"probability {first['probability']:.3f}" in page
    assert "contribution, log-odds" in page
    assert first["neighbours"][0]["text"] in page


def test_columns_of_labelled_rows_are_permuted(table):
    rng = np.random.default_rng(5)
    rows = frame(200, 6).assign(town=rng.choice(["x", "y"], 200))
    found = hs.explain(table, labelled=rows, metric="log_loss", repeats=5)
    assert [column.name for column in found.importance] == ["age", "town"]
    age, town = found.importance
    assert age.mean > 0.1 > abs(town.mean)
    assert found.score == pytest.approx(hs.evaluate(table, rows)["log_loss"].value)
    assert "Permuting \u201cage\u201d costs most" in str(found)


def test_the_page_of_texts_tints_the_words_and_escapes_them(texts, tmp_path):
    found = hs.explain(texts, "a <b>great film", train=wordy.reviews(20), out=tmp_path / "out")
    page = (tmp_path / "out" / "explain.html").read_text("utf-8")
    assert "<b>great" not in page
    assert page.count('<span class="for"') + page.count('<span class="against"') == 3
    assert len(found.explanations[0].neighbours) == 3
    assert str(found).splitlines()[-1].startswith("a <b>great film: ")


def test_the_page_of_a_picture_shows_what_the_model_sees_and_the_map(pictures, tmp_path):
    model, x = pictures
    found = hs.explain(model, [x[0]], out=tmp_path / "out")
    assert any("No training rows are kept with this model" in note for note in found.notes)
    page = (tmp_path / "out" / "explain.html").read_text("utf-8")
    assert page.count("data:image/webp") == 2


def test_mistakes_are_named(saved, table, texts, pictures, tmp_path):
    with pytest.raises(Unknown, match=r"No class of this model is called 'goood'. Did you mean 'good'"):
        texts.explain([TEXT], "goood")
    with pytest.raises(BadInput, match="attribution is 'occlusion'; of texts it is leave-one-out or shapley"):
        texts.explain([TEXT], attribution="occlusion")
    with pytest.raises(BadInput, match=r"none are kept with this model.*train="):
        table.explain(frame(1, 0).drop(columns="label"))
    with pytest.raises(BadInput, match="stride is 0"):
        pictures[0].explain(pictures[1][0], stride=0)
    with pytest.raises(BadInput, match=r"labelled.*goes with tables.*takes texts"):
        hs.explain(texts, labelled=wordy.reviews(3))
    with pytest.raises(BadInput, match="There is nothing to explain"):
        hs.explain(texts)
    with pytest.raises(BadData, match="has no column 'age'"):
        table.explain(pd.DataFrame({"other": [1.0]}), train=hs.data.load(frame(80, 0)))
    assert "No model in" in str(command(tmp_path / "none", "new.jpg").exception)
    assert "There is nothing to explain" in str(command(saved / "model").exception)
    (tmp_path / "new.jpg").write_bytes(b"no table")
    done = command(saved / "model", tmp_path / "new.jpg", "--train", saved / "train.csv")
    assert "new.jpg is no file of the kinds .csv" in str(done.exception)
