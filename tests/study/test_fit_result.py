"""What `hs.fit` gives beside the model: notes, losses, a folder, and how it is shown."""

import json
import sys
import warnings
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tests.cli.conftest import away as away
from tests.cli.conftest import headstart as headstart
from torch import nn

import headstart as hs
from headstart.core import BadInput, CannotWrite, Diverged
from headstart.predictor.fit import FitWarning

X = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
Y = ["corn" if value > 0 else "wheat" for value in X[:, 0]]
QUICK = hs.Recipe(steps=5, lr=1e-3, schedule="constant", warmup=0)


def net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 2))


def apart():
    """A source around 0 and a target around 20, where no weight helps."""
    rng = np.random.default_rng(1)
    source = rng.normal(size=(60, 4)).astype(np.float32)
    return hs.data.Domains((source, Y), rng.normal(size=(40, 4)).astype(np.float32) + 20)


def fitted(method="fine-tune", data=(X, Y)):
    return hs.fit(method, net(), data, QUICK)


# --- what happened


def test_the_curve_is_the_loss_of_each_step():
    """The first loss by hand: the head starts near zero, so two classes cost log 2."""
    result = fitted()
    assert len(result.curve) == 5
    assert result.curve[0] == pytest.approx(np.log(2), abs=0.02)
    assert result.training.method == "fine-tune"
    assert result.training.rows == 60
    assert result.training.seconds > 0


def test_what_is_solved_has_no_curve():
    assert fitted("ridge-probe").curve == ()


def test_a_note_that_questions_the_result_is_a_warning_and_stays():
    with pytest.warns(FitWarning, match="Only 0% of the target's rows lie where the source has rows"):
        result = fitted("importance-weighting", apart())
    assert any(note.startswith("Only 0% of the target's rows") for note in result.notes)


def test_other_notes_stay_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = fitted("group-balanced")
    said = "The data have no attribute, so the groups are the classes."
    assert any(note.startswith(said) for note in result.notes)


def test_what_was_selected_is_noted():
    assert any("held out of the training" in note for note in fitted("soup:validation=0.3").notes)


def test_notes_of_the_backbone_are_notes(monkeypatch):
    base = hs.models.backbone(net(), example=torch.zeros(2, 4))
    base.notes = ("No head was found.",)
    assert "No head was found." in hs.fit("ridge-probe", base, (X, Y)).notes


def test_rows_of_a_test_part_that_were_learned_from_are_a_warning(tmp_path):
    part = ["train", "train", "test"] * 20
    rows = {"a": X[:, 0], "b": X[:, 1], "label": Y, "part": part}
    data = hs.data.load(rows, split_column="part")
    with pytest.warns(FitWarning, match="its 20 of 60 rows were learned from, too"):
        result = hs.fit("ridge-probe", "table", data)
    assert "its 20 of 60 rows" in result.notes[-1]
    apart = data.subset(np.flatnonzero(np.array(data.split) == "train"))
    assert hs.fit("ridge-probe", "table", apart).notes == ()


def test_what_was_left_out_of_the_data_is_noted(tmp_path):
    for row in range(8):
        place = tmp_path / ("good" if row % 2 else "bad") / f"{row}.txt"
        place.parent.mkdir(exist_ok=True)
        place.write_text(f"a film {row}")
    (tmp_path / "stray.txt").write_text("nobody's")
    data = hs.data.load(tmp_path)
    assert data.findings
    words = hs.models.backbone("minilm", weights="random")
    assert data.findings[0].text in hs.fit("nearest-centroid", words, data).notes


def test_a_method_may_be_named_with_settings():
    text, typed = fitted("nearest-centroid:scale=2"), fitted(hs.methods.NearestCentroid(scale=2))
    assert text.training.method == "nearest-centroid:scale=2"
    np.testing.assert_array_equal(text.probabilities(X), typed.probabilities(X))


# --- a folder


def test_a_saved_predictor_is_the_same_when_opened(tmp_path):
    result = fitted("lp-ft")
    result.abstain = 0.6
    result.save(tmp_path / "model")
    again = hs.open(tmp_path / "model", backbone=net())
    np.testing.assert_array_equal(again.probabilities(X), result.probabilities(X))
    assert (again.classes, again.abstain) == (("corn", "wheat"), 0.6)
    assert (again.notes, again.curve, again.training) == (result.notes, result.curve, result.training)
    assert repr(again) == repr(result)


@pytest.mark.parametrize("method", ["knn", "logistic-probe", "soup", "reinit", "tradaboost"])
def test_any_method_can_be_saved(method, tmp_path):
    data = (X, Y)
    if method == "tradaboost":
        data = hs.data.Domains((X, Y), X + 0.1, target_labelled=(X[:20] + 0.1, Y[:20]))
    result = fitted(method, data)
    result.save(tmp_path / "model")
    again = hs.open(tmp_path / "model", backbone=net())
    np.testing.assert_array_equal(again.probabilities(X), result.probabilities(X))


@pytest.mark.slow
def test_a_saved_predictor_answers_on_the_command_line(tmp_path, headstart):
    table = tmp_path / "rows.csv"
    lines = [f"{a:.3f},{b:.3f},{label}" for (a, b, *_), label in zip(X, Y, strict=True)]
    table.write_text("\n".join(["a,b,label", *lines]))
    result = hs.fit("ridge-probe", "table", hs.data.load(table))
    result.save(tmp_path / "model")
    said = headstart("predict", tmp_path / "model", table, "--json")
    assert said.code == 0, said.err
    assert [row["label"] for row in json.loads(said.out)] == [p.label for p in result.predict(table)]


