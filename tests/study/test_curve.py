"""Size curves: nested, paired, judged by the same rows; resumed to the same bytes."""

import itertools
import json
import math

import numpy as np
import pytest
from tests.study.experiments import Ctrl, made, network, rows, spied
from tests.study.tiny import QUICK

import headstart as hs
from headstart.core import BadData, BadInput, CannotWrite, Diverged, Unknown
from headstart.data.load import load
from headstart.records.record import Interval
from headstart.run.progress import Progress
from headstart.session.scoring import mean_of_figures
from headstart.session.session import Session
from headstart.studies.curve import SizeCurve
from headstart.studies.curve import run as curving
from headstart.studies.curve.run import DEFAULT
from headstart.studies.curve.subsets import SubsetTrials

HALF = Interval(0.5, 0.4, 0.6)
TWO = ("nearest-centroid", "fine-tune")
SMALL = {"methods": TWO, "labels_per_class": (1, 2, 4), "seeds": 3, "epochs": 2, "steps": 4}


@pytest.fixture(scope="module")
def base():
    return made()


@pytest.fixture(scope="module")
def found(base):
    return hs.curve(base, rows(), **SMALL)


def test_subsets_are_nested_and_the_same_for_all_methods(base, monkeypatch):
    seen = spied(monkeypatch)
    hs.curve(base, rows(), **SMALL)
    assert len(seen) == 2 * 3 * 3
    labels = seen[0][0].data.labels
    taken = {}
    for number, (_, method, some, _, _) in enumerate(seen):
        counts = np.bincount(labels[some])
        assert len(set(counts)) == 1
        k, seed = int(counts[0]), number // 6
        taken.setdefault((k, seed), {})[method.label] = frozenset(some.tolist())
    for mine in taken.values():
        assert mine["nearest-centroid"] == mine["fine-tune"]
    for seed in range(3):
        assert taken[1, seed]["fine-tune"] < taken[2, seed]["fine-tune"] < taken[4, seed]["fine-tune"]
    assert len({mine["fine-tune"] for (k, _), mine in taken.items() if k == 4}) == 3  # seeds differ


def test_the_judges_are_the_same_and_were_not_learned_from(base, monkeypatch):
    seen, judged = spied(monkeypatch), []
    monkeypatch.setattr(
        curving, "main_score", lambda logits, labels, *more: judged.append(labels.tolist()) or HALF
    )
    asked = []
    real = SubsetTrials.__init__

    def init(self, session, settings, rest, held, metric, *more, **named):
        asked.append((rest, held))
        real(self, session, settings, rest, held, metric, *more, **named)

    monkeypatch.setattr(SubsetTrials, "__init__", init)
    x, y = rows()
    x[1:6:3] = x[7]  # the same row several times, in one class
    found = hs.curve(base, (x, y), **SMALL)
    rest, held = asked[0]
    assert not set(rest) & set(held)
    assert (found.train_rows, found.test_rows) == (len(rest), len(held)) == (48, 12)
    data = seen[0][0].data
    learned = set(itertools.chain(*(some.tolist() for _, _, some, _, _ in seen)))
    assert learned <= set(rest.tolist())
    digests = np.array(data.digests)
    assert not set(digests[rest]) & set(digests[held])  # duplicates stand on one side
    assert all(one == data.labels[held].tolist() for one in judged)


def test_the_user_s_own_split_is_kept(base):
    x, y = rows()
    data = load((x, y))
    object.__setattr__(data, "split", tuple("test" if n < 9 else "train" for n in range(len(y))))
    assert hs.curve(base, data, **SMALL).test_rows == 9


def test_a_point_is_what_hand_made_training_gives(base, found):
    """The accuracy of one seed, from parts: split, subset, fit, judge."""
    from headstart.core import derive_seed
    from headstart.data.check import check
    from headstart.data.splits import holdout, per_class

    data = check(load(rows())).dataset
    rest, held = holdout(data.labels, data.groups, 0.2, derive_seed(0, "holdout"))
    some = rest[per_class(data.labels[rest], 4, derive_seed(0, "size", 2))]
    predictor = hs.fit(hs.methods.NearestCentroid(), base, (data.array[some], data.labels[some]))
    answers = np.array([int(one.label) for one in predictor.predict(data.array[held])])
    shares = [(answers == c)[data.labels[held] == c].mean() for c in range(3)]
    point = found.of("nearest-centroid")[2]
    assert (point.labels_per_class, point.seeds) == (4, [0, 1, 2])
    assert point.score[2] == pytest.approx(np.mean(shares))


