"""A model that adapts to the stream it predicts: predict first, then update, under the eyes of guards."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

from torch import Tensor

from headstart.core import BadData, BadInput, Diverged, Method, make
from headstart.run.cache import key_of
from headstart.run.checkpoint import load_state, save_state
from headstart.run.engine import Engine
from headstart.run.recipe import Recipe
from headstart.studies.stream import Event
from headstart.studies.stream.adapter import FORMAT, Adapter, StreamState, recipe_for, require_same_stream
from headstart.studies.stream.guards import DEFAULT, Guard, Observation
from headstart.studies.stream.inputs import ModelLike, as_predictor, as_tensor, sample_shape, source_batches


@dataclass(frozen=True)
class Answer:
    """Predictions for a batch.

    Attributes:
        outputs: logits (n, classes), float32 on the CPU.
        events: what the guards did at this batch.
    """

    outputs: Tensor
    events: tuple[Event, ...] = ()

    @property
    def probabilities(self) -> Tensor:
        """(n, classes), rows that sum to 1."""
        return self.outputs.softmax(1)


class Stream:
    """A model that predicts one batch after the other and adapts to each after it has predicted it.

    Made by `stream`. Call it with a batch (`answer = s(x)`), or iterate if batches were given. The model
    that it was made of is never touched.

    Attributes:
        method: that adapts.
        guards: that watch.
        recipe: how it is trained; without an end, so at a constant rate.
        reader: the predictor that reads samples.
    """

    def __init__(
        self,
        method: Method[Any],
        model: ModelLike,
        batches: Iterable[Any] | None,
        guards: tuple[Guard, ...],
        recipe: Recipe,
        engine: Engine | None,
    ) -> None:
        self.method, self.guards, self.recipe, self.batches = method, guards, recipe, batches
        self.reader = as_predictor(model)
        self._adapter = Adapter(method, self.reader.model, sample_shape(self.reader.model), recipe, engine)
        self._frozen = False
        self._state = self._new_state()

    @property
    def log(self) -> list[Event]:
        """What guards did, the last 1000 events at most."""
        return list(self._state.log)

    @property
    def counts(self) -> dict[str, int]:
        """Number of events by guard."""
        return dict(self._state.counts)

    @property
    def resets(self) -> int:
        """How often everything was reset to the start by a guard or by the method."""
        return self._state.resets

    @property
    def step(self) -> int:
        """Batches so far, without those inside `frozen`."""
        return self._state.step

    @property
    def rows(self) -> int:
        """Rows so far, counted likewise."""
        return self._state.rows

    @property
    def stopped(self) -> bool:
        """Whether a guard has ended the adaptation: the model as it was given predicts from then on."""
        return self._state.stopped

    def __iter__(self) -> Iterator[Answer]:
        """Predictions for each batch that was given."""
        if self.batches is None:
            raise BadInput("This stream was given no batches. Push one: answer = s(x).")
        for batch in self.batches:
            yield self(batch)

    def __call__(self, batch: Any) -> Answer:
        """Predict a batch, then adapt to it.

        Args:
            batch: samples (n, ...), n >= 1, as a tensor, an array, or whatever the predictor takes.

        Raises:
            BadData: no rows, numbers that are missing or infinite, or so extreme that not even the source
                model predicts them; in the first two cases nothing has changed.
            BadInput: it comes with labels, or has another shape or kind than the batches before it.
        """
        x, adapter, state = self._read(batch), self._adapter, self._state
        if not self._frozen:
            state.step, state.rows = state.step + 1, state.rows + len(x)
        if self.stopped:
            return Answer(_require_finite(adapter.source_outputs(x)))
        if self._frozen:
            return Answer(_require_finite(adapter.adapted_outputs(x)))
        return self._adapt(x)

    def source(self, batch: Any) -> Tensor:
        """Logits (n, classes) of the model as it was given, float32 on the CPU; nothing changes."""
        return _require_finite(self._adapter.source_outputs(self._read(batch)))

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Inside, the model as adapted so far predicts; nothing adapts, nothing is counted."""
        before, self._frozen = self._frozen, True
        try:
            yield
        finally:
            self._frozen = before

    def reset(self) -> None:
        """Everything as it was when the stream was made, bit for bit; the log is empty."""
        self._adapter.restore_start()
        self._adapter.run.step, self._state = 0, self._new_state()

    def save(self, path: str | Path) -> None:
        """Write all that has changed to one safetensors file, for `load`.

        Raises:
            CannotWrite: no space or no permission; an older file is left as it was.
        """
        run, standing = self._adapter.run.state_dict(), self._state.state_dict()
        save_state({"kind": FORMAT, "of": self._identity(), "standing": standing, "run": run}, Path(path))

    def load(self, path: str | Path) -> None:
        """Continue, byte for byte, where a stream with the same method, model and settings was saved.

        Raises:
            Mismatch: the file is damaged, or of another stream; what differs is named, and nothing changed.
        """
        path, run = Path(path), self._adapter.run
        state = load_state(path)
        require_same_stream(state, self._identity(), run, path)
        run.load_state_dict(state["run"])
        self._state = self._new_state()
        self._state.load_state_dict(state["standing"])

    def _identity(self) -> dict[str, Any]:
        """What a stream must have in common with the one that was saved."""
        start, given = self._adapter.start.state_dict(), self._adapter.given.state_dict()
        return {
            "method": self.method.label,
            "guards": [repr(guard) for guard in self.guards],
            "recipe": repr(self.recipe),
            "start": key_of(start) + key_of(given),
        }

    def _read(self, batch: Any) -> Tensor:
        """The batch as a tensor of the same shape and dtype as before; the source model takes the first."""
        x, state = as_tensor(batch, self.reader), self._state
        shape, dtype = tuple(x.shape[1:]), str(x.dtype).removeprefix("torch.")
        if state.shape is None:
            try:
                self._adapter.source_outputs(x[:1])
            except (RuntimeError, ValueError, TypeError, IndexError) as reason:
                expected = sample_shape(self.reader.model)
                hint = f" It takes samples such as {expected}." if expected else ""
                why = (str(reason).splitlines() or [""])[0].rstrip(".")
                raise BadInput(f"The model can't take samples of shape {shape} ({why}).{hint}") from reason
            state.shape, state.dtype = shape, dtype
        if dtype != state.dtype:
            raise BadInput(
                f"The samples of this stream were {state.dtype}, and those of this batch are {dtype}."
            )
        if shape != state.shape and self.reader.tokens is None:
            raise BadInput(
                f"The samples of this stream had the shape {state.shape}; those of this batch have {shape}. "
                "Bring them into one shape, or make another stream for them."
            )
        return x

    def _adapt(self, x: Tensor) -> Answer:
        adapter, state = self._adapter, self._state
        try:
            outputs = adapter.step(x)
        except Diverged:
            return self._restart(x, [Event(self.step, self.rows, "diverged", None, None, "reset")])
        seen = Observation(outputs, cache(partial(adapter.start_outputs, x)), cache(adapter.drift))
        pairs = zip(self.guards, state.memories, strict=True) if adapter.learns else ()
        alarms = [(guard, guard.check(seen, memory)) for guard, memory in pairs]
        here = (self.step, self.rows)
        events = [Event(*here, guard.name, *alarm, guard.then) for guard, alarm in alarms if alarm]
        if events:
            return self._restart(x, events)
        step, interval = adapter.run.step, adapter.reset_interval
        if interval and step % interval == 0:
            events = [Event(*here, "schedule", step, interval, "reset")]
            self._reset(events)
        return Answer(outputs, tuple(events))

    def _restart(self, x: Tensor, events: list[Event]) -> Answer:
        """Reset, and predict the batch anew: what a collapsed model predicted is not handed out."""
        self._reset(events)
        outputs = None if self.stopped else self._adapter.start_outputs(x)
        if outputs is None or not bool(outputs.isfinite().all()):
            outputs = self._adapter.source_outputs(x)
        return Answer(_require_finite(outputs), tuple(events))

    def _reset(self, events: list[Event]) -> None:
        state = self._state
        self._adapter.restore_start()
        state.memories = [{} for _ in self.guards]
        state.resets += 1
        state.stopped = any(event.action == "stop" for event in events)
        state.log.extend(events)
        for event in events:
            state.counts[event.guard] = state.counts.get(event.guard, 0) + 1

    def _new_state(self) -> StreamState:
        return StreamState(memories=[{} for _ in self.guards])


