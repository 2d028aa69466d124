"""A source task at hand: what of it may be learned from, once for all folds, and resuming to the byte."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.methods.ways import same
from tests.study.experiments import made, network, rows

import headstart as hs
from headstart.core import BadData, BadInput, Mismatch, walk
from headstart.data.load import load
from headstart.data.source_task import load_sources, usable_source
from headstart.run.checkpoint import load_state
from headstart.session import session
from headstart.session.requirements import needs_source
from headstart.session.session import Session
from headstart.session.session_data import attach_source
from headstart.sklearn import TransferClassifier

SHORT = hs.Recipe(steps=8, batch=10, lr=0.01)
METHODS = [
    hs.methods.PretrainFineTune(pretrain_steps=6),
    hs.methods.SupervisedPretraining(steps=6, then="lp-ft"),
    hs.methods.MultiTask(),
]
each_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.about.name)


@pytest.fixture(scope="module")
def target():
    return load(rows())


@pytest.fixture(scope="module")
def source():
    x, y = rows(classes=4, each=15, seed=7)
    return load((x, y), name="elsewhere")


def left_out(source, target, test=()):
    return usable_source(source, target, np.array(test, dtype=np.int64))


def test_copies_of_any_row_of_the_target_are_left_out_and_said(target):
    x, y = rows(seed=7)
    x[3], x[6], x[8] = target.array[0], target.array[0], target.array[1]
    kept, said = left_out(load((x, y), name="elsewhere"), target, [1])
    assert set(kept.items) == {f"row {row}" for row in range(60) if row not in (3, 6, 8)}
    note, warning = said
    assert (note.kind, note.severity) == ("source", "note")
    assert note.text.endswith("had 57 rows of elsewhere with 3 classes.")
    assert (warning.kind, warning.severity, warning.count) == ("source-copies", "warning", 3)
    assert "3 of 60 rows of the source" in warning.text
    assert "1 are copies of rows in the test part" in warning.text
    assert warning.items == ["row 3 = row 0", "row 6 = row 0", "row 8 = row 1"]


def test_a_source_that_is_the_target_is_refused(target):
    with pytest.raises(BadData, match="Nothing is left of the source arrays: all of its 60 rows"):
        left_out(target, target)


def test_what_the_user_keeps_for_testing_is_not_learned_from(target, source):
    split = tuple("test" if row % 3 else "train" for row in range(60))
    kept, _ = left_out(replace(source, split=split), target)
    assert kept.items == tuple(f"row {row}" for row in range(0, 60, 3))


def test_the_same_labels_in_another_order_are_told_alike(target):
    other = replace(target, classes=("2", "0", "1"))
    (told,) = load_sources(other, target)
    assert told.classes == target.classes
    assert [told.classes[n] for n in told.labels] == [other.classes[n] for n in other.labels]
    tags = load((target.array, np.eye(3, dtype=bool)[target.labels]), task="multilabel")
    tags = replace(tags, classes=("a", "b", "c"))
    turned = replace(tags, classes=("c", "a", "b"))
    (told,) = load_sources(turned, tags)
    for name in "abc":
        column = turned.labels[:, turned.classes.index(name)]
        assert (told.labels[:, told.classes.index(name)] == column).all()
    (other,) = load_sources(replace(target, classes=("0", "1", "x")), target)
    assert other.classes == ("0", "1", "x")
    assert load_sources(None, target) == []


def test_another_kind_of_samples_is_refused(target, shapes):
    with pytest.raises(BadData, match="One network can't take both tasks"):
        hs.fit(hs.methods.MultiTask(), network(), target, SHORT, source=shapes)


def state(model):
    return {name: value.clone() for name, value in model.model.state_dict().items()}


def stopped(monkeypatch, at):
    """`hs.fit` that is broken off after so many descents in all; gives those that it saw, (method, step)."""
    seen = []
    real = Session.__post_init__

    def watch(ticks, run):
        for tick in ticks:
            if run.optimisers:
                seen.append((run.name, tick.step))
            if len(seen) == at:
                raise KeyboardInterrupt
            yield tick

    def init(self):
        self.watch = watch
        real(self)

    monkeypatch.setattr(Session, "__post_init__", init)
    return seen


@each_method
@pytest.mark.parametrize("at", [1, 4, 6, 7, 11])
def test_broken_off_in_either_stage_it_ends_in_the_same_bytes(
    method, at, target, source, tmp_path, monkeypatch
):
    monkeypatch.setattr(session, "CHECKPOINT_EVERY", 3)
    how = {"recipe": replace(SHORT, ema=0.9), "source": source}
    whole = state(hs.fit(method, network(), target, **how))
    file = tmp_path / "training.safetensors"
    if method.about.name == "multi-task":
        at = min(at, 7)
    with monkeypatch.context() as patch:
        stopped(patch, at)
        with pytest.raises(KeyboardInterrupt):
            hs.fit(method, network(), target, **how, checkpoint=file)
    with monkeypatch.context() as patch:
        seen = stopped(patch, -1)
        resumed = state(hs.fit(method, network(), target, **how, checkpoint=file))
    assert same(whole, resumed)
    steps = 8 if method.about.name == "multi-task" else 14
    assert len(seen) == steps - at, "what was done is not done again"


def test_the_file_of_another_pretraining_is_refused(target, source, tmp_path):
    method, file = METHODS[0], tmp_path / "training.safetensors"
    hs.fit(method, network(), target, SHORT, source=source, checkpoint=file)
    with pytest.raises(Mismatch, match=r"stage-1.* in the file"):
        hs.fit(method, network(width=16), target, SHORT, source=source, checkpoint=file)


def test_each_begins_with_its_own_pretraining_and_equal_ones_share_it(target, source, tmp_path):
    short, long = hs.methods.SupervisedPretraining(steps=2), hs.methods.SupervisedPretraining()
    tuned = hs.methods.PretrainFineTune()
    seen = []

    def watch(ticks, run):
        seen.extend([run.name for tick in ticks])
        return iter(())

    one = Session(made(), target, watch=watch)
    one.source = attach_source(one, [source], replace(SHORT, steps=5), tmp_path)
    for method, steps in ((short, 2), (long, 5), (long, 0), (tuned, 0), (short, 0)):
        one.fit(method, np.arange(30), SHORT)
        assert seen.count("supervised-pretraining") == steps, method.label
        seen.clear()


def test_numbers_of_the_source_are_learned_in_units_of_their_own(target):
    """A source in millionths gives the same mapping as one in units."""
    x, _ = rows(seed=7)
    y = (x @ np.random.default_rng(0).normal(size=(6, 2))).astype(np.float64)
    for method in METHODS:
        one, other = (
            hs.fit(method, network(), target, SHORT, source=load((x, y * unit), task="regression"))
            for unit in (1.0, 2.0**20)
        )
        assert same(state(one), state(other)), method.label


@pytest.mark.parametrize("many", [2, 3, 100])
def test_a_source_may_be_small_or_large(many, target, source):
    some = source.subset(np.arange(min(many, 60)))
    recipe = replace(SHORT, accumulate=3)
    for method in METHODS:
        assert len(hs.fit(method, network(), target, recipe, source=some).predict(target.array[:2])) == 2


def study(out, target, source, **options):
    settings = {"epochs": 2, "folds": 3, "curve": False, "budget": 600} | options
    return hs.adapt(made(), target, out=out, source=source, **settings)


NAMES = ("logistic-probe", "pretrain-fine-tune", "multi-task")


@pytest.fixture(scope="module")
def done(target, source, tmp_path_factory):
    return study(tmp_path_factory.mktemp("source") / "run", target, source, methods=NAMES)


def test_they_stand_beside_the_others_on_the_same_folds(done):
    tried = {one.name: one for one in done.result.candidates}
    assert set(tried) == set(NAMES)
    assert tried["multi-task"].folds >= 1
    found = [one for one in done.result.check.findings if one.kind == "source"]
    assert found[0].text.endswith("had 60 rows of elsewhere with 4 classes.")
    assert json.loads((done.folder / "study.json").read_text())["source"]


def test_what_is_learned_on_the_source_alone_is_learned_once(done):
    lines = [json.loads(line) for line in (done.folder / "ticks.jsonl").read_text().splitlines()]
    steps = [line["step"] for line in lines if line["run"] == "supervised-pretraining on the source"]
    (file,) = (done.folder / "steps").glob("source-*.checkpoint")
    assert steps == list(range(1, load_state(file)["step"] + 1))


@pytest.mark.slow
def test_without_names_they_are_tried_too(target, source, tmp_path):
    found = study(tmp_path / "run", target, source, epochs=1, folds=2).result
    assert {"multi-task", "pretrain-fine-tune"} < {one.name for one in found.candidates}


@pytest.mark.slow
def test_test_rows_in_the_source_change_nothing(done, target, source, tmp_path):
    """Poison: the whole target stands in the source, with its labels; it is found and left out."""
    x = np.concatenate([target.array, source.array])
    y = [*("123"[label] for label in target.labels), *source.labels.astype(str)]
    again = study(tmp_path / "run", target, load((x, np.array(y))), methods=NAMES)
    assert [one.scores for one in again.result.candidates] == [one.scores for one in done.result.candidates]
    assert again.result.tested == done.result.tested
    assert any(one.kind == "source-copies" for one in again.result.check.findings)


@pytest.mark.slow
def test_a_study_goes_on_to_the_same_bytes(done, target, source, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    with monkeypatch.context() as patch:
        stopped(patch, 3)
        with pytest.raises(KeyboardInterrupt):
            study(folder, target, source, methods=NAMES)
    with pytest.raises(BadInput, match="it differs in the source"):
        study(folder, target, None, methods=NAMES[:1], resume=True)
    study(folder, target, source, methods=NAMES, resume=True)
    for name in ("model/model.safetensors", "ticks.jsonl"):
        assert (folder / name).read_bytes() == (done.folder / name).read_bytes()


def test_methods_and_source_belong_together(target, source, tmp_path):
    with pytest.raises(
        BadInput, match=r"multi-task learns from a source task too, .* has none\. .*with source"
    ):
        hs.adapt(made(), target, out=tmp_path / "run", methods=("multi-task",))
    with pytest.raises(
        BadInput, match=r"no method learns from it\. These do: multi-task, pretrain-fine-tune, sup"
    ):
        study(tmp_path / "run", target, source, methods=("lp-ft",))
    with pytest.raises(BadInput, match="no method learns from it"):
        hs.fit(hs.methods.FineTune(), network(), target, SHORT, source=source)
    with pytest.raises(BadInput, match="supervised-pretraining learns from a source task too, and this run"):
        hs.fit(hs.methods.SupervisedPretraining(), network(), target, SHORT)
    assert not (tmp_path / "run").exists()


def test_elsewhere_they_are_refused_and_told_where_they_go(target, tmp_path):
    with pytest.raises(BadInput, match=r"a curve has none\. Give it one with source,"):
        hs.curve(made(), target, methods=("multi-task",), out=tmp_path / "curve")
    with pytest.raises(BadInput, match="a search has none"):
        hs.search(made(), target, methods=("pretrain-fine-tune",), out=tmp_path / "search")
    with pytest.raises(BadInput, match="a ranking has none"):
        hs.rank([made()], target, tune="multi-task")
    with pytest.raises(BadInput, match="Give it one with source,"):
        TransferClassifier(network(), "multi-task").fit(*rows())


def test_only_these_need_a_source():
    needy = {kind.about.name for kind in walk() if needs_source(kind())}
    assert needy == {"multi-task", "pretrain-fine-tune", "supervised-pretraining"}
    assert not needs_source(hs.methods.PretrainFineTune(pretrain_steps=0))


def test_what_is_frozen_is_recorded_on_both_sides(target, source, tmp_path):
    """With the lower blocks frozen, what learns from two data sets learns from records of both."""
    plain, cached = Session(made(), target), Session(made(), target, cache=tmp_path)
    for one in (plain, cached):
        one.source = attach_source(one, [source])
    for method in (
        hs.methods.PretrainFineTune(last=1, norm="frozen"),
        hs.methods.MultiTask(last=1),
        hs.methods.SupervisedPretraining(last=1, norm="frozen"),
    ):
        ours, theirs = (one.fit(method, np.arange(40), SHORT) for one in (cached, plain))
        for name, value in theirs.model.state_dict().items():
            torch.testing.assert_close(ours.model.state_dict()[name], value, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(
            ours.logits(np.arange(60)), plain.logits(theirs.model, np.arange(60)), rtol=1e-4, atol=1e-5
        )
        assert ours.replay is not None
