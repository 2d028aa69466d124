"""Runs with adapters on one backbone: kept once, and rows of different tasks in one forward."""

import numpy as np
import pytest
import torch

import headstart as hs
from headstart.core import BadInput
from headstart.predictor.adapter_files import base_of
from headstart.server import loading
from headstart.server.loading import load_models
from headstart.server.served import Job


@pytest.fixture(scope="module")
def base():
    return hs.models.backbone("efficientnet_lite0", weights="random")


@pytest.fixture(scope="module")
def runs(tmp_path_factory, base):
    """Two runs of LoRA and a probe, on one backbone of random weights."""
    folder = tmp_path_factory.mktemp("runs")
    x = np.random.default_rng(0).integers(0, 255, (8, 32, 32, 3), np.uint8)
    recipe = hs.Recipe(steps=2, lr=0.05)
    for name, count in (("one", 2), ("two", 3)):
        labels = [f"{name} {row % count}" for row in range(8)]
        hs.fit(hs.methods.LoRA(rank=2), base, (x, labels), recipe).save(folder / name)
    hs.fit(hs.methods.RidgeProbe(), base, (x, ["a", "b"] * 4)).save(folder / "probe")
    return [folder / name for name in ("one", "two", "probe")]


def rows(models, count=2):
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(0, 255, (count * len(models), 3, 32, 32), dtype=torch.uint8, generator=generator)
    return [Job(one, (models[row % len(models)].name,)) for row, one in enumerate(x)]


def wanted(jobs, runs):
    opened = {run.name: hs.open(run) for run in runs}
    found = []
    for job in jobs:
        model = opened[job.models[0]]
        with torch.no_grad():
            found.append(torch.softmax(model.model(job.x[None]).double(), 1)[0].numpy())
    return found


@pytest.mark.slow
@pytest.mark.parametrize("apart", [False, True])
def test_rows_of_several_tasks_share_a_backbone(runs, base, monkeypatch, apart):
    monkeypatch.setattr(loading, "base_of", lambda _file: base)
    models = load_models(runs, ["one", "two", "probe"], 10**6)
    engine = models[0].engine
    assert all(model.engine is engine for model in models)
    engine._apart = apart  # as of a model that can't keep rows apart
    calls = []
    handle = torch.nn.modules.module.register_module_forward_pre_hook(
        lambda module, x: calls.append(len(x[0])) if type(module) is type(base) else None
    )
    try:
        jobs = rows(models)
        engine.answer(jobs)
        calls.clear()
        found = engine.answer(jobs)
    finally:
        handle.remove()
    assert calls == ([2, 2, 2] if apart else [4, 2])  # adapters together, and what has none
    for outcome, job, expected in zip(found, jobs, wanted(jobs, runs), strict=True):
        assert outcome.outputs[job.models[0]] == pytest.approx(expected, abs=1e-4)


def test_one_run_with_adapters_and_some_whose_backbone_is_not_found_stay_whole(runs, monkeypatch):
    def refuse(_file):
        raise BadInput("It is not found by its name.")

    monkeypatch.setattr(loading, "base_of", refuse)
    (alone,) = load_models(runs[:1], ["one"], 10**6)
    first, second = load_models(runs[:2], ["one", "two"], 10**6)
    assert first.engine is not second.engine
    assert alone.adapters == first.adapters == second.adapters == ""
    jobs = rows([first])
    (expected, _) = wanted(jobs, runs[:1])
    assert first.engine.answer(jobs)[0].outputs["one"] == pytest.approx(expected, abs=1e-5)


def test_the_backbone_of_adapters_is_found_by_its_name(runs):
    assert base_of(runs[0] / "adapters.safetensors").name == "efficientnet_lite0"