def test_means_intervals_and_gains_by_hand(found):
    """Student's half-width over three seeds, and the scores' own: never narrower than either."""
    for point, first in zip(found.of("fine-tune"), found.of("nearest-centroid"), strict=True):
        values = np.array(point.score)
        half = 4.302652729749462 * values.std(ddof=1) / math.sqrt(3)
        assert point.mean == pytest.approx(values.mean())
        assert point.interval.low <= max(0, values.mean() - half)
        assert point.interval.high >= min(1, values.mean() + half)
        gains = values - np.array(first.score)
        spread = 4.302652729749462 * gains.std(ddof=1) / math.sqrt(3)
        assert point.gain.value == pytest.approx(gains.mean())
        assert point.gain.low <= max(-1, gains.mean() - spread)
        assert first.gain is None
    assert found.methods == list(TWO)
    assert [p.method for p in found.points] == ["nearest-centroid"] * 3 + ["fine-tune"] * 3


def test_seeds_and_test_rows_are_added_in_squares():
    """.6 and .8: Student's half-width is 12.706 * .1414 / sqrt(2) = 1.2706; own ends are .05 and .1 away."""
    figures = [Interval(0.6, 0.55, 0.7), Interval(0.8, 0.75, 0.9)]
    found = mean_of_figures(figures, -9, 9)
    assert found.value == pytest.approx(0.7)
    assert found.low == pytest.approx(0.7 - math.hypot(1.2706, 0.05), abs=1e-4)
    assert found.high == pytest.approx(0.7 + math.hypot(1.2706, 0.1), abs=1e-4)
    same = mean_of_figures([Interval(0.6, 0.5, 0.7)] * 5)
    assert (same.low, same.high) == pytest.approx((0.5, 0.7))  # seeds that agree leave the test rows
    assert mean_of_figures(figures[:1]) is None


def test_rows_of_a_patient_are_no_more_than_the_patient(base):
    """Thirty rows a patient: the interval over seeds alone is a third of what 12 test patients leave open."""
    x, y = rows(classes=2, each=30, seed=3)
    x, y, groups = np.repeat(x, 8, 0), np.repeat(y, 8), np.repeat(np.arange(60), 8)
    noisy = x + 0.01 * np.random.default_rng(0).normal(size=x.shape).astype(np.float32)
    settings = {"methods": ["nearest-centroid"], "labels_per_class": [40], "seeds": 3}
    grouped = hs.curve(base, hs.data.load(noisy, labels=y, groups=groups), **settings).points[0]
    alone = hs.curve(base, (noisy, y), **settings).points[0]
    assert grouped.interval.high - grouped.interval.low > 1.5 * (alone.interval.high - alone.interval.low)


