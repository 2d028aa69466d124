"""Probes of every block: by hand, against fits done again, against chance, and what is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.study.experiments import made, rows
from torch import nn

import headstart as hs
from headstart.core import BadData, BadInput, CannotWrite, Unknown, derive_seed
from headstart.data.load import load
from headstart.methods.outputs.probing.knn import KNN
from headstart.models.backbone import backbone
from headstart.models.places import Places
from headstart.models.untrained import seeded
from headstart.session.session import Session
from headstart.solvers.penalty_selection import RIDGE_GRID, spread
from headstart.solvers.ridge import one_hot, ridge
from headstart.studies.adapt.evaluation import probe_layers
from headstart.studies.probe import Probing
from headstart.studies.probe.outputs import Outputs, read_blocks
from headstart.studies.probe.probes import PROBES, Tasks, attend
from headstart.studies.probe.run import chance, draw_rows, probe_block

ALL = ("ridge", "logistic", "knn", "attentive")


def bench(y, classes, controls=3, seed=0, groups=None):
    """Labels and random ones, as the study makes them."""
    y = torch.as_tensor(y)
    groups = np.arange(len(y)) if groups is None else groups
    tasks = [y, *(y[draw_rows(groups, derive_seed(seed, number))] for number in range(controls))]
    return Tasks(tasks, classes, torch.from_numpy(groups), torch.arange(len(y)) % 5)


def noise(n, width, seed=0):
    return torch.randn(n, width, generator=torch.Generator().manual_seed(seed))


def by_places(value):
    """A block that keeps the places (n, p, d)."""
    there = torch.ones(value.shape[:2], dtype=torch.bool)
    return Outputs("block", value.mean(1), Places(value, there))


@pytest.fixture(scope="module")
def pictures():
    """A small convolutional network, and pictures where one quarter tells the class."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    x = rng.normal(size=(60, 1, 8, 8)).astype(np.float32)
    x[np.arange(60), 0, 0, 0] += 6 * (2 * y - 1)
    with seeded(0):
        net = nn.Sequential(
            nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 8, 3, padding=1), nn.ReLU(), nn.Flatten()
        )
        net.append(nn.Linear(8 * 64, 2))
    return backbone(net, example=torch.zeros(2, 1, 8, 8)), (x, y)


def test_ridge_scores_are_those_of_fits_done_again_without_the_row():
    base, (x, y) = made(), rows(each=8)
    found = hs.probe(base, (x, y), control=0)
    data, labels = load((x, y)), torch.from_numpy(y)
    [block] = [one for one in read_blocks(Session(base, data), np.arange(24)) if one.block == "1"]
    best = None
    for penalty in (spread(block.features) * factor for factor in RIDGE_GRID):
        told = torch.stack(
            [_left_out(block.features.double(), labels, row, penalty) for row in range(len(labels))]
        )
        scales = torch.logspace(-2, 3, 400, dtype=torch.float64)
        loss = min(float(nn.functional.cross_entropy(told * s, labels)) for s in scales)
        if best is None or loss < best[0]:
            best = (loss, float((told.argmax(1) == labels).double().mean()))
    assert [one.score.value for one in found.of("ridge") if one.block == "1"] == [best[1]]


def _left_out(x, labels, row, penalty):
    mine = torch.arange(len(x)) != row
    fit = ridge(x[mine], one_hot(labels[mine], 3, torch.float64), penalty)
    return fit.weight @ x[row] + fit.bias


@pytest.mark.parametrize("probe", ALL)
def test_random_features_score_like_chance_however_well_they_are_learned_by_heart(probe):
    n, width = 150, 400  # wider than there are rows: every labelling can be fitted
    y = torch.randint(3, (n,), generator=torch.Generator().manual_seed(1))
    value = noise(n, 2 * width).reshape(n, 2, width)
    block = Outputs("b", value[:, 0]) if probe != "attentive" else by_places(value)
    found = probe_block(probe, block, bench(y, 3, controls=40 if probe in ("ridge", "knn") else 5), 0)
    assert abs(found.score.value - 1 / 3) < 0.13
    assert abs(found.control - 1 / 3) < 0.06  # the class drawn most often has 37 % of 150 rows
    assert found.memory > 0.9 or found.memory > found.control + 0.3


def test_a_probe_that_scores_on_its_own_rows_would_be_caught():
    """The planted leak: on rows that it was fitted to, a probe gets random labels right."""
    y = torch.arange(90) % 3
    features = 0.5 * noise(90, 300)
    features[:, :3] += 2 * one_hot(y, 3)
    found = probe_block("ridge", Outputs("b", features), bench(y, 3), 0)
    assert found.seen == 1.0
    assert found.memory > 0.9
    assert found.control < 0.5
    assert found.score.value > 0.8
    assert found.selectivity == pytest.approx(found.score.value - found.control)
    near = probe_block("knn", Outputs("b", features), bench(y, 3), 0)
    assert near.memory > 0.9
    assert near.control < 0.5


