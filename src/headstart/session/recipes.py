"""How the trainings of studies compute: their recipe, and the precision that is faster here."""

import copy
import time
from dataclasses import replace
from typing import Any, Literal, Protocol, TypeVar

import torch
from torch import Tensor

from headstart.core import Method, Parts, Preprocess
from headstart.models.backbone import AnyBackbone
from headstart.nn import processor
from headstart.records.settings import TrainingSettings
from headstart.run.engine import Engine
from headstart.run.modes import memory_format
from headstart.run.recipe import Precision, Recipe
from headstart.run.step_cache import StepCache

VIEWS = 2
PARTS = 3  # that a batch is computed in, to take less memory; each of two rows or more, as norms need
ROWS = 8  # of a step that is measured
STEPS = 3  # of which the quickest counts; one more warms up
GAIN = 0.9  # bf16 is taken if a step takes at most this share of its time in float32


def recipe_for(method: Method[Any], settings: TrainingSettings, epochs: int, rows: int, seed: int) -> Recipe:
    """The recipe for `rows` training rows: one pass, or `epochs` epochs.

    Views of the samples are fresh in every epoch, unless blocks are frozen: then each sample has a
    few views, so that what the frozen blocks give for them can be recorded.
    """
    if method.about.closed_form:
        return Recipe(batch=64, seed=seed)
    batch = min(settings.batch, rows)
    return Recipe(
        steps=max(1, -(-epochs * rows // batch)),
        batch=batch,
        lr=settings.lr,
        accumulate=PARTS if batch >= 2 * PARTS else 1,
        views=VIEWS if method.trainable_blocks() else None,
        seed=seed,
    )


class Precise(Protocol):
    """Settings with a precision."""

    @property
    def precision(self) -> Literal["float32", "bf16", "auto"]:
        """What was asked for."""
        ...


S = TypeVar("S", bound=Precise)


def settle_precision(
    settings: S,
    backbone: AnyBackbone,
    engine: Engine,
    journal: StepCache | None = None,
    step: str = "precision",
) -> tuple[S, list[str]]:
    """Replace the precision that was asked for by the one to compute in.

    `bf16` becomes `float32` where the device has no unit for it; `auto` becomes what a training step
    through the backbone is faster in.

    Args:
        settings: of a study.
        backbone: that it trains; it is not changed.
        engine: where it computes.
        journal: keeps the choice, so that a resumed study computes as it began; None: nothing is kept.
        step: name of the choice there.

    Returns:
        The settings with `float32` or `bf16`, and a sentence for the record where that was a choice.
    """
    asked = settings.precision
    if asked == "float32":
        return settings, []

    def compute() -> dict[str, Any]:
        precision, note = _chosen(asked, backbone, engine)
        return {"precision": precision, "notes": [note] if note else []}

    kept: dict[str, Any] = journal.once(step, compute) if journal else compute()
    changed: Any = settings
    return replace(changed, precision=kept["precision"]), list(kept["notes"])


def settled_precision(settings: Precise) -> Precision:
    """The precision of settings that `settle_precision` returned."""
    assert settings.precision != "auto", "settle_precision comes first"
    return settings.precision


def _chosen(asked: str, backbone: AnyBackbone, engine: Engine) -> tuple[Precision, str]:
    if not processor.bf16_is_fast(engine.device):
        if asked == "bf16":
            return "float32", (
                "Computed in float32: bf16 was asked for, but this processor has no unit for it and would "
                "be slower."
            )
        return "float32", "Computed in float32: this processor has no unit for bf16."
    if asked == "bf16":
        return "bf16", ""
    if not any(p.is_floating_point() for p in backbone.parameters()):
        return "float32", "Computed in float32: the backbone has no weights that bf16 could be faster with."
    share = _step_seconds(backbone, engine, True) / _step_seconds(backbone, engine, False)
    precision: Precision = "bf16" if share <= GAIN else "float32"
    return precision, (
        f"Computed in {precision}: a training step in bf16 took {share:.0%} of its time in float32."
    ).replace("%", " %")


def _step_seconds(backbone: AnyBackbone, engine: Engine, bf16: bool) -> float:
    """Seconds of a forward and backward pass of the backbone."""
    module = copy.deepcopy(backbone).train().requires_grad_(True).to(engine.device)
    layout = memory_format(Parts({"backbone": module}), bf16, engine.device)
    module.to(memory_format=layout)
    x = _rows(backbone).to(engine.device)
    x = x.contiguous(memory_format=layout) if x.ndim == 4 else x
    return min([_step(module, x, engine, bf16) for _ in range(STEPS + 1)][1:])


def _step(module: AnyBackbone, x: Tensor, engine: Engine, bf16: bool) -> float:
    begun = time.perf_counter()
    with engine.autocast(bf16):
        loss = module(x).float().square().mean()
    engine.backward(loss)
    gradients = [p.grad.sum() for p in module.parameters() if p.grad is not None]
    torch.stack(gradients).sum().item()  # a GPU is waited for
    module.zero_grad()
    return time.perf_counter() - begun


def _rows(backbone: AnyBackbone) -> Tensor:
    """Inputs (ROWS, ...) as training has them; their values do not matter."""
    if isinstance(backbone.preprocess, Preprocess):
        return torch.full((ROWS, 3, *backbone.preprocess.size), 128, dtype=torch.uint8)
    example = backbone.example
    return example.repeat(-(-ROWS // len(example)), *[1] * (example.ndim - 1))[:ROWS]