def test_from_scratch_is_among_the_defaults_and_few_labels_get_enough_steps(base, monkeypatch):
    seen = spied(monkeypatch)
    hs.curve(base, rows(), labels_per_class=[1, 12], seeds=1, epochs=6, steps=8, batch=24)
    assert list(dict.fromkeys(method.label for _, method, *_ in seen)) == list(DEFAULT)
    assert "from-scratch" in DEFAULT
    steps = {len(some) // 3: recipe.steps for _, m, some, recipe, _ in seen if m.label == "fine-tune"}
    assert steps == {1: 8, 12: 9}  # 9 batches of 24 rows are 6 epochs of 36


def test_one_seed_has_no_interval(base):
    for point in hs.curve(base, rows(), **SMALL | {"seeds": 1}).points:
        assert point.interval is None
        assert point.gain is None


def test_sizes_beyond_the_smallest_class_are_left_out_and_said(base):
    x, y = rows()
    keep = np.flatnonzero((y != 2) | (np.arange(len(y)) < 30))  # 10 rows of the last class
    found = hs.curve(base, (x[keep], y[keep]), **SMALL | {"labels_per_class": (2, 8, 9, 50)})
    assert found.labels_per_class == [2, 8]
    assert found.notes[:2] == [
        "9 labels a class are left out: the class '2' has 8 rows to learn from.",
        "50 labels a class are left out: the class '2' has 8 rows to learn from.",
    ]
    assert {p.labels_per_class for p in found.points} == {2, 8}


def test_no_size_at_all(base, tmp_path):
    with pytest.raises(
        BadData, match=r"has 16 rows to learn from, and the smallest subset takes 90 .*labels_per_class"
    ):
        hs.curve(base, rows(), labels_per_class=[90], out=tmp_path / "new")
    assert not any((tmp_path / "new" / "steps").glob("*"))
    assert not (tmp_path / "new" / "study.json").exists()


def test_what_diverged_is_left_out_and_said(base, monkeypatch):
    real = SubsetTrials.outputs

    def outputs(self, method, epochs, k, seed, name, checkpoint=None):
        if method.label == "fine-tune" and (k == 2 or seed == 1):
            raise Diverged("the loss is nan.")
        return real(self, method, epochs, k, seed, name, checkpoint)

    monkeypatch.setattr(SubsetTrials, "outputs", outputs)
    found = hs.curve(base, rows(), **SMALL)
    tuned = found.of("fine-tune")
    assert [(p.labels_per_class, p.seeds) for p in tuned] == [(1, [0, 2]), (4, [0, 2])]
    first = found.of("nearest-centroid")[0].score
    mine = tuned[0].score
    assert tuned[0].gain.value == pytest.approx((mine[0] - first[0] + mine[1] - first[2]) / 2)
    assert len(found.notes) == 5 + len(base.notes)
    assert "Fine-tuning with 2 labels a class, seed 0, is left out: the loss is nan." in found.notes


def test_methods_may_be_objects_with_settings_and_are_named_once(base):
    methods = [hs.methods.FineTune(last=1), "nearest-centroid", "nearest-centroid", "fine-tune:last=1"]
    found = hs.curve(base, rows(), **SMALL | {"methods": methods, "seeds": 1})
    assert found.methods == ["fine-tune:last=1", "nearest-centroid"]
    assert found.points[0].title == "Fine-tuning (last = 1)"


LONG = SMALL | {"methods": ("fine-tune", "lp-ft"), "steps": 8, "seeds": 2}


@pytest.fixture(scope="module")
def whole(base, tmp_path_factory):
    """The bytes of the uninterrupted curve."""
    out = tmp_path_factory.mktemp("whole") / "run"
    hs.curve(base, rows(), out=out, **LONG)
    return (out / "curve.json").read_bytes()


@pytest.mark.parametrize("number", [1, 4, 12])
def test_interrupted_in_a_training_and_resumed_to_the_same_bytes(base, tmp_path, number, whole):
    progress, out = Progress(), tmp_path / "run"
    progress.watch = Ctrl(number).watch
    with pytest.raises(KeyboardInterrupt):
        hs.curve(base, rows(), out=out, progress=progress, **LONG)
    assert not (out / "curve.json").exists()
    assert any((out / "steps").glob("*.checkpoint"))
    hs.curve(base, rows(), out=out, resume=True, **LONG)
    assert (out / "curve.json").read_bytes() == whole


def test_a_finished_curve_is_not_computed_again(base, tmp_path, monkeypatch):
    first = hs.curve(base, rows(), out=tmp_path / "run", **SMALL)
    monkeypatch.setattr(Session, "fit", None)
    assert hs.curve(base, rows(), out=tmp_path / "run", resume=True, **SMALL) == first
    assert SizeCurve.read(tmp_path / "run" / "curve.json") == first


def test_what_can_t_be_gone_on_with(base, tmp_path):
    out = tmp_path / "run"
    hs.curve(base, rows(), out=out, **SMALL)
    with pytest.raises(CannotWrite, match="resume=True goes on with it"):
        hs.curve(base, rows(), out=out, **SMALL)
    with pytest.raises(BadInput, match=r"another study: it differs in seeds \(was 3, is 2\)"):
        hs.curve(base, rows(), out=out, resume=True, **SMALL | {"seeds": 2})
    with pytest.raises(BadInput, match="differs in the data"):
        hs.curve(base, rows(seed=1), out=out, resume=True, **SMALL)
    with pytest.raises(BadInput, match="differs in the backbone"):
        hs.curve(made(1), rows(), out=out, resume=True, **SMALL)
    hs.adapt(base, rows(), out=tmp_path / "adapted", methods=("nearest-centroid",), **QUICK)
    with pytest.raises(BadInput, match=r"another study: it differs in study \(was None, is 'curve'\)"):
        hs.curve(base, rows(), out=tmp_path / "adapted", resume=True, **SMALL)


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        (
            {"labels_per_class": []},
            BadInput,
            "labels_per_class is ().*one or more whole numbers",
        ),
        ({"labels_per_class": [2, 1]}, BadInput, "rising"),
        ({"labels_per_class": [1, 1]}, BadInput, "rising"),
        ({"labels_per_class": [0, 1]}, BadInput, ">= 1"),
        ({"labels_per_class": [1.5]}, BadInput, "whole numbers"),
        ({"seeds": 0}, BadInput, "seeds is 0"),
        ({"epochs": 0}, BadInput, "epochs is 0"),
        ({"steps": 0}, BadInput, "steps is 0"),
        ({"test": 1.0}, BadInput, "test is 1.0"),
        ({"lr": -1}, BadInput, "lr is -1"),
        ({"methods": "fine-tune"}, BadInput, "methods is 'fine-tune'; it must be a list"),
        ({"methods": ["fine-tun"]}, Unknown, "Did you mean 'fine-tune'"),
        ({"label_per_class": [1]}, Unknown, "No option of curve is called 'label_per_class'"),
    ],
)
def test_bad_settings_are_named(base, options, kind, words, tmp_path):
    with pytest.raises(kind, match=words.replace("(", r"\(").replace(")", r"\)")):
        hs.curve(base, rows(), out=tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


def test_nothing_of_the_caller_s_is_changed():
    net, (x, y) = network(), rows()
    before, copied = {k: v.clone() for k, v in net.state_dict().items()}, x.copy()
    hs.curve(net, (x, y), **SMALL)
    assert all((value == net.state_dict()[name]).all() for name, value in before.items())
    assert (x == copied).all()


def test_the_record_is_json_that_reads_back(found, tmp_path):
    (tmp_path / "curve.json").write_text(found.to_json())
    assert SizeCurve.read(tmp_path / "curve.json") == found
    assert json.loads(found.to_json())["schema"] == 3