def stream(
    method: Method[Any] | str,
    model: ModelLike,
    batches: Iterable[Any] | None = None,
    *,
    guards: tuple[Guard, ...] | list[Guard] | Literal["default"] = "default",
    recipe: Recipe | None = None,
    source: Any = None,
    engine: Engine | None = None,
) -> Stream:
    """A model that adapts itself to the stream that it predicts.

    The model as adapted to the batches before predicts each batch and then adapts to it; no label is ever
    seen. Guards watch, and reset everything to the start or end the adaptation where it goes wrong; the batch
    at which they do is predicted anew.

    Args:
        method: of `headstart.methods` for streams, or its name with settings, such as "tent".
        model: a run folder, what `hs.open` gave, a `core.Model`, or a classifier of your own, which is cut
            into backbone and head by `hs.models.classifier`. It is copied and never touched.
        batches: to iterate over; None if you push them.
        guards: "default" is `Collapse()`, `Confidence()` and `Drift()`; () is none.
        recipe: rate, optimiser, clipping, seed; its steps, schedule, warm-up and average have no meaning
            here. None takes what the method decides.
        source: some samples that the model was trained on, for methods that read them first: a tensor
            (n, ...), or batches.
        engine: where it is computed; None: on the CPU.

    Returns:
        The stream, to be called with batches.

    Raises:
        Unknown: no method or setting has that name.
        BadInput: the method takes no streams, or the model no classes.

    >>> import torch
    >>> from torch import nn
    >>> net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
    >>> s = stream("tent", net)
    >>> s(torch.zeros(5, 4)).probabilities.shape, s.step, s.log
    (torch.Size([5, 3]), 1, [])
    """
    method = make(method) if isinstance(method, str) else method
    watching = DEFAULT if guards == "default" else tuple(guards)
    adapting = Stream(method, model, batches, watching, recipe_for(method, recipe), engine)
    if source is not None:
        adapting._adapter.fit_source_statistics(source_batches(source, adapting.reader))
    return adapting


def _require_finite(outputs: Tensor) -> Tensor:
    if bool((finite := outputs.isfinite().all(1)).all()):
        return outputs
    bad = (~finite).nonzero().flatten().tolist()
    raise BadData(
        f"For {len(bad)} of {len(outputs)} rows the output is no number: look for extreme values in them, "
        f"such as row {bad[0]} of the batch."
    )
