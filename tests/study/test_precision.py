"""bf16 where the processor is fast in it, float32 elsewhere; record and resumed run keep what was taken."""

import pytest
import torch
from tests.study.experiments import Ctrl, made, network, rows
from torch import nn

import headstart as hs
from headstart.core import BadInput
from headstart.models.backbone import backbone
from headstart.nn import processor
from headstart.run.engine import One
from headstart.run.progress import Progress
from headstart.run.step_cache import StepCache
from headstart.session import recipes
from headstart.session.recipes import settle_precision, settled_precision
from headstart.studies.adapt import AdaptSettings

NO_UNIT = (
    "Computed in float32: bf16 was asked for, but this processor has no unit for it and would be slower."
)
CURVE = {"methods": ("fine-tune",), "labels_per_class": (2, 5), "seeds": 2, "epochs": 2, "steps": 4}


@pytest.fixture
def answering(monkeypatch):
    """`answering(unit, share)`: what the processor can, and the time of a step in bf16 against float32."""

    def answer(unit, share=1.0):
        monkeypatch.setattr(processor, "bf16_is_fast", lambda device="cpu": unit)
        monkeypatch.setattr(recipes, "_step_seconds", lambda _backbone, _engine, bf16: share if bf16 else 1.0)

    return answer


@pytest.mark.parametrize(
    ("asked", "unit", "share", "taken", "note"),
    [
        ("float32", True, 0.1, "float32", []),
        ("bf16", True, 2.0, "bf16", []),
        ("bf16", False, 0.1, "float32", [NO_UNIT]),
        ("auto", False, 0.1, "float32", ["Computed in float32: this processor has no unit for bf16."]),
        (
            "auto",
            True,
            0.6,
            "bf16",
            ["Computed in bf16: a training step in bf16 took 60 % of its time in float32."],
        ),
        (
            "auto",
            True,
            0.95,
            "float32",
            ["Computed in float32: a training step in bf16 took 95 % of its time in float32."],
        ),
    ],
)
def test_what_is_taken(answering, asked, unit, share, taken, note):
    answering(unit, share)
    settings, notes = settle_precision(AdaptSettings(precision=asked), made(), One())
    assert settings == AdaptSettings(precision=taken)
    assert notes == note
    assert settled_precision(settings) == taken


def test_the_choice_is_kept_in_the_journal(answering, tmp_path):
    answering(True, 0.5)
    journal = StepCache(tmp_path)
    first = settle_precision(AdaptSettings(precision="auto"), made(), One(), journal)
    answering(True, 2.0)
    assert settle_precision(AdaptSettings(precision="auto"), made(), One(), journal) == first
    assert settle_precision(AdaptSettings(precision="auto"), made(), One())[0].precision == "float32"


@pytest.mark.parametrize("kind", ["pictures", "arrays", "no weights"])
def test_the_measurement_takes_any_backbone_and_changes_nothing(monkeypatch, kind):
    monkeypatch.setattr(processor, "bf16_is_fast", lambda device="cpu": True)
    if kind == "pictures":
        net = nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
        )
        base = backbone(nn.Sequential(net, nn.Linear(4, 2)), example=torch.zeros(2, 3, 16, 16))
    elif kind == "arrays":
        base = made()
    else:
        base = backbone(nn.Sequential(nn.Flatten(), nn.Linear(6, 2)), example=torch.zeros(2, 6))
        for name, parameter in list(base.named_parameters()):
            owner = base.get_submodule(name.rpartition(".")[0])
            delattr(owner, name.rpartition(".")[2])
            owner.register_buffer(name.rpartition(".")[2], parameter.detach())
    before = {name: value.clone() for name, value in base.state_dict().items()}
    settings, (note,) = settle_precision(AdaptSettings(precision="auto"), base, One())
    assert settings.precision in ("float32", "bf16")
    assert note.startswith(f"Computed in {settings.precision}: ")
    assert all(torch.equal(value, before[name]) for name, value in base.state_dict().items())
    assert all(p.grad is None for p in base.parameters())


def test_the_record_holds_what_was_taken_and_a_resumed_run_keeps_it(answering, tmp_path):
    answering(False)
    whole = hs.curve(network(), rows(), out=tmp_path / "whole", precision="bf16", **CURVE)
    assert whole.settings["precision"] == "float32"
    assert whole.notes[0] == NO_UNIT
    stopped = Progress()
    stopped.watch = Ctrl(2).watch
    with pytest.raises(KeyboardInterrupt):
        hs.curve(network(), rows(), out=tmp_path / "half", precision="bf16", progress=stopped, **CURVE)
    answering(True)  # it goes on elsewhere
    hs.curve(network(), rows(), out=tmp_path / "half", precision="bf16", resume=True, **CURVE)
    records = [(tmp_path / name / "curve.json").read_bytes() for name in ("whole", "half")]
    assert records[0] == records[1]
    with pytest.raises(BadInput, match=r"precision \(was 'bf16', is 'float32'\)"):
        hs.curve(network(), rows(), out=tmp_path / "half", precision="float32", resume=True, **CURVE)


def test_the_main_job_says_so_among_its_decisions(answering, tmp_path):
    answering(True, 0.25)
    how = {"epochs": 1, "folds": 2, "methods": ("fine-tune",), "curve": False, "precision": "auto"}
    done = hs.adapt(network(), rows(), out=tmp_path / "run", **how)
    assert done.result.settings["precision"] == "bf16"
    assert "Computed in bf16: a training step in bf16 took 25 % of its time in float32." in done.result.notes


def test_another_precision_is_refused():
    with pytest.raises(BadInput, match="precision is 'fp16'; it must be float32, bf16 or auto"):
        AdaptSettings(precision="fp16")
