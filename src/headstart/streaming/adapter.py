"""The model that adapts: one step a batch, always the way back to where it started, and its saved state."""

import copy
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import (
    BadInput,
    Descend,
    Diverged,
    Method,
    Mismatch,
    Model,
    Parts,
    Task,
    Unlabelled,
    derive_seed,
    require_label_kind,
    walk,
)
from headstart.records.stream_events import Event
from headstart.run.checkpoint_check import require_same_run
from headstart.run.engine import Engine, One
from headstart.run.loop import start, train
from headstart.run.modes import seeded, set_eval
from headstart.run.recipe import Recipe
from headstart.run.state import Run
from headstart.streaming.guards import Memory
from headstart.streaming.inputs import count_outputs

ENDLESS = 2**53  # steps; a stream has no end, and so no progress towards it
FORMAT = "stream 3"  # of a saved state
KEPT = 1000  # events; of older ones only the number is kept
OTHER = {  # what is said of a saved state that differs
    "method": "another method, or other settings of it",
    "guards": "other guards",
    "protect": "another protection",
    "recipe": "another recipe",
    "start": "another model, or other source samples",
}


def recipe_for(method: Method[Any], recipe: Recipe | None) -> Recipe:
    """The recipe without what only has a meaning if there is an end; what the method decides is kept."""
    given = recipe or Recipe(lr=1e-3, weight_decay=0.0, clip=None)
    endless = replace(given, steps=ENDLESS, schedule="constant", warmup=0.0, ema=None)
    decided = {name: value for name, value in method.recipe_overrides().items() if name != "steps"}
    return replace(endless, **decided)


class Adapter:
    """A method on a copy of a model: `run`, which changes, and all that it was at the start."""

    def __init__(
        self, method: Method[Any], model: Model, shape: tuple[int, ...], recipe: Recipe, engine: Engine | None
    ) -> None:
        if method.about.needs is not Unlabelled:
            raise BadInput(
                f"{method.about.name} learns from {method.about.needs.__name__} batches, and a stream has "
                f"samples alone. {_name_methods()}"
            )
        require_label_kind(method, "classes")
        task = Task(count_outputs(model), shape, seed=recipe.seed, head=copy.deepcopy(model.head))
        self.method = method
        self.run = start(method, copy.deepcopy(model.backbone), task, recipe, engine or One())
        self.given: nn.Module = copy.deepcopy(model).to(self.run.engine.device).eval().requires_grad_(False)
        self.reset_interval: int | None = method.reset_interval()  # in steps; None: never
        self.learns = any(isinstance(move, Descend) or bool(move.changes) for move in self.run.moves)
        self._keep_start()

    def fit_source_statistics(self, batches: Iterator[Tensor]) -> None:
        """Let the method read source samples, if it asks for them; the start is what it is then."""
        run = self.run
        with seeded(derive_seed(run.recipe.seed, "prepare")):
            self.method.fit_source_statistics(run.parts, (x.to(run.engine.device) for x in batches))
        self._keep_start()

    def step(self, x: Tensor) -> Tensor:
        """Predict, then adapt: logits (n, classes) from before the update.

        Raises:
            Diverged: a loss, a gradient, an output or a statistic is not finite.
        """
        (tick,) = train(self.run, lambda _step: iter([Unlabelled(x)]))
        if tick.outputs is None:
            name = self.method.about.name
            raise BadInput(f"{name} predicts nothing for the batch that it adapts to. {_name_methods()}")
        outputs = tick.outputs.float().cpu()
        buffers = (b for b in self.run.parts.buffers() if b.is_floating_point())
        if not all(bool(values.isfinite().all()) for values in (outputs, *buffers)):
            raise Diverged(f"{self.run.name}: an output or a statistic is no longer a number.")
        return outputs

    def adapted_outputs(self, x: Tensor) -> Tensor:
        """Logits (n, classes) of the model as adapted so far, which stays as it is."""
        return self._predict(self.run.parts, x)

    def start_outputs(self, x: Tensor) -> Tensor:
        """Logits (n, classes) of the method as it was at the start."""
        return self._predict(self.start, x)

    def source_outputs(self, x: Tensor) -> Tensor:
        """Logits (n, classes) of the model as it was given."""
        return self.outputs_of(self.given.eval(), x)

    def drift(self) -> float:
        """Distance of the trainable parameters from the start, relative to their norm there."""
        groups = [group for o in self.run.optimisers.values() for group in o.param_groups]
        ids = {id(parameter) for group in groups for parameter in group["params"]}
        before = dict(self.start.named_parameters())
        moved = norm = 0.0
        for name, now in self.run.parts.named_parameters():
            if id(now) in ids:
                old = before[name].detach().double()
                moved += float((now.detach().double() - old).square().sum())
                norm += float(old.square().sum())
        return float((moved / (norm or 1.0)) ** 0.5)

    def restore_start(self) -> None:
        """Set parts and optimisers back to the start, bit for bit."""
        before = _tensors(self.start)
        with torch.no_grad():
            for name, now in _tensors(self.run.parts).items():
                now.copy_(before[name])
        for name, optimiser in self.run.optimisers.items():
            optimiser.load_state_dict(copy.deepcopy(self._optimisers[name]))

    def _keep_start(self) -> None:
        self.start = copy.deepcopy(self.run.parts).requires_grad_(False)
        self._optimisers = {name: copy.deepcopy(o.state_dict()) for name, o in self.run.optimisers.items()}

    def _predict(self, parts: Parts, x: Tensor) -> Tensor:
        model = self.method.predictor(parts)
        set_eval(parts)
        return self.outputs_of(model, x)

    def outputs_of(self, model: nn.Module, x: Tensor) -> Tensor:
        """Outputs (n, ...) of a model for a batch, float32 on the CPU, without a gradient."""
        run = self.run
        bf16, seed = run.recipe.precision == "bf16", derive_seed(run.recipe.seed, "answer")
        with torch.no_grad(), seeded(seed), run.engine.autocast(bf16):
            outputs: Tensor = model(Unlabelled(x).to(run.engine.device, run.layout).x)
        return outputs.float().cpu()


