"""A model that adapts to the stream it answers: predict first, then update, and be watched."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Literal

from torch import Tensor

from headstart.core import BadData, BadInput, Diverged, Method, Preprocess, make
from headstart.run.cache import key_of
from headstart.run.checkpoint import load_state, save_state
from headstart.run.engine import Engine
from headstart.run.recipe import Recipe
from headstart.studies.stream import Event
from headstart.studies.stream.adapter import Adapter, recipe_for
from headstart.studies.stream.guards import DEFAULT, Alarm, Guard, Seen
from headstart.studies.stream.inputs import ModelLike, as_predictor, as_tensor, source_batches
from headstart.studies.stream.state import KIND, Answer, StreamState, require_same_stream


class Stream:
    """A model that answers one batch after the other and adapts to each after it has answered.

    Made by `stream`. Call it with a batch (`answer = s(x)`), or iterate if batches were given. The model
    that it was made of is never touched.

    Attributes:
        method: that adapts.
        guards: that watch.
        recipe: how it descends; without an end, so at a constant rate.
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
        backbone: Any = self.reader.model.backbone
        self._adapter = Adapter(method, self.reader.model, _shape_of(backbone), recipe, engine)
        self._frozen = False
        self._now = self._beginning()

    @property
    def log(self) -> list[Event]:
        """What guards did, the last 1000 events at most."""
        return list(self._now.log)

    @property
    def counts(self) -> dict[str, int]:
        """How many events there were, by guard."""
        return dict(self._now.counts)

    @property
    def resets(self) -> int:
        """How often everything was put back to the start by a guard or by the method."""
        return self._now.resets

    @property
    def step(self) -> int:
        """Batches so far, without those that were answered inside `frozen`."""
        return self._now.step

    @property
    def rows(self) -> int:
        """Rows so far, counted likewise."""
        return self._now.rows

    @property
    def stopped(self) -> bool:
        """Whether a guard has ended the adaptation: the model as it was given answers from then on."""
        return self._now.stopped

    def __iter__(self) -> Iterator[Answer]:
        """An answer for each batch that was given."""
        if self.batches is None:
            raise BadInput("This stream was given no batches. Push one: answer = s(x).")
        for batch in self.batches:
            yield self(batch)

    def __call__(self, batch: Any) -> Answer:
        """Answer a batch, then adapt to it.

        Args:
            batch: samples (n, ...), n >= 1, as a tensor, an array, or whatever the predictor takes.

        Raises:
            BadData: no rows, numbers that are missing or infinite, or so extreme that not even the source
                model answers them; in the first two cases nothing has changed.
            BadInput: it comes with labels, or has another shape or kind than the batches before it.
        """
        x = as_tensor(batch, self.reader)
        self._check(x)
        if self._frozen:
            outputs = self._adapter.source(x) if self.stopped else self._adapter.adapted(x)
            return Answer(_finite(outputs))
        now = self._now
        now.step, now.rows = now.step + 1, now.rows + len(x)
        if now.stopped:
            return Answer(_finite(self._adapter.source(x)))
        return self._adapt(x)

    def source(self, batch: Any) -> Tensor:
        """Logits (n, classes) of the model as it was given, float32 on the CPU; nothing changes."""
        x = as_tensor(batch, self.reader)
        self._check(x)
        return _finite(self._adapter.source(x))

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Inside, batches are answered by the model as adapted so far; nothing adapts, nothing is counted."""
        before, self._frozen = self._frozen, True
        try:
            yield
        finally:
            self._frozen = before

    def reset(self) -> None:
        """Everything as it was when the stream was made, bit for bit; the log is empty."""
        self._adapter.put_back()
        self._adapter.run.step, self._now = 0, self._beginning()

    def save(self, path: str | Path) -> None:
        """All that has changed, in one safetensors file, for `load`.

        Raises:
            CannotWrite: no space, no right; an older file is left as it was.
        """
        run = self._adapter.run.state_dict()
        state = {"kind": KIND, "of": self._identity(), "standing": self._now.state_dict(), "run": run}
        save_state(state, Path(path))

    def load(self, path: str | Path) -> None:
        """Go on, byte for byte, where a stream with the same method, model and settings was saved.

        Raises:
            Mismatch: the file is damaged, or of another stream; what differs is named, and nothing changed.
        """
        path, run = Path(path), self._adapter.run
        state = load_state(path)
        require_same_stream(state, self._identity(), run, path)
        run.load_state_dict(state["run"])
        self._now = self._beginning()
        self._now.load_state_dict(state["standing"])

    def _identity(self) -> dict[str, Any]:
        """What a stream must have in common with the one that was saved."""
        adapter = self._adapter
        return {
            "method": self.method.label,
            "guards": [repr(guard) for guard in self.guards],
            "recipe": repr(self.recipe),
            "start": key_of(adapter.start.state_dict()) + key_of(adapter.given.state_dict()),
        }

    def _check(self, x: Tensor) -> None:
        """The same shape and kind as before; the first batch is tried on the model as it was given."""
        now, shape, kind = self._now, tuple(x.shape[1:]), str(x.dtype).removeprefix("torch.")
        if now.shape is None:
            try:
                self._adapter.source(x[:1])
            except (RuntimeError, ValueError, TypeError, IndexError) as reason:
                takes = _shape_of(self.reader.model.backbone)
                known = f" It takes samples such as {takes}." if takes else ""
                why = (str(reason).splitlines() or [""])[0].rstrip(".")
                raise BadInput(f"The model can't take samples of shape {shape} ({why}).{known}") from reason
            now.shape, now.dtype = shape, kind
        if kind != now.dtype:
            raise BadInput(
                f"The samples of this stream were {now.dtype}, and those of this batch are {kind}."
            )
        if shape != now.shape and self.reader.tokens is None:
            raise BadInput(
                f"The samples of this stream had the shape {now.shape}; those of this batch have {shape}. "
                "Bring them into one shape, or make another stream for them."
            )

    def _adapt(self, x: Tensor) -> Answer:
        adapter, now = self._adapter, self._now
        try:
            outputs = adapter.step(x)
        except Diverged:
            return self._act(x, [self._event("diverged", None, "reset")])

        @cache
        def fresh() -> Tensor:
            return adapter.fresh(x)

        seen = Seen(outputs, fresh, cache(adapter.drift))
        pairs = zip(self.guards, now.memories, strict=True) if adapter.learns else ()
        found = [(guard, guard.look(seen, memory)) for guard, memory in pairs]
        events = [self._event(guard.name, alarm, guard.then) for guard, alarm in found if alarm]
        if events:
            return self._act(x, events)
        if adapter.resets and adapter.run.step % adapter.resets == 0:
            due = self._event("schedule", Alarm(adapter.run.step, adapter.resets), "reset")
            self._put_back([due])
            return Answer(outputs, (due,))
        return Answer(outputs)

    def _act(self, x: Tensor, events: list[Event]) -> Answer:
        """Go back, and answer the batch anew: what a collapsed model said of it is not handed out."""
        self._put_back(events)
        if self.stopped:
            return Answer(_finite(self._adapter.source(x)), tuple(events))
        outputs = self._adapter.fresh(x)
        if not bool(outputs.isfinite().all()):
            outputs = self._adapter.source(x)
        return Answer(_finite(outputs), tuple(events))

    def _put_back(self, events: list[Event]) -> None:
        now = self._now
        self._adapter.put_back()
        now.memories = [{} for _ in self.guards]
        now.resets += 1
        now.stopped = any(event.did == "stop" for event in events)
        now.log.extend(events)
        for event in events:
            now.counts[event.guard] = now.counts.get(event.guard, 0) + 1

    def _event(self, guard: str, alarm: Alarm | None, did: str) -> Event:
        value, limit = alarm or (None, None)
        return Event(self.step, self.rows, guard, value, limit, did)

    def _beginning(self) -> StreamState:
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
    """A model that adapts itself to the stream that it answers.

    Each batch is answered by the model as adapted to the batches before it, and then adapted to; no label
    is ever seen. Guards watch, and put everything back to the start or end the adaptation where it goes
    wrong; the batch at which they do is answered anew.

    Args:
        method: of `headstart.methods` for streams, or its name with settings, such as "tent".
        model: a run folder, what `hs.open` gave, a `core.Model`, or a classifier of your own, which is cut
            into backbone and head by `hs.models.classifier`. It is copied and never touched.
        batches: to iterate over; None if you push them.
        guards: "default" is `Collapse()`, `Confidence()` and `Drift()`; () lets the method go where it may.
        recipe: rate, optimiser, clipping, seed; its steps, schedule, warm-up and average have no meaning
            here. None takes what the method decides.
        source: some samples that the model was trained on, for methods that look at them first: a tensor
            (n, ...), or batches.
        engine: where it is computed; None: on the CPU.

    Raises:
        Unknown: no method or setting goes by that name.
        BadInput: the method takes no streams, or the model no classes.

    >>> import torch
    >>> from torch import nn
    >>> net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
    >>> s = stream("tent", net)
    >>> s(torch.zeros(5, 4)).probabilities.shape, s.step, s.log
    (torch.Size([5, 3]), 1, [])
    """
    made = make(method) if isinstance(method, str) else method
    watching = DEFAULT if guards == "default" else tuple(guards)
    found = Stream(made, model, batches, watching, recipe_for(made, recipe), engine)
    if source is not None:
        found._adapter.prepare(source_batches(source, found.reader))
    return found


def _shape_of(backbone: Any) -> tuple[int, ...]:
    """Of one sample, as far as it is known."""
    example, preprocess = getattr(backbone, "example", None), getattr(backbone, "preprocess", None)
    if isinstance(preprocess, Preprocess):
        return (3, *preprocess.size)
    return tuple(example.shape[1:]) if isinstance(example, Tensor) else ()


def _finite(outputs: Tensor) -> Tensor:
    if bool((fine := outputs.isfinite().all(1)).all()):
        return outputs
    raise BadData(
        f"For {int((~fine).sum())} of {len(outputs)} rows the answer is no number: look for extreme values "
        f"in them, such as row {int((~fine).nonzero()[0])} of the batch."
    )
