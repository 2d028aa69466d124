"""Optimiser, learning-rate schedule and length of a training."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch
from torch.optim import Optimizer

from headstart.core import BadInput
from headstart.core.setting_types import wrong_types

Precision = Literal["float32", "bf16"]
COMPARED = ("lr", "warmup", "weight_decay", "clip", "ema")  # numbers that need not be whole


def cosine(progress: float) -> float:
    """Cosine decay from 1 at the start to 0 at the end (arXiv:1608.03983)."""
    return 0.5 * (1 + math.cos(math.pi * progress))


def linear(progress: float) -> float:
    """Linear decay from 1 at the start to 0 at the end."""
    return 1 - progress


def constant(_progress: float) -> float:
    """No decay: always 1."""
    return 1.0


SCHEDULES: dict[str, Callable[[float], float]] = {
    "cosine": cosine,
    "linear": linear,
    "constant": constant,
}


def _lbfgs(groups: list[dict[str, Any]], lr: float) -> Optimizer:
    # torch's L-BFGS supports one constant group and no weight decay: refuse what it would ignore
    if any(group["weight_decay"] for group in groups):
        raise BadInput("recipe: lbfgs has no weight decay; set weight_decay=0.")
    if len({group["factor"] for group in groups}) > 1:
        raise BadInput("recipe: lbfgs has one learning rate for all parameters; use adamw.")
    if any(group["since"] for group in groups):
        raise BadInput("recipe: lbfgs can't unfreeze parameters on the way; use adamw.")
    parameters = [parameter for group in groups for parameter in group["params"]]
    return torch.optim.LBFGS(parameters, lr=lr * groups[0]["factor"], line_search_fn="strong_wolfe")


def _whole(value: object) -> bool:
    return isinstance(value, int)


OPTIMISERS: dict[str, Callable[..., Optimizer]] = {
    "adamw": partial(torch.optim.AdamW, fused=True),  # one pass over each tensor; CPUs get eight without
    "sgd": torch.optim.SGD,
    "momentum": lambda groups, **how: torch.optim.SGD(groups, momentum=0.9, nesterov=True, **how),
    "lbfgs": _lbfgs,
}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Optimiser, learning-rate schedule and length of a training.

    Attributes:
        steps: in all, >= 1.
        batch: rows a step, >= 1, over all processes.
        lr: the highest learning rate, > 0.
        schedule: factor on `lr` over progress: "cosine", "linear" or "constant".
        warmup: share of the steps in [0, 1) over which the rate rises to `lr`.
        optimiser: "adamw", "sgd", "momentum" (Nesterov, 0.9) or "lbfgs" (full batches only make sense;
            it uses a constant `lr`, without warm-up and schedule).
        weight_decay: default of moves that set none, >= 0.
        clip: largest norm of the gradient, > 0; None leaves it, which lbfgs needs.
        accumulate: parts that a batch is computed in, one after the other; the gradient is the same.
            Not so with a batch normalisation in training mode: its statistics are those of each part,
            which then has at least two rows.
        precision: "bf16" computes under autocast; weights stay float32. It is slower on a processor without
            a unit for it, see `nn.processor.bf16_is_fast`.
        ema: decay in [0, 1) of the running average of the weights that the predictor takes; None: none.
        views: of each sample with augmentation: None gives fresh ones in every epoch, k takes k in
            turn (and lets frozen parts be cached), 0 turns augmentation off.
        seed: of all random draws.
    """

    steps: int = 100
    batch: int = 32
    lr: float = 1e-3
    schedule: str = "cosine"
    warmup: float = 0.1
    optimiser: str = "adamw"
    weight_decay: float = 0.01
    clip: float | None = 1.0
    accumulate: int = 1
    precision: Precision = "float32"
    ema: float | None = None
    views: int | None = 0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, allowed in wrong_types(self):
            if name in COMPARED:
                raise BadInput(f"recipe: {name} is {getattr(self, name)!r}; it must be {allowed}.")
        for name, fine, allowed in (
            ("steps", _whole(self.steps) and self.steps >= 1, "a whole number >= 1"),
            ("batch", _whole(self.batch) and self.batch >= 1, "a whole number >= 1"),
            ("lr", 0 < self.lr < math.inf, "a number > 0"),
            ("warmup", 0 <= self.warmup < 1, "in [0, 1)"),
            (
                "accumulate",
                _whole(self.accumulate) and 1 <= self.accumulate <= self.batch,
                "a whole number between 1 and the batch",
            ),
            ("weight_decay", 0 <= self.weight_decay < math.inf, "a number >= 0"),
            ("clip", self.clip is None or self.clip > 0, "a number > 0 or None"),
            ("clip", self.clip is None or self.optimiser != "lbfgs", "None with lbfgs, which searches lines"),
            (
                "views",
                self.views is None or (_whole(self.views) and self.views >= 0),
                "None or a number >= 0",
            ),
            ("ema", self.ema is None or 0 <= self.ema < 1, "in [0, 1) or None"),
            ("schedule", self.schedule in SCHEDULES, f"one of {', '.join(SCHEDULES)}"),
            ("optimiser", self.optimiser in OPTIMISERS, f"one of {', '.join(OPTIMISERS)}"),
            ("precision", self.precision in ("float32", "bf16"), "float32 or bf16"),
        ):
            if not fine:
                value = getattr(self, name)
                raise BadInput(f"recipe: {name} is {value!r}; it must be {allowed}.")

    def rate(self, progress: float) -> float:
        """The learning rate at a progress in [0, 1], without state."""
        if progress < self.warmup:
            return self.lr * (progress + 1 / self.steps) / (self.warmup + 1 / self.steps)
        return self.lr * SCHEDULES[self.schedule]((progress - self.warmup) / (1 - self.warmup))

    def build(self, groups: Iterable[dict[str, Any]]) -> Optimizer:
        """Build the optimiser over groups with their own learning rate and weight decay."""
        return OPTIMISERS[self.optimiser](list(groups), lr=self.lr)