def _tensors(parts: Parts) -> dict[str, Tensor]:
    """Parameters and buffers, those that are not saved too."""
    return {**dict(parts.named_parameters()), **dict(parts.named_buffers())}


def _name_methods() -> str:
    names = sorted(m.about.name for m in walk() if m.about.needs is Unlabelled and m.about.adapts == "inputs")
    return f"Methods of streams: {', '.join(names)}."


@dataclass
class StreamState:
    """Where a stream is: all that `Stream.save` keeps beside what the method itself changes."""

    step: int = 0
    rows: int = 0
    stopped: bool = False
    shape: tuple[int, ...] | None = None
    dtype: str = ""
    log: deque[Event] = field(default_factory=lambda: deque(maxlen=KEPT))
    counts: dict[str, int] = field(default_factory=dict)  # of events, by guard
    resets: int = 0
    memories: list[Memory] = field(default_factory=list)
    protection: Memory = field(default_factory=dict)

    def state_dict(self) -> dict[str, Any]:
        """Plain values and tensors, for `load_state_dict`."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return values | {"log": [asdict(event) for event in self.log]}

    def load_state_dict(self, values: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        log = deque((Event(**event) for event in values["log"]), maxlen=self.log.maxlen)
        protection = self.protection | values["protection"]  # older versions counted less
        for name, value in (values | {"log": log, "protection": protection}).items():
            setattr(self, name, value)


def require_same_stream(state: Any, identity: Mapping[str, Any], run: Run[Any], path: Path) -> None:
    """Raise unless the state read from a path is that of a stream of the same identity and run.

    Raises:
        Mismatch: it is no state of a stream, or of another one; what differs is named.
    """
    if not isinstance(state, dict) or state.get("kind") != FORMAT:
        raise Mismatch(f"{path} is not the state of a stream. Give a file that Stream.save wrote.")
    require_same_run(state["run"], run, path)
    for what, here in identity.items():
        there = state["of"].get(what)
        if there != here:
            values = "" if what == "start" else f": {there} there, {here} here"
            raise Mismatch(
                f"{path} was saved from a stream with {OTHER[what]}{values}. Load it into a stream made "
                "with the same method, model, guards and recipe."
            )
