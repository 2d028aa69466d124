"""What a task adds to an untouched backbone, in bytes, and adapters that are tried where time is left."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.study.test_budget import clock as clock  # a fixture
from tests.study.test_selection import DATA, FOLDS, Scripted
from torch import nn

import headstart as hs
from headstart.core import make
from headstart.models import backbone
from headstart.predictor.export_adapters import export_adapters
from headstart.run.progress import Progress
from headstart.run.step_cache import StepCache
from headstart.studies._store import StudyFolder
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt.budget import Budget
from headstart.studies.adapt.candidates import CrossValidation
from headstart.studies.adapt.costs import Amounts
from headstart.studies.adapt.plan import fold_name, make_plan, refit_name
from headstart.studies.adapt.usual_methods import usual_adapters, usual_methods

WIDTH = 8
EXAMPLE = torch.arange(2.0 * 3 * WIDTH).view(2, 3, WIDTH).sin()


class Reader(nn.Module):
    """A layer of a transformer over three tokens of eight numbers."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.layer = nn.TransformerEncoderLayer(WIDTH, 2, 16, dropout=0.0, batch_first=True)
            self.norm = nn.LayerNorm(WIDTH)

    def forward(self, x):
        return self.norm(self.layer(x)).mean(1)


def rows():
    y = np.arange(24) % 2
    x = np.random.default_rng(0).normal(size=(24, 3, WIDTH)).astype(np.float32)
    return x + y[:, None, None].astype(np.float32), y


@pytest.fixture(scope="module")
def candidates(tmp_path_factory):
    names = ("ridge-probe", "fine-tune", "lora:rank=1", "bottleneck-adapters:size=2")
    how = {"epochs": 1, "folds": 2, "curve": False, "reading": "own", "methods": names}
    found = hs.adapt(
        backbone(Reader(), example=EXAMPLE),
        rows(),
        out=tmp_path_factory.mktemp("run") / "o",
        **how,
    )
    return {one.name: one for one in found.result.candidates}, found


def test_bytes_by_hand(candidates):
    """A head has 8 x 2 + 2 numbers of four bytes, a layer (24 + 8 + 16 + 16) x 8 weights.

    LoRA of rank 1 has inputs + outputs of each of four weights: 8 + 24, 8 + 8, 8 + 16, 16 + 8. Two
    bottlenecks of size 2 have 2 x 2 x 8 + 8 + 2 each, and three norms of 16 learn with them.
    """
    one, head = candidates[0], 4 * 18
    assert one["ridge-probe"].added_bytes == head
    whole = 4 * sum(each.numel() for each in Reader().parameters())
    assert one["fine-tune"].added_bytes == head + whole
    assert one["lora:rank=1"].added_bytes == head + 4 * (32 + 16 + 24 + 24)
    assert one["bottleneck-adapters:size=2"].added_bytes == head + 4 * (2 * 42 + 3 * 16)
    assert one["lora:rank=1"].trained_parameters * 4 == one["lora:rank=1"].added_bytes


@pytest.mark.parametrize("method", ["lora:rank=1", "bottleneck-adapters:size=2"])
def test_what_a_run_adds_is_shipped_alone(method, tmp_path):
    """The fitted model is kept as a step of the run, and its adapters with it."""
    how = {"epochs": 1, "folds": 2, "curve": False, "reading": "own", "methods": [method]}
    found = hs.adapt(
        backbone(Reader(), example=EXAMPLE),
        rows(),
        out=tmp_path / "o",
        **how,
    )
    whole = hs.open(tmp_path / "o", backbone=Reader())
    size = export_adapters(whole, tmp_path / "a.safetensors")
    assert size == found.result.candidates[0].added_bytes
    alone = hs.open(tmp_path / "a.safetensors", backbone=backbone(Reader(), example=EXAMPLE))
    x = rows()[0]
    for one, other in zip(alone.predict(x), whole.predict(x), strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-6)


def test_adapters_are_those_that_suit_the_backbone():
    def labels(module, example):
        base = backbone(module, example=example)
        return [method.label for method in usual_adapters(base, DATA)]

    assert labels(Reader(), EXAMPLE) == ["lora", "bottleneck-adapters"]
    filters = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    assert labels(filters, torch.randn(2, 3, 8, 8)) == ["conv-adapters"]
    assert labels(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)), torch.randn(2, 4)) == []
    base = backbone(Reader(), example=EXAMPLE)
    best, good = ([one.label for one in usual_methods(DATA, (), False, q, base)] for q in ("best", "good"))
    assert set(best) - set(good) >= {"lora", "bottleneck-adapters", "l2-sp"}
    assert not {"lora", "bottleneck-adapters"} & set(good)


@pytest.mark.parametrize(
    ("budget", "planned", "folds"), [(100.0, 10.0, [2, 2]), (100.0, 86.0, [2]), (1e9, 10.0, [2, 2])]
)
def test_an_adapter_is_tried_beside_all_that_is_planned(clock, tmp_path, budget, planned, folds):
    """Folds take a second: two and a fit are 3 seconds, of 85 % of 98 less what is planned."""

    class Slow(Scripted):
        backbone = backbone(Reader(), example=EXAMPLE)

        def fit(self, method, rows, recipe, **more):
            clock.now += 1
            return super().fit(method, rows, recipe, **more)

    settings, method = AdaptSettings(folds=2, budget=budget), make("fine-tune")
    plan = replace(make_plan(settings, Amounts(len(DATA), 30, 2), 1e9), folds=2, rivals=2)
    progress = Progress()
    progress.expect({**{fold_name(method, n): 1.0 for n in (0, 1)}, refit_name(method): 1.0})
    limit = Budget(budget, StudyFolder(tmp_path, "", StepCache(tmp_path / "steps"), progress))
    validation = CrossValidation(
        Slow(fine_tune=[1, 1], lora=[1, 1]), FOLDS, settings, limit.folder, limit, plan
    )
    tried = validation.race([method], [])
    progress.expect({"the test": planned})
    assert [one.folds for one in [*tried, *validation.race_adapters(tried)]] == folds
    for other in (
        replace(settings, quality="best"),
        replace(settings, methods=("fine-tune",)),
        replace(settings, epochs=1),
    ):
        assert replace(validation, settings=other).race_adapters(tried) == []
