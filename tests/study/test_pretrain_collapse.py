"""`pretrain` tells a collapse and a loss that is stuck, by its rules."""

import math
from dataclasses import dataclass
from typing import final

import pytest
import torch
from tests.study.test_pretrain import QUICK, net, world
from torch.nn.functional import normalize

import headstart as hs
from headstart.core import About, Descend, Loss, Model, Seeded
from headstart.methods.mapping.pretraining._self_supervised import SelfSupervised, encoder_parts, learning
from headstart.studies.pretrain import Evaluated
from headstart.studies.pretrain.embedding_map import principal
from headstart.studies.pretrain.page import terminal, view
from headstart.studies.pretrain.watching import is_collapsed, is_stuck, thinned


@final
@dataclass(frozen=True, kw_only=True)
class SameForAll(SelfSupervised[Seeded]):
    """A positive pair alone, as SimSiam without its stop-gradient: all features become the same."""

    about = About("same-for-all", "start", "mapping", Seeded, "arXiv:2011.10566", per_sample_loss=False)

    def parts(self, backbone, task):
        return encoder_parts(self, backbone, task)

    def moves(self):
        return (Descend(self.loss, on=learning()),)

    def loss(self, parts, batch, ctx):
        z = normalize(parts["backbone"](batch.x), dim=1)
        return Loss.sum(apart=1 - (z @ z.T).mean())

    def predictor(self, parts):
        return Model.of(parts)


def test_a_collapse_is_seen_and_told(tmp_path):
    options = {**QUICK, "method": SameForAll(), "steps": 150, "lr": 0.03, "evaluations": 1}
    found = hs.pretrain(net(), world(), out=tmp_path / "enc", **options).result
    assert found.collapsed
    assert found.after.spread < found.before.spread / 5
    assert found.after.uniformity > found.before.uniformity
    assert any("collapsed" in note for note in found.notes)
    assert "collapsed" in view(found, tmp_path)["headline"]
    assert "collapsed" in terminal(found).answer[0]


def test_a_collapse_by_its_rules():
    def encoder(spread, rank):
        return Evaluated(1, None, None, rank, spread, None, None)

    chance = 1 / math.sqrt(64)
    assert is_collapsed(encoder(0.019 * chance, 9.0), 64, 10)
    assert not is_collapsed(encoder(0.021 * chance, 9.0), 64, 10)
    assert is_collapsed(encoder(chance, 1.9), 64, 10)
    assert not is_collapsed(encoder(chance, 2.1), 64, 10)
    assert not is_collapsed(encoder(1.0, 1.0), 1, 10)  # one feature has no more directions
    assert not is_collapsed(encoder(chance, 1.9), 64, 9)  # nor have a few rows
    assert not is_collapsed(encoder(0.0, 1.0), 64, 1)  # a single one has no spread
    assert is_collapsed(encoder(0.019 * chance, 1.9), 64, 2)


def test_stuck_by_its_rule():
    """The last quarter of eight losses is two of them."""
    assert is_stuck([0.1] * 6 + [0.99, 0.97], 1.0)
    assert not is_stuck([1.0] * 6 + [0.98, 0.97], 1.0)
    assert not is_stuck([9.0], None)


def test_views_that_say_nothing_are_stuck_at_chance(tmp_path):
    """Samples of noise that no view keeps: nothing can be told apart."""
    data = torch.randn(64, 6, generator=torch.Generator().manual_seed(0)).numpy()
    method = "simclr:corruption=1,hidden=8,out=4"
    found = hs.pretrain(net(), data, out=tmp_path / "enc", **{**QUICK, "method": method, "steps": 20}).result
    assert found.stuck
    assert any("stuck" in note for note in found.notes)


def test_the_curve_keeps_its_mean():
    pairs = thinned([float(step) for step in range(10)], 4)
    assert [stop for stop, _ in pairs] == [2, 5, 8, 10]
    assert [loss for _, loss in pairs] == pytest.approx([0.5, 3, 6, 8.5])


def test_the_map_is_made_by_umap_where_that_is_installed(tmp_path, monkeypatch):
    """A stand-in for the package, which gives the first two columns that it is given."""
    lines = ["class UMAP:", "    def __init__(self, **how): self.how = how"]
    lines += ["    def fit_transform(self, x): return x[:, :2] * (self.how['metric'] == 'cosine')"]
    (tmp_path / "umap.py").write_text("\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(tmp_path)
    found = hs.pretrain(net(), world(), out=tmp_path / "enc", **QUICK)
    assert found.result.projection == "UMAP"
    assert len(found.result.map) == 18
    assert max(abs(one.x) + abs(one.y) for one in found.result.map) > 0


def test_principal_components_are_those_of_a_line():
    """Points on a line through (1, 2): all lies in the first component, in their order."""
    spots = principal(torch.tensor([[0.0, 0.0], [1.0, 2.0], [3.0, 6.0]], dtype=torch.float64))
    assert spots[:, 1].abs().max().item() < 1e-9
    apart = (spots[1:, 0] - spots[:-1, 0]).tolist()
    assert apart == pytest.approx([5**0.5, 2 * 5**0.5])
