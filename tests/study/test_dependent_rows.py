"""Rows of one patient are right or wrong together: every study's intervals count patients, not rows."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn

import headstart as hs
from headstart.core import make
from headstart.data.check import check, dependent_rows
from headstart.data.train_test_split import train_and_test
from headstart.metrics.intervals import score_all, wilson
from headstart.metrics.units import units_of
from headstart.models.backbone import backbone
from headstart.session.scoring import difference
from headstart.studies import build_page
from headstart.studies.adapt.choice import CandidateResult, lead

SLICES = 12


def patients(n=60, seed=1, shift=0.0, slices=SLICES):
    """What is measured belongs to the patient: rows (n * slices, 5) that nearly repeat it, and its label."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    own = rng.normal(size=(n, 5)) + shift
    own[:, 0] += y
    x = np.repeat(own, slices, 0) + 0.1 * rng.normal(size=(n * slices, 5))
    x, y, groups = x.astype(np.float32), np.repeat(y, slices), np.repeat(np.arange(n), slices)
    return hs.data.load(x, labels=y, groups=groups, name="patients")


def net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 2))


def is_of_groups(interval, rows, slices=SLICES):
    """Whether a share's interval is at least as wide as that of a third more units than there are."""
    alone, units = wilson(round(interval.value * rows), rows), rows / slices * 4 / 3
    enough = wilson(round(interval.value * units), round(units))
    assert enough.high - enough.low > 2 * (alone.high - alone.low)
    return interval.high - interval.low > enough.high - enough.low


@pytest.mark.slow
def test_adapt_counts_patients_in_every_figure(tmp_path):
    done = hs.adapt(
        net(),
        patients(),
        out=tmp_path / "run",
        methods=("ridge-probe", "nearest-centroid"),
        folds=2,
        epochs=1,
        curve=False,
    )
    result = done.result
    assert (result.test_rows, result.test_groups) == (144, 12)
    assert "144 unseen rows in 12 groups of patients" in result.headline
    assert is_of_groups(result.tested[0].scores["accuracy"], 144)
    for candidate in result.candidates:
        assert is_of_groups(candidate.scores["accuracy"], result.train_rows)
    assert is_of_groups(result.layers[0].score, result.train_rows)
    constant = result.tested[-1]
    assert constant.gain.high - constant.gain.low > 0.4  # of rows 0.15
    assert "144 test rows count as 12 independent groups" in build_page(done.folder).read_text()


def test_copies_of_rows_are_one_row(tmp_path):
    """Each row stands there eight times, without a word of groups."""
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(80) % 2, 8)
    x = np.repeat(rng.normal(size=(80, 4)) + np.arange(80)[:, None] % 2, 8, 0)
    settings = {"methods": ("ridge-probe",), "folds": 2, "curve": False}
    result = hs.adapt(nn.Identity(), (x, y), out=tmp_path / "run", **settings).result
    assert result.test_rows == 8 * result.test_groups
    assert is_of_groups(result.tested[0].scores["accuracy"], result.test_rows, 8)
    data = hs.data.load((x, y))
    assert (
        dependent_rows(data).tolist() == check(data).groups.tolist() == np.repeat(np.arange(80), 8).tolist()
    )


def test_the_race_drops_nobody_for_one_patient_less():
    """11 of 12 patients against 9 of 12, with 12 rows each: clear of rows, chance of patients."""
    data = patients(12)
    right = torch.from_numpy(np.eye(2)[data.labels] * 9).float()
    results = []
    for wrong in (1, 3):
        logits = torch.where(torch.from_numpy(data.groups < wrong)[:, None], -right, right)
        results.append(CandidateResult(make("ridge-probe"), logits, np.arange(len(data)), 1))
    gain = lead(*results, data, "accuracy", 0)
    assert gain.value > 0.1
    assert gain.low < 0 < gain.high
    assert lead(*results, hs.data.load((data.array, data.labels)), "accuracy", 0).low > 0


def test_align_and_rank_and_probe_and_search_count_patients(tmp_path):
    source, target = patients(seed=1), patients(seed=2, shift=0.3)
    found = hs.align(source, target, net(), methods=("source-only",), epochs=2, seeds=1)
    assert is_of_groups(found.result.table[0].last, found.result.test_rows)
    ranked = hs.rank(
        [backbone(net(), example=torch.zeros(2, 5))], source, scores=("knn",), tune="ridge-probe"
    )
    assert is_of_groups(ranked.table[0].accuracy, 120)
    probed = hs.probe(backbone(net(), example=torch.zeros(2, 5)), source, control=0)
    assert (probed.rows, probed.groups) == (720, 60)
    assert is_of_groups(probed.table[0].score, 720)


def test_search_counts_patients(tmp_path, monkeypatch):
    given = []

    def spied(first, second, labels, groups, *more):
        given.append(groups)
        return difference(first, second, labels, groups, *more)

    monkeypatch.setattr("headstart.studies.search.validation.difference", spied)
    hs.search(net(), patients(), out=tmp_path / "s", methods=("ridge-probe",), trials=2, folds=2, epochs=1)
    assert [np.bincount(groups).max() for groups in given] == [SLICES]


def test_shortcuts_count_patients():
    data = patients()
    model = hs.fit(hs.methods.RidgeProbe(), nn.Identity(), patients(seed=3))
    found = hs.shortcuts(model, data, features=("column 0",))
    assert is_of_groups(found.accuracy, 720)
    alone = hs.shortcuts(model, hs.data.load((data.array, data.labels)), features=("column 0",))
    drop, other = found.changes[0].drop, alone.changes[0].drop
    assert drop.value == pytest.approx(other.value)
    assert drop.high - drop.low > 1.5 * (other.high - other.low)


def test_a_row_that_comes_again_in_a_stream_is_no_new_row():
    """300 rows, four times each under another name of a shift that changes nothing."""
    data = patients(300, slices=1)
    model = hs.fit(hs.methods.RidgeProbe(), net(), patients(300, seed=3, slices=1))
    once = hs.data.streams.recurring(data, [None], repeats=1)
    again = hs.data.streams.recurring(data, [None], repeats=4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first, fourth = (
            hs.prequential("lame", model, stream, compare=("source",), batch=50, protect=False)
            .method("source")
            .accuracy
            for stream in (once, again)
        )
    assert fourth.value == pytest.approx(first.value)
    assert fourth.high - fourth.low == pytest.approx(first.high - first.low, rel=0.05)
    grouped = hs.prequential(
        "lame",
        model,
        hs.data.streams.mixed(patients(), [None]),
        compare=("source",),
        batch=50,
        protect=False,
    )
    assert is_of_groups(grouped.method("source").accuracy, 720)
    assert is_of_groups(grouped.method("source").segments[0].accuracy, 720)


def test_the_figures_of_patients_are_those_of_one_place(tmp_path):
    """The interval in the record is that of `score_all` on the saved model's own answers."""
    data = patients()
    done = hs.adapt(
        nn.Identity(), data, out=tmp_path / "run", methods=("ridge-probe",), folds=2, curve=False, test=0.3
    )
    test = data.subset(train_and_test(check(data).dataset, 0.3, 0)[1])
    answers = hs.open(done.folder, backbone=nn.Identity()).probabilities(test.array)
    expected = score_all(answers, test.labels, 0, test.groups)
    figures = done.result.tested[0].scores.figures
    for name in ("accuracy", "log_loss", "macro_f1"):
        close = pytest.approx(tuple(expected[name]), rel=1e-4, abs=1e-6)
        assert (figures[name].value, figures[name].low, figures[name].high) == close
    assert units_of(len(test), test.groups).count == done.result.test_groups
