"""`pretrain`: what the encoder sees, what is measured, what is kept, resumed and refused."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

import headstart as hs
from headstart.cli.using import runs
from headstart.core import BadData, BadInput
from headstart.models.encoders import ENCODER
from headstart.records.record import Interval
from headstart.run.checkpoint import load_state
from headstart.run.progress import Progress
from headstart.session.session import Session
from headstart.studies._page import render_page
from headstart.studies.pretrain import PretrainSettings
from headstart.studies.pretrain.page import terminal, view
from headstart.studies.pretrain.plan import planned_recipe
from headstart.studies.pretrain.verdict import headline

QUICK = {"method": "simclr:hidden=8,out=4", "steps": 4, "batch": 16, "evaluations": 2}

LONG = {**QUICK, "steps": 8, "evaluations": 4}


class Stopping(Progress):
    """Shows nothing and interrupts a training after its third step."""

    def watch(self, ticks, run):
        for tick in ticks:
            yield tick
            if tick.step == 3:
                raise KeyboardInterrupt


def world(rows=90):
    """Rows of three classes, each with a mean of its own."""
    rng = np.random.default_rng(0)
    y = np.arange(rows) % 3
    return (rng.normal(size=(rows, 6)) + 2 * np.eye(3)[y].repeat(2, 1)).astype(np.float32), y


def net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return hs.models.backbone(
            nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 8)), example=torch.zeros(2, 6), head=None
        )


@pytest.fixture(scope="module")
def seen():
    """Which rows each training was given."""
    return []


@pytest.fixture(scope="module")
def found(seen, tmp_path_factory):
    real = Session.fit

    def spy(session, method, rows, *more, **options):
        seen.append((method, rows))
        return real(session, method, rows, *more, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "fit", spy)
        return hs.pretrain(net(), world(), out=tmp_path_factory.mktemp("pretrain") / "enc", **QUICK)


def test_the_encoder_learns_from_the_training_part_alone(found, seen):
    record = found.result
    assert (record.train_rows, record.test_rows, record.unlabelled_rows) == (72, 18, 0)
    ((method, rows),) = seen
    assert len(rows) == 72
    assert method.then == "nothing"
    assert record.method == "simclr:hidden=8,out=4"


def test_points_of_the_training(found):
    record = found.result
    assert [point.step for point in record.points] == [0, 2, 4]
    assert record.chance == pytest.approx(np.log(31))
    assert [point.step for point in record.loss] == [1, 2, 3, 4]
    for point in record.points:
        assert 0 <= point.knn.low <= point.knn.value <= point.knn.high <= 1
        assert 1 <= point.effective_rank <= 8
        assert point.spread < 1
        assert point.alignment > 0
    gained = record.after.knn.value - record.before.knn.value
    assert record.knn_gain.value == pytest.approx(gained)
    assert record.random is not None


def test_what_is_kept_is_the_encoder_alone(found):
    kept = torch.nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 8))
    loaded, _ = hs.models.load_encoder(kept, found.folder / ENCODER)
    for name, value in found.encoder.inner.state_dict().items():
        assert torch.equal(value, loaded.state_dict()[name])
    names = {path.name for path in found.folder.iterdir()}
    assert {ENCODER, "pretrain.json", "pretrain.html", "study.json"} <= names
    assert not torch.equal(found.encoder.inner[0].weight, net().inner[0].weight)


def test_page_and_terminal_show_the_same_rows(found):
    shown, printed = view(found.result, found.folder), terminal(found.result)
    assert [name for name, _, _ in shown["rows"]] == [row[0] for row in printed.rows]
    assert "--backbone FOLDER" in printed.next[0]
    page = render_page(found.result, shown)
    for word in ("nearest neighbours", "The map of the embeddings", "Monitors of collapse", "chance"):
        assert word in page
    assert (
        page.count("<circle") >= 18 + 3 * 6
    )  # held-out rows, and points of two accuracies and four monitors


def test_runs_say_whose_accuracy_it_is(found, capsys):
    """It is not one of a model that can be compared with those of adapt."""
    runs(found.folder.parent)
    assert "accuracy of nearest neighbours" in capsys.readouterr().out


def test_labels_change_nothing_of_the_encoder(found, tmp_path):
    """Rows whose labels are permuted within the strata of the split give the same bytes."""
    x, y = world()
    other = hs.pretrain(net(), (x, (y + 1) % 3), out=tmp_path / "enc", **QUICK)
    assert other.result.after.effective_rank == found.result.after.effective_rank


def test_an_interrupted_training_ends_with_the_same_bytes(tmp_path):
    """It stops after three of eight steps, from whose checkpoint it goes on."""
    whole = hs.pretrain(net(), world(), out=tmp_path / "whole", **LONG)
    out = tmp_path / "part"
    with pytest.raises(KeyboardInterrupt):
        hs.pretrain(net(), world(), out=out, progress=Stopping(), **LONG)
    (kept,) = out.glob("steps/*.checkpoint")
    assert load_state(kept)["step"] == 3
    again = hs.pretrain(net(), world(), out=out, resume=True, **LONG)
    assert (again.folder / ENCODER).read_bytes() == (whole.folder / ENCODER).read_bytes()
    assert again.result == whole.result


@pytest.mark.parametrize("samples", ["array", "table", "labels of one row"])
def test_rows_without_labels(samples, tmp_path):
    x, _ = world()
    if samples == "table":
        data, base = tmp_path / "rows.csv", None
        lines = [",".join(f"{value:.3f}" for value in row) for row in x]
        data.write_text("\n".join(["a,b,c,d,e,f", *lines]) + "\n")
    else:
        data, base = (x, np.arange(len(x))) if samples.startswith("labels") else x, net()
    found = hs.pretrain(data, backbone=base, out=tmp_path / "enc", **QUICK).result
    assert (found.classes, found.knn_gain, found.after.knn) == ([], None, None)
    assert found.train_rows == 72
    assert found.after.effective_rank > 1
    assert any("No labels were found" in note or "can't be used" in note for note in found.notes)


def test_more_rows_without_labels(tmp_path):
    x, y = world()
    more = np.concatenate([x[:30], 1 + x[:20]])
    found = hs.pretrain(net(), (x, y), unlabelled=more, out=tmp_path / "enc", **QUICK).result
    assert 20 < found.unlabelled_rows < 50
    assert any("copies of test rows" in note for note in found.notes)


def test_adapt_begins_with_the_encoder_of_a_table(tmp_path, headstart_table):
    found = hs.pretrain(headstart_table, out=tmp_path / "enc", **QUICK)
    made = hs.models.backbone(tmp_path / "enc")
    for name, value in found.encoder.state_dict().items():
        assert torch.equal(value, made.state_dict()[name])
    fitted = hs.fit("logistic-probe", str(tmp_path / "enc"), headstart_table)
    assert fitted.model.backbone.width == found.result.width


@pytest.fixture
def headstart_table(tmp_path):
    x, y = world()
    lines = [",".join([*(f"{value:.3f}" for value in row), "abc"[k]]) for row, k in zip(x, y, strict=True)]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,c,d,e,f,label", *lines]) + "\n")
    return tmp_path / "t.csv"


@pytest.mark.parametrize(
    ("data", "options", "error", "said"),
    [
        (world(), {"method": "fine-tune"}, BadInput, "fine-tune learns from labels.*simclr"),
        (world(), {"batch": 1}, BadInput, "batch is 1; it must be a whole number >= 2"),
        (world(), {"batch": 500}, BadInput, "500 is more than the 72 rows to learn from"),
        (
            world(),
            {"method": "fancy"},
            BadInput,
            "method of pre-training.*'fancy'. Known: autoenc",
        ),
        (
            world()[0],
            {"method": "supervised-contrastive"},
            BadInput,
            "compares the classes.*has none.*another method: (?!.*supervised-contrastive).*simclr",
        ),
        (world(), {"method": "supervised-contrastive", "unlabelled": world()[0]}, BadInput, "unlabelled out"),
        (world(), {"method": "moco:queue=15"}, BadInput, "queue is 15, smaller than a batch of 16 rows"),
        (world(), {"epochs": 2}, BadInput, "one of steps and epochs"),
        (world(), {"method": hs.methods.SimCLR}, BadInput, r"SimCLR is a class: write hs.methods.SimCLR\(\)"),
        (
            world(),
            {"methods": hs.methods.SimCLR},
            BadInput,
            r"SimCLR is a class: write hs.methods.SimCLR\(\)",
        ),
        ((np.ones((30, 6), np.float32), np.arange(30) % 2), {}, BadData, "same|copies"),
        (np.ones((1, 6), np.float32), {}, BadData, "one row"),
    ],
)
def test_what_is_refused(data, options, error, said, tmp_path):
    with pytest.raises(error, match=said):
        hs.pretrain(net(), data, out=tmp_path / "enc", **{**QUICK, **options})
    assert not (tmp_path / "enc").exists()


def test_a_budget_plans_the_steps_and_says_so(tmp_path):
    found = hs.pretrain(
        net(), world(), out=tmp_path / "enc", **{**QUICK, "steps": 10**9, "budget": 1.5}
    ).result
    assert 1 <= found.steps < 10**6
    assert any("A larger budget" in note for note in found.notes)
    assert json.loads((tmp_path / "enc" / "pretrain.json").read_text())["steps"] == found.steps


def test_views_that_are_the_same_are_told(tmp_path):
    method = "simclr:corruption=0,hidden=8,out=4"
    found = hs.pretrain(net(), world(), out=tmp_path / "enc", **{**QUICK, "method": method}).result
    assert sum("identical" in note or "are the same" in note for note in found.notes) == 1


def test_classes_that_are_compared_are_told(tmp_path):
    method = "supervised-contrastive:hidden=8,out=4"
    found = hs.pretrain(net(), world(), out=tmp_path / "enc", **{**QUICK, "method": method})
    assert found.result.labelled
    facts = {name: detail for name, _, detail in view(found.result, found.folder)["facts"]}
    assert facts["learned from"] == "with their labels"


@pytest.mark.parametrize(
    ("tokens", "learned", "start", "lr"),
    [
        (True, True, "given", 1e-4),
        (True, True, "random", 1e-3),
        (True, False, "given", 1e-3),
        (None, True, "given", 1e-3),
    ],
)
def test_learned_networks_of_texts_learn_slowly(tokens, learned, start, lr):
    """With 0.001 a network of texts has hardly two directions left after ten steps."""
    backbone = SimpleNamespace(tokens=tokens, learned=learned)
    method = hs.methods.SimCLR(start=start)
    assert planned_recipe(PretrainSettings(), method, backbone, 8, 80, 0).lr == lr
    assert planned_recipe(PretrainSettings(lr=0.5), method, backbone, 8, 80, 0).lr == 0.5


@pytest.mark.parametrize(("low", "high", "said"), [(-30, -5, "does harm"), (-9, 4, "is no better than")])
def test_harm_is_told_where_random_weights_are_as_good(low, high, said, found):
    none, lost = Interval(0.0, -9.0, 9.0), Interval((low + high) / 2, low, high)
    record = replace(found.result, knn_gain=lost, probe_gain=none, knn_over_random=none, collapsed=False)
    assert headline(record).startswith(f"Pre-training {said}")