def test_random_labels_have_no_bias_where_shuffled_ones_do():
    """A row finds its own class rarer among the others if labels are only shuffled."""
    y, features = torch.arange(40) % 4, Outputs("b", noise(40, 2))
    drawn = probe_block("ridge", features, bench(y, 4, controls=60), 0).control
    mixed = [y[torch.from_numpy(np.random.default_rng(seed).permutation(40))] for seed in range(60)]
    shuffled = Tasks([y, *mixed], 4, torch.arange(40), torch.arange(40) % 5)
    assert drawn > 0.22
    assert probe_block("ridge", features, shuffled, 0).control < drawn - 0.04


def test_rows_that_belong_together_are_left_out_together():
    """Each thing is there twice, almost the same: only by its twin could a probe know it."""
    half = noise(40, 200)
    features = torch.cat([half, half + 0.01 * noise(40, 200, 1)])
    y = torch.cat([torch.arange(40) % 2] * 2)
    twins = np.tile(np.arange(40), 2)
    for probe in ("ridge", "knn"):
        alone = probe_block(probe, Outputs("b", features), bench(y, 2, 0), 0)
        together = probe_block(probe, Outputs("b", features), bench(y, 2, 0, groups=twins), 0)
        assert alone.score.value > 0.9
        assert together.score.value < 0.75
    drawn = draw_rows(twins, 5)
    assert np.array_equal(drawn[:40], drawn[40:])


def test_knn_chooses_and_counts_like_the_method():
    x, y = (torch.from_numpy(array) for array in rows(each=15))
    [said] = PROBES["knn"](Outputs("b", x), bench(y, 3, 0))
    head = KNN().solve(x, y, 3)
    centred = nn.functional.normalize(x - x.mean(0), dim=1)
    similar = (centred @ centred.T).fill_diagonal_(-torch.inf)
    assert torch.allclose(said.held_out, head.tally(similar), atol=1e-5)
    assert torch.allclose(said.fitted, head(x), atol=1e-4)


def test_attention_finds_the_one_place_that_tells():
    """The class stands at a place that is marked, another one in each row; the mean drowns it in noise."""
    n, p = 120, 12
    generator = np.random.default_rng(0)
    y, where = torch.arange(n) % 2, torch.from_numpy(generator.integers(p, size=n))
    value = noise(n, p * 4).reshape(n, p, 4)
    value[:, :, 0] = 0
    value[torch.arange(n), where, 0] = 6.0
    value[torch.arange(n), where, 1] = (2.0 * y - 1) * 2
    block = by_places(value)
    both = {name: probe_block(name, block, bench(y, 2, 1), 0).score.value for name in ("attentive", "ridge")}
    assert both["attentive"] > both["ridge"] + 0.1
    padded = Places(torch.cat([value, 1e3 * noise(n, 8).reshape(n, 2, 4)], 1), torch.arange(p + 2) < p)
    padded = Places(padded.value, padded.there.expand(n, -1))
    tasks, folds = [y], torch.arange(n) % 5
    plain = Places(value, torch.ones(n, p, dtype=torch.bool))
    for one, other in zip(attend(padded, tasks, 2, folds)[0], attend(plain, tasks, 2, folds)[0], strict=True):
        assert torch.allclose(one, other, atol=1e-3)


def test_no_reader_learns_from_the_fold_that_it_is_asked_about(monkeypatch):
    monkeypatch.setattr("headstart.studies.probe.probes.MARKS", (80,))  # nothing to choose
    value, y = noise(40, 30).reshape(40, 3, 10), torch.arange(40) % 2
    folds, other = torch.arange(40) % 5, y.clone()
    other[folds == 2] = 1 - other[folds == 2]
    found = Places(value, torch.ones(40, 3, dtype=torch.bool))
    first, second = (attend(found, [labels], 2, folds)[0][0] for labels in (y, other))
    assert torch.allclose(first[folds == 2], second[folds == 2], atol=1e-5)
    assert not torch.allclose(first[folds == 1], second[folds == 1], atol=1e-2)


@pytest.mark.slow
def test_all_probes_on_all_blocks_from_one_pass(pictures, monkeypatch, tmp_path):
    base, data = pictures
    asked = []
    real = Session.samples
    monkeypatch.setattr(
        Session, "samples", lambda self, some: asked.extend(some.tolist()) or real(self, some)
    )
    found = hs.probe(base, data, probes=ALL, control=2, out=tmp_path / "out")
    assert sorted(asked) == list(range(60))
    assert [one.probe for one in found.table] == [name for name in ALL for _ in found.of("ridge")]
    assert {one.places for one in found.of("attentive")} == {49}
    assert all(len(one.controls) == 2 for one in found.table)
    assert found.chance == 0.5
    assert found.best("attentive").score.value > 0.8
    assert found.of("ridge") == hs.probe(base, data, control=2).table
    assert Probing.read(tmp_path / "out" / "probe.json") == found
    assert hs.probe(base, data, probes=ALL, control=2).to_json() == found.to_json()