def test_nothing_but_a_model_is_replaced(tmp_path):
    result = fitted("ridge-probe")
    result.save(tmp_path / "model")
    result.save(tmp_path / "model")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"mine")
    for place in (tmp_path / "photos", tmp_path / "photos" / "a.jpg"):
        with pytest.raises(CannotWrite, match=r"holds no model\. Name a new folder"):
            result.save(place)
    assert (tmp_path / "photos" / "a.jpg").read_bytes() == b"mine"


def test_a_folder_of_an_older_version_opens(tmp_path):
    fitted("ridge-probe").save(tmp_path / "model")
    (tmp_path / "model" / "training.json").unlink()
    again = hs.open(tmp_path / "model", backbone=net())
    assert again.training is None
    assert again.notes == again.curve == ()
    assert "Nothing is known of its training" in repr(again)


# --- where it computes


def test_inputs_go_where_the_model_is(monkeypatch):
    """The device meta stands for a GPU; a copy from there to the CPU gives zeros."""
    cpu = torch.Tensor.cpu
    monkeypatch.setattr(torch.Tensor, "cpu", lambda x: torch.zeros(x.shape) if x.is_meta else cpu(x))
    seen = []
    result = fitted("ridge-probe").to("meta")
    result.model.register_forward_pre_hook(lambda _model, given: seen.append(given[0].device.type))
    assert [row.probability for row in result.predict(X[:3], batch=2)] == [0.5] * 3
    assert seen == ["meta", "meta"]


def test_a_device_that_is_not_there_is_named():
    with pytest.raises(BadInput, match=r"The device 'abacus' can't be used .* Try cpu or auto"):
        fitted("ridge-probe").to("abacus")


# --- how it is shown


def test_its_text_says_what_happened():
    with pytest.warns(FitWarning):
        lines = repr(fitted("importance-weighting", apart())).splitlines()
    assert lines[0] == "Predictor of 2 classes (corn, wheat) from rows, on the backbone Sequential"
    assert lines[1].startswith("Importance weighting, fitted on 60 rows in ")
    assert lines[2].endswith(" after 5 steps.")
    assert any(line.startswith("Note: Only 0% of") for line in lines[3:])


def test_in_a_notebook_names_are_escaped_and_the_curve_is_drawn():
    labels = ["<b>corn</b>" if label == "corn" else label for label in Y]
    html = fitted(data=(X, labels))._repr_html_()
    assert "&lt;b&gt;corn&lt;/b&gt;" in html
    assert "<b>corn" not in html
    points = html.split('points="')[1].split('"')[0].split()
    assert len(points) == 5
    assert points[0].startswith("0.0,")
    assert points[-1].startswith("360.0,")


class Cell:
    """Stands for IPython: what is displayed below a cell, the last state first."""

    def __init__(self, monkeypatch):
        self.shown = []
        shell = type("ZMQInteractiveShell", (), {})()
        display = SimpleNamespace(display=self.display, HTML=str)
        monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
        monkeypatch.setitem(sys.modules, "IPython.display", display)

    def display(self, html, display_id):
        self.update(html)
        return self

    def update(self, html):
        self.shown.insert(0, html)


def test_a_long_fit_shows_a_bar_in_a_notebook_and_takes_it_away(monkeypatch):
    cell = Cell(monkeypatch)
    fitted()
    assert cell.shown == []
    monkeypatch.setattr("headstart.predictor.fit.QUICK", 0.0)
    monkeypatch.setattr("headstart.run.progress_bar.PAUSE", 0.0)
    fitted()
    assert cell.shown[0] == ""
    shares = [html.split('value="')[1][:5] for html in reversed(cell.shown) if "value=" in html]
    assert shares == ["0.200", "0.400", "0.600", "0.800", "1.000"]
    assert all(html.endswith(" Fine-tuning") for html in cell.shown[1:-1])


def test_a_failed_fit_leaves_no_bar(monkeypatch):
    cell = Cell(monkeypatch)
    monkeypatch.setattr("headstart.predictor.fit.QUICK", 0.0)
    with pytest.raises(Diverged):
        hs.fit("fine-tune", net(), (X, Y), replace(QUICK, lr=1e30))
    assert cell.shown[0] == ""
    assert len(cell.shown) > 1


# --- mistakes


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: hs.fit("fine-tune", None, (X, Y)), "The base is None; it must be a name"),
        (lambda: hs.fit("fine-tune", 18, (X, Y)), "The base is 18; it must be a name"),
        (lambda: hs.fit(hs.methods.FineTune, net(), (X, Y)), r"write FineTune\(\)"),
        (lambda: hs.fit(None, net(), (X, Y)), "The method is None, which is none"),
        (lambda: hs.fit("fine-tune", net(), (X, Y), 100), "The recipe is 100; it must be a headstart.Recipe"),
        (
            lambda: hs.methods.FineTune(last="two"),
            "fine-tune: last is 'two'; it must be a whole number or None",
        ),
        (lambda: hs.methods.FineTune(last=1.5), "last is 1.5; it must be a whole number or None"),
        (lambda: hs.methods.FineTune(norm=None), "norm is None; it must be one of frozen, train"),
        (lambda: hs.methods.KNN(k="five"), "knn: k is 'five'; it must be a whole number"),
        (lambda: hs.methods.RidgeProbe(penalty="strong"), "penalty is 'strong'; it must be a number or None"),
        (lambda: hs.Recipe(lr="fast"), "recipe: lr is 'fast'; it must be a number"),
    ],
)
def test_a_mistake_is_named(call, said):
    with pytest.raises(BadInput, match=said):
        call()


def test_numbers_of_numpy_are_numbers():
    method = hs.methods.FineTune(last=np.int64(2), backbone_lr=np.float32(0.5))
    assert (method.last, method.backbone_lr) == (2, 0.5)
