"""The model that adapts: one step a batch, and always the way back to where it started."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import (
    BadInput,
    Descend,
    Diverged,
    Method,
    Model,
    Parts,
    Task,
    Unlabelled,
    derive_seed,
    require_label_kind,
    walk,
)
from headstart.run.engine import Engine, One
from headstart.run.loop import start, train
from headstart.run.modes import seeded, set_eval
from headstart.run.recipe import Recipe
from headstart.run.state import Tick

ENDLESS = 2**53  # steps; a stream has no end, and so no progress towards it


def recipe_for(method: Method[Any], recipe: Recipe | None) -> Recipe:
    """The recipe without what only has a meaning if there is an end; what the method decides is kept."""
    given = recipe or Recipe(lr=1e-3, weight_decay=0.0, clip=None)
    endless = replace(given, steps=ENDLESS, schedule="constant", warmup=0.0, ema=None)
    return replace(
        endless, **{name: value for name, value in method.recipe_overrides().items() if name != "steps"}
    )


class Adapter:
    """A method set on a copy of a model, with all that it was at the start.

    Attributes:
        run: what changes.
        resets: after so many steps the method wants to be put back to the start; None: never.
        learns: whether anything changes from batch to batch.
    """

    def __init__(
        self, method: Method[Any], model: Model, shape: tuple[int, ...], recipe: Recipe, engine: Engine | None
    ) -> None:
        _refuse_other_batches(method)
        outputs = _outputs_of(model)
        task = Task(outputs, shape, seed=recipe.seed, head=copy.deepcopy(model.head))
        self.method = method
        self.run = start(method, copy.deepcopy(model.backbone), task, recipe, engine or One())
        self.given: nn.Module = copy.deepcopy(model).to(self.run.engine.device).eval().requires_grad_(False)
        self.resets: int | None = method.reset_interval()
        self.learns = any(isinstance(move, Descend) or bool(move.changes) for move in self.run.moves)
        self._begin()

    def prepare(self, batches: Iterator[Tensor]) -> None:
        """Let the method look at source samples, if it wants to; that is its start then."""
        run = self.run
        with seeded(derive_seed(run.recipe.seed, "prepare")):
            self.method.fit_source_statistics(run.parts, (x.to(run.engine.device) for x in batches))
        self._begin()

    def step(self, x: Tensor) -> Tensor:
        """Predict, then adapt: logits (n, classes) from before the update.

        Raises:
            Diverged: a loss, a gradient, an answer or a statistic is not finite.
        """
        (tick,) = train(self.run, lambda _step: iter([Unlabelled(x)]))
        outputs = _answered(tick, self.method).float().cpu()
        buffers = (b for b in self.run.parts.buffers() if b.is_floating_point())
        if not bool(outputs.isfinite().all()) or not all(bool(b.isfinite().all()) for b in buffers):
            raise Diverged(f"{self.run.name}: what it answers or remembers is no longer a number.")
        return outputs

    def adapted(self, x: Tensor) -> Tensor:
        """Logits (n, classes) of the model as adapted so far, which stays as it is."""
        return self._answer(self.method.predictor(self.run.parts), self.run.parts, x)

    def fresh(self, x: Tensor) -> Tensor:
        """Logits (n, classes) of the method as it was at the start."""
        return self._answer(self.method.predictor(self.start), self.start, x)

    def source(self, x: Tensor) -> Tensor:
        """Logits (n, classes) of the model as it was given."""
        return self._answer(self.given, None, x)

    def drift(self) -> float:
        """How far what learns is from the start, relative to the length of that."""
        groups = [group for o in self.run.optimisers.values() for group in o.param_groups]
        ids = {id(parameter) for group in groups for parameter in group["params"]}
        before = dict(self.start.named_parameters())
        far = long = 0.0
        for name, now in self.run.parts.named_parameters():
            if id(now) in ids:
                old = before[name].detach().double()
                far += float((now.detach().double() - old).square().sum())
                long += float(old.square().sum())
        return float((far / (long or 1.0)) ** 0.5)

    def put_back(self) -> None:
        """Parts and optimisers as they were at the start, bit for bit."""
        before = _tensors(self.start)
        with torch.no_grad():
            for name, now in _tensors(self.run.parts).items():
                now.copy_(before[name])
        for name, optimiser in self.run.optimisers.items():
            optimiser.load_state_dict(copy.deepcopy(self._optimisers[name]))

    def _begin(self) -> None:
        self.start = copy.deepcopy(self.run.parts).requires_grad_(False)
        self._optimisers = {name: copy.deepcopy(o.state_dict()) for name, o in self.run.optimisers.items()}

    def _answer(self, model: nn.Module, parts: Parts | None, x: Tensor) -> Tensor:
        run = self.run
        if parts is None:
            model.eval()
        else:
            set_eval(parts)
        bf16, seed = run.recipe.precision == "bf16", derive_seed(run.recipe.seed, "answer")
        with torch.no_grad(), seeded(seed), run.engine.autocast(bf16):
            outputs: Tensor = model(Unlabelled(x).to(run.engine.device, run.layout).x)
        return outputs.float().cpu()


def _tensors(parts: Parts) -> dict[str, Tensor]:
    """All, those that are not saved too."""
    return {**dict(parts.named_parameters()), **dict(parts.named_buffers())}


def _answered(tick: Tick, method: Method[Any]) -> Tensor:
    if tick.outputs is None:
        raise BadInput(f"{method.about.name} says nothing of the batch that it adapts to. {_can()}")
    return tick.outputs


def _refuse_other_batches(method: Method[Any]) -> None:
    if method.about.needs is not Unlabelled:
        raise BadInput(
            f"{method.about.name} learns from {method.about.needs.__name__} batches, and a stream has "
            f"samples alone. {_can()}"
        )
    require_label_kind(method, "classes")


def _can() -> str:
    names = sorted(m.about.name for m in walk() if m.about.needs is Unlabelled and m.about.adapts == "inputs")
    return f"Methods of streams: {', '.join(names)}."


def _outputs_of(model: Model) -> int:
    weight = next(model.head.parameters(), None)
    blank = torch.zeros(1, model.backbone.width, device=None if weight is None else weight.device)
    with torch.no_grad():
        many: int = model.eval().head(blank).shape[1]
    return many