def test_layers_of_adapt_are_the_ridge_probe():
    base, (x, y) = made(), rows()
    layers = probe_layers(Session(base, load((x, y)), metric="accuracy"), np.arange(len(y)))
    found = hs.probe(base, (x, y), control=0)
    assert [(one.block, one.width, one.score) for one in layers] == [
        (one.block, one.width, one.score) for one in found.table
    ]
    assert [one.control for one in found.table] == [None] * 3
    assert [one.selectivity for one in found.table] == [None] * 3


def test_blocks_without_places_are_named(pictures):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.line = nn.Conv2d(1, 6, 3), nn.Linear(6, 5)

        def forward(self, x):
            return self.line(self.conv(x).relu().mean((2, 3))).tanh()

    _, (x, y) = pictures
    with seeded(0):
        net = Net()
    found = hs.probe(net, (x, y), probes=["ridge", "attentive"], control=0)
    assert [one.block for one in found.of("attentive")] == ["conv"]
    assert any("line, whose output has a single place" in note for note in found.notes)
    with pytest.raises(BadInput, match="nothing to attend to"):
        hs.probe(made(), rows(), probes=["attentive"])


@pytest.mark.slow
def test_tags_and_numbers():
    x, y = rows(each=30)
    base = made()
    tags = np.stack([y == 0, y != 1], 1)
    found = hs.probe(base, (x, tags), probes=["ridge", "logistic", "knn"], control=2)
    assert (found.label_kind, found.metric) == ("tags", "average_precision")
    assert found.chance == pytest.approx((1 / 3 + 2 / 3) / 2)
    assert all(one.score.value > found.chance + 0.2 for one in found.table)
    assert all(abs(one.control - found.chance) < 0.2 for one in found.table)
    numbers = (x[:, :1] * 3 + 100 + np.random.default_rng(0).normal(size=(90, 1))).astype(np.float64)
    found = hs.probe(base, (x, numbers), probes=["ridge", "knn"], control=2)
    assert (found.label_kind, found.metric, found.chance) == ("numbers", "r2", 0.0)
    assert found.best("ridge").score.value > 0.5
    assert all(one.control < 0.1 for one in found.table)
    with pytest.raises(BadInput, match="logistic"):
        hs.probe(base, (x, numbers), probes=["logistic"])


def test_chance_is_the_best_blind_answer():
    assert chance(np.array([0, 0, 0, 1])) == 0.75
    assert chance(np.array([[True, False], [False, False]])) == 0.5  # a tag that no row has does not count
    assert chance(np.array([[1.0], [2.0]])) == 0.0


def test_a_split_of_yours_keeps_its_test_rows(tmp_path):
    x, y = rows()
    lines = [",".join([*map(str, row), f"c{k}"]) for row, k in zip(x.tolist(), y.tolist(), strict=True)]
    sides = ["test" if number % 4 == 0 else "train" for number in range(len(lines))]
    path = tmp_path / "table.csv"
    path.write_text("\n".join(["a,b,c,d,e,f,label,split", *map(",".join, zip(lines, sides, strict=True))]))
    found = hs.probe("table", load(path, split_column="split"), control=0)
    assert found.rows == 45


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        (Unknown, {"probes": ["rigde"]}, "Did you mean 'ridge'"),
        (Unknown, {"controls": 3}, "Did you mean 'control'"),
        (BadInput, {"probes": []}, "one or more of ridge, logistic, knn, attentive"),
        (BadInput, {"probes": "ridge"}, "a list of probes"),
        (BadInput, {"control": -1}, "control is"),
        (BadInput, {"folds": 1}, "folds is"),
    ],
)
def test_what_is_refused(kind, options, said):
    with pytest.raises(kind, match=said):
        hs.probe(made(), rows(), **options)


def test_too_few_rows_no_blocks_and_a_full_folder(tmp_path):
    x, y = rows()
    with pytest.raises(BadData, match="has 2 groups, and these probes need 4"):
        hs.probe(made(), (x[[0, 0, 1, 1]], y[[0, 0, 1, 1]]))  # duplicates belong together
    with pytest.raises(BadData, match="has 4 rows, and these probes need 5"):
        hs.probe(made(), (x[[0, 3, 1, 4]], y[[0, 3, 1, 4]]), probes=["logistic"])
    bare = made()
    bare.anatomy = replace(bare.anatomy, blocks=())
    with pytest.raises(BadInput, match="no blocks"):
        hs.probe(bare, (x, y))
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite, match="not empty"):
        hs.probe(made(), (x, y), out=tmp_path)
    assert json.loads(hs.probe(made(), (x, y), control=0).to_json())["schema"] == 2
