"""A model that adapts to the stream it predicts: predict first, then update, under the eyes of guards."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from headstart.core import BadInput, Method, make
from headstart.predictor.predictor import Predictor
from headstart.records.stream_events import Event
from headstart.run.cache import key_of
from headstart.run.checkpoint import load_state, save_state
from headstart.run.engine import Engine
from headstart.run.recipe import Recipe
from headstart.streaming.adapter import FORMAT, Adapter, StreamState, recipe_for, require_same_stream
from headstart.streaming.answer import Answer, require_finite
from headstart.streaming.guarded import Guarded
from headstart.streaming.guards import DEFAULT, Guard
from headstart.streaming.inputs import ModelLike, as_predictor, as_tensor, sample_shape, source_batches
from headstart.streaming.protected import Protected
from headstart.streaming.protection import COUNTED


class Stream:
    """A model that predicts one batch after the other and adapts to each after it has predicted it.

    Made by `stream`. Call it with a batch (`answer = s(x)`), or iterate if batches were given. The model
    that it was made of is never touched.

    Attributes:
        method: that adapts.
        guards: that watch.
        recipe: how it is trained; without an end, so at a constant rate.
        protect: whether the source model answers where adapting has no cause or does harm.
        reader: the predictor that reads samples.
    """

    def __init__(
        self,
        adapter: Adapter,
        reader: Predictor,
        guards: tuple[Guard, ...],
        batches: Iterable[Any] | None,
        source: list[Tensor],
        protect: bool,
    ) -> None:
        self.method, self.recipe, self.guards = adapter.method, adapter.run.recipe, guards
        self.reader, self.batches, self._adapter, self._frozen = reader, batches, adapter, False
        if source:
            adapter.fit_source_statistics(iter(source))
        self._guarded = Guarded(adapter, guards)
        self._protected = Protected(self._guarded, reader.model, source) if protect else None

    @property
    def _state(self) -> StreamState:
        return self._guarded.state

    @property
    def protect(self) -> bool:
        """Whether the source model answers where adapting has no cause or does harm."""
        return self._protected is not None

    @property
    def can_adapt(self) -> bool:
        """Whether it is known when to adapt: not if it is protected without statistics of training rows."""
        return self._protected is None or self._protected.view is not None

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
        with torch.inference_mode(False), torch.enable_grad():
            x, state = self._read(batch), self._state
            if self._frozen:
                return self._look(x)
            answer = self._answer(x)
            state.step, state.rows = state.step + 1, state.rows + len(x)
            return answer

    @property
    def batches_by(self) -> dict[str, int]:
        """Number of batches by who answered, and why; without protection all are 0.

        "adapted": the adapted model. The source model: "usual", where the rows were like those that it was
        trained on, "doubted", where the adapted answers went with features that tell no classes apart, and
        "unjudged", where no statistics of training rows tell.
        """
        return {name: self._state.protection[name] for name in COUNTED}

    def source(self, batch: Any) -> Tensor:
        """Logits (n, classes) of the model as it was given, float32 on the CPU; nothing changes."""
        return require_finite(self._adapter.source_outputs(self._read(batch)))

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
        self._adapter.run.step, self._guarded.state = 0, self._guarded.fresh_state()

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
        self._guarded.state = self._guarded.fresh_state()
        self._state.load_state_dict(state["standing"])

    def _identity(self) -> dict[str, Any]:
        """What a stream must have in common with the one that was saved."""
        start, given = self._adapter.start.state_dict(), self._adapter.given.state_dict()
        return {
            "method": self.method.label,
            "guards": [repr(guard) for guard in self.guards],
            "protect": self.protect,
            "recipe": repr(self.recipe),
            "start": key_of(start) + key_of(given),
        }

    def _look(self, x: Tensor) -> Answer:
        """What the model answers as adapted so far; nothing changes."""
        if self.stopped or (self.protect and not self._state.protection["shifted"]):
            return self._guarded.source_answer(x)
        return Answer(require_finite(self._adapter.adapted_outputs(x)))

    def _answer(self, x: Tensor) -> Answer:
        if self.stopped:
            return self._guarded.source_answer(x)
        return self._protected.answer(x) if self._protected else self._guarded.adapt(x)

    def _read(self, batch: Any) -> Tensor:
        """The batch as a tensor of the same shape and dtype as before; the source model takes the first."""
        x, state = as_tensor(batch, self.reader), self._state
        x = x.clone() if x.is_inference() else x  # made in the caller's inference mode: no gradient passes it
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


def stream(  # noqa: PLR0913  # an option is an argument
    method: Method[Any] | str,
    model: ModelLike,
    batches: Iterable[Any] | None = None,
    *,
    guards: tuple[Guard, ...] | list[Guard] | Literal["default"] = "default",
    recipe: Recipe | None = None,
    source: Any = None,
    engine: Engine | None = None,
    protect: bool = True,
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
        source: some samples that the model was trained on, for methods that read them first, and for
            protection: a tensor (n, ...), or batches.
        engine: where it is computed; None: on the CPU.
        protect: adapt only where rows differ from those that the model was trained on, and hand out adapted
            answers only while they go with features that tell classes apart; else the source model answers.
            What tells rows apart was saved with the model, or is measured on `source`; where neither is
            there, nothing adapts. False: adapt whatever comes.

    Returns:
        The stream, to be called with batches.

    Raises:
        Unknown: no method or setting has that name.
        BadInput: the method takes no streams, or the model no classes.

    Warns:
        ProtectionWarning: it is not known what rows of the model's own kind look like, so nothing adapts.

    >>> import torch
    >>> from torch import nn
    >>> net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
    >>> s = stream("tent", net, protect=False)
    >>> s(torch.zeros(5, 4)).probabilities.shape, s.step, s.log
    (torch.Size([5, 3]), 1, [])
    """
    method = make(method) if isinstance(method, str) else method
    watching = DEFAULT if guards == "default" else tuple(guards)
    with torch.inference_mode(False), torch.enable_grad():
        reader = as_predictor(model)
        shape, endless = sample_shape(reader.model), recipe_for(method, recipe)
        adapter = Adapter(method, reader.model, shape, endless, engine)
        samples = [] if source is None else list(source_batches(source, reader))
        return Stream(adapter, reader, watching, batches, samples, protect)
