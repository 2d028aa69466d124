"""Learning to learn: the study, what it holds out, what it compares, and what it refuses."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.study import tiny
from tests.study.episode_rows import PROTO, SMALL, rows

import headstart as hs
from headstart.core import Preprocess
from headstart.learners import training
from headstart.learners.learner import make_learner, walk_learners
from headstart.learners.optimisation import _settings
from headstart.records.record import Interval
from headstart.run import ways
from headstart.run.progress import Progress
from headstart.studies.episodes import LEARNER, TRANSFER, UNCLEAR, EpisodesSettings
from headstart.studies.episodes.chosen import is_transfer
from headstart.studies.episodes.families import labelled_parts, scaled
from headstart.studies.episodes.measuring import gain_over
from headstart.studies.episodes.page import headline, sentences
from headstart.studies.episodes.results import best_of, verdict
from headstart.studies.episodes.training import encoder_of


@pytest.fixture(scope="module")
def waves(tmp_path_factory):
    out = tmp_path_factory.mktemp("episodes") / "waves"
    return hs.episodes("sinusoids", learners=["neural-process", "maml"], out=out, **SMALL)


@pytest.fixture(scope="module")
def dealt(tmp_path_factory):
    return hs.episodes(rows(), ways=3, out=tmp_path_factory.mktemp("episodes") / "dealt", **PROTO)


def test_classes_of_test_tasks_are_in_no_training_task(dealt):
    record = dealt.result
    assert not set(record.train_classes) & set(record.test_classes)
    assert (len(record.train_classes), len(record.test_classes)) == (5, 3)
    assert (record.train_rows, record.test_rows) == (60, 36)
    assert dealt.tasks.examples.classes == tuple(record.test_classes)


def test_the_transfer_baselines_are_always_there(dealt):
    there = {one.name for one in dealt.result.learners if one.transfer}
    assert there == {kind.name for kind in walk_learners() if is_transfer(kind, False)}
    assert dealt.result.reference in there
    assert dealt.result.best == "protonet"


def test_gains_are_paired_with_the_best_baseline(dealt):
    record = dealt.result
    baselines = [one for one in record.learners if one.transfer]
    assert record.learner(record.reference).score.value == max(one.score.value for one in baselines)
    scores = {name: one.evaluate(dealt.tasks, 6) for name, one in dealt.learners.items()}
    base, own = scores[record.reference], scores["protonet"]
    assert record.learner("protonet").score.value == pytest.approx(own.mean)
    assert record.learner("protonet").gain.value == pytest.approx(own.mean - base.mean)
    assert record.learner(record.reference).gain is None


def test_of_an_error_less_is_a_gain():
    gain = gain_over([1.0, 2.0, 3.0], [2.0, 4.0, 6.0], lower=True)
    assert gain.value == 2
    assert gain_over([1.0, 2.0, 3.0], [2.0, 4.0, 6.0], lower=False).value == -2
    assert best_of({"a": 1.0, "b": 2.0}, ["a", "b"], lower=True) == "a"
    assert best_of({"a": 1.0, "b": 2.0}, ["a", "b"], lower=False) == "b"
    assert [verdict(Interval(0, *ends)) for ends in ((0.1, 1), (-1, -0.1), (-1, 1))] == [
        LEARNER,
        TRANSFER,
        UNCLEAR,
    ]


def test_functions_are_drawn_before_and_after_reading(waves):
    drawn = waves.result.functions
    assert [one.after for one in drawn] == [0, 1, 2, 5, 10]
    assert [len(one.points) for one in drawn] == [0, 1, 2, 5, 10]
    assert drawn[2].points == drawn[3].points[:2]
    assert all(one.x == sorted(one.x) and one.truth == drawn[0].truth for one in drawn)
    assert {line.learner for line in drawn[1].lines} == {one.name for one in waves.result.learners}
    at = {line.learner: line.y for line in drawn[4].lines}["neural-process"]
    points = torch.tensor(drawn[4].points)[None]
    learner = waves.learners["neural-process"]
    state = learner.adapt(points[..., :1], points[..., 1:])
    again = learner.predict(state, torch.tensor(drawn[4].x)[None, :, None])[0, :, 0]
    assert torch.allclose(again, torch.tensor(at), atol=2e-3)


def test_curves_of_shots_and_of_steps(waves):
    maml = waves.result.learner("maml")
    assert [point.at for point in maml.by_shots] == [1, 2, 10]
    assert [point.at for point in maml.by_steps] == [0, 1]
    own = next(point.score for point in maml.by_steps if point.at == maml.adaptation)
    assert own == maml.score == maml.by_shots[-1].score
    assert waves.result.learner("neural-process").by_steps == []
    assert waves.result.train_shots == [1, 10]


def test_saved_learners_are_opened(waves):
    folder = waves.folder / waves.result.learner("maml").folder
    opened = hs.open_learner(folder)
    assert opened.learner == waves.learners["maml"].learner
    assert all(
        map(
            torch.equal,
            opened.parts.state_dict().values(),
            waves.learners["maml"].parts.state_dict().values(),
        )
    )


def without_times(record):
    values = json.loads(record.to_json())
    return {**values, "learners": [{**one, "seconds": 0} for one in values["learners"]]}


def test_an_interrupted_study_is_the_same(dealt, tmp_path, monkeypatch):
    from headstart.studies.episodes import run as study

    real, seen = study.measured, []

    def interrupted(*given):
        seen.append(given)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return real(*given)

    monkeypatch.setattr(study, "measured", interrupted)
    with pytest.raises(KeyboardInterrupt):
        hs.episodes(rows(), ways=3, out=tmp_path / "run", **PROTO)
    again = hs.episodes(rows(), ways=3, out=tmp_path / "run", resume=True, **PROTO)
    assert without_times(again.result) == without_times(dealt.result)


def test_a_training_goes_on_where_it_was(dealt, tmp_path, monkeypatch):
    real, seen = Progress.watch, []

    def stopped(self, ticks, run):
        for tick in real(self, ticks, run):
            seen.append((run.name, tick.step))
            yield tick
            if len(seen) == 2:
                raise KeyboardInterrupt

    monkeypatch.setattr(training, "EVERY", 1)
    monkeypatch.setattr(Progress, "watch", stopped)
    with pytest.raises(KeyboardInterrupt):
        hs.episodes(rows(), ways=3, out=tmp_path / "run", **PROTO)
    again = hs.episodes(rows(), ways=3, out=tmp_path / "run", resume=True, **PROTO)
    assert [step for name, step in seen if name == "protonet"] == [1, 2, 2, 3]  # step 1 was saved
    assert without_times(again.result) == without_times(dealt.result)


def test_other_data_for_test_tasks(tmp_path):
    other = rows(classes=4, seed=1)
    record = hs.episodes(rows(), test_data=(other[0], np.char.add("new ", other[1])), ways=3, **PROTO).result
    assert len(record.train_classes) == 8
    assert record.test_classes == ["new c0", "new c1", "new c2", "new c3"]
    assert all(one.folder == "" for one in record.learners)


def test_small_classes_are_left_out_and_named():
    x, y = rows()
    keep = (y != "c3") | (np.arange(len(y)) % 12 < 2)
    record = hs.episodes((x[keep], y[keep]), ways=3, queries=4, **PROTO).result
    assert "c3" not in {*record.train_classes, *record.test_classes}
    assert "'c3' is left out: a task takes 5 rows of a class." in record.notes


def test_copies_stand_on_one_side():
    x, y = rows()
    record = hs.episodes((np.concatenate([x, x[:5]]), np.concatenate([y, y[:5]])), ways=3, **PROTO).result
    assert record.train_rows + record.test_rows == len(x)
    assert any(note.startswith("5 copies of rows") for note in record.notes)


def test_rows_of_the_example_are_those_of_the_task(dealt):
    example, data = dealt.result.example, hs.data.load(rows())
    assert len(example.support) == 3
    assert len(example.queries) == 6
    labels = {item: data.said(row) for row, item in enumerate(map(data.named, range(len(data))))}
    assert all(labels[row.name] == row.label for row in (*example.support, *example.queries))
    classes = {row.label for row in example.support}
    assert all(set(row.answers.values()) <= classes for row in example.queries)


def test_with_a_backbone_all_learn_from_its_features(tmp_path):
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 16 * 16, 5), torch.nn.ReLU())
    backbone = hs.models.backbone(net, preprocess=Preprocess(size=(16, 16)))
    root = tiny.folders(tmp_path / "many", 6, tiny.CLASSES)
    for number, name in enumerate(("a", "b", "c")):
        (root / name).mkdir()
        for index in range(6):
            tiny.shape(tiny.CLASSES[number], 7000 + 10 * number + index).save(root / name / f"{index}.png")
    run = hs.episodes(root, backbone=backbone, out=tmp_path / "out", ways=2, **PROTO)
    assert run.result.shape == [5]
    assert run.result.backbone == "Sequential"
    assert {one.encoder for one in run.result.learners if one.transfer} == {"identity"}
    assert run.result.learner("protonet").encoder == "mlp"
    assert run.result.example.support[0].picture.startswith("pictures/")


def test_features_are_scaled_by_training_classes_alone():
    x, y = rows()
    seen = []

    def encode(data, train):
        seen.append({data.said(row) for row in train.tolist()})
        return torch.from_numpy(x)

    parts = labelled_parts(hs.data.load((x, y)), EpisodesSettings(ways=3), None, encode)
    assert seen == [set(parts.train.classes)]
    own = parts.train.family.examples.x
    assert torch.allclose(own.mean(0), torch.zeros(3), atol=1e-5)
    assert own.var(0).mean().item() == pytest.approx(1, abs=1e-5)
    assert parts.test.family.examples.x.mean(0).abs().max() > 0.01
    given = torch.tensor([[1.0, 5.0], [3.0, 5.0]])
    assert scaled(given, given).tolist() == [[-1.0, 0.0], [1.0, 0.0]]


def test_baselines_take_features_as_they_are():
    settings = EpisodesSettings(encoder="mlp")
    assert encoder_of(make_learner("nearest-centroid"), settings, frozen=False) == "identity"
    assert encoder_of(make_learner("nearest-centroid"), settings, frozen=True) == "identity"
    assert encoder_of(make_learner("protonet"), settings, frozen=True) == "mlp"


def test_the_verdict_in_words(dealt):
    record = dealt.result
    name = record.reference
    base = record.learner(name).title
    for given, gain, said, sure in (
        (LEARNER, Interval(0.2, 0.1, 0.3), "Learning to learn wins", "is sure"),
        (TRANSFER, Interval(-0.2, -0.3, -0.1), "Plain transfer wins", "is sure"),
        (UNCLEAR, Interval(0.1, -0.1, 0.3), "There is no sure winner", "may be chance"),
    ):
        learners = [replace(one, gain=gain if one.gain else None) for one in record.learners]
        shown = replace(record, verdict=given, learners=learners)
        assert headline(shown).startswith(f"{said} on {record.task}. Accuracy after 1 row a class: ")
        assert headline(shown).endswith(f"with {base}.")
        assert sure in next(sentences(shown))


def test_groups_of_numbers_are_tasks():
    x, group = rows(classes=9, each=10)
    y = 100 + 50 * x[:, 0] * np.array([int(name[1:]) for name in group])
    data = hs.data.load((x, y), groups=group)
    found = hs.episodes(data, learners=["neural-process"], **SMALL)
    record = found.result
    assert (record.train_rows, record.test_rows, record.shots, record.queries) == (60, 30, 5, 5)
    assert any("6 groups to train on, 3 others to test with" in note for note in record.notes)
    assert record.functions == []
    assert record.example is None
    assert record.chance < 100  # in units of the deviation
    drawn = found.tasks.draw(0).query
    train = {tuple(row) for row in drawn.x.flatten(0, 1).tolist()}
    assert train <= {tuple(row) for row in found.tasks.examples.x.tolist()}


@pytest.mark.parametrize(("answers", "data"), [("numbers", "sinusoids"), ("classes", rows())])
def test_every_learner_can_be_named(answers, data):
    names = [kind.name for kind in walk_learners() if answers in kind.kinds]
    how = {**SMALL, "steps": 1, "test_tasks": 2, "at_steps": (1,), "at_shots": (1,)}
    found = hs.episodes(data, learners=names, ways=2 if answers == "classes" else None, **how)
    assert {one.name for one in found.result.learners} == set(names)
    assert all(one.score.value >= 0 for one in found.result.learners)


def test_why_tasks_are_not_batched_is_told(monkeypatch):
    monkeypatch.setattr(_settings, "choose_way", lambda gradient, key: ways.FAILED)
    found = hs.episodes("sinusoids", learners=["maml:order=1", "reptile"], **SMALL)
    assert [note for note in found.result.notes if "one by one" in note] == [
        f"{name}: Tasks are computed one by one: torch.func.vmap can't batch this network."
        for name in ("maml:order=1", "reptile")
    ]


def test_what_answers_queries_together_is_told():
    """Batch statistics of the queries, of which equally many are of each class, help where none are."""
    shown = np.random.default_rng(0).integers(0, 255, (32, 16, 16)).astype(np.uint8)
    how = {**SMALL, "ways": 2, "queries": 3, "learners": ["maml:norm=batch", "maml", "protonet"]}
    found = hs.episodes((shown, list("abcd") * 8), **how)
    assert {one.name for one in found.result.learners if one.together} == {"maml:norm=batch"}
    assert found.result.best in {"protonet", "maml"}
    assert any(note.startswith("MAML answers queries together") for note in found.result.notes)
