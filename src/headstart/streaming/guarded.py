"""A model that adapts under the eyes of guards, and the state of its stream."""

from functools import cache, partial

from torch import Tensor

from headstart.core import Diverged
from headstart.records.stream_events import Event
from headstart.streaming.adapter import Adapter, StreamState
from headstart.streaming.answer import Answer, require_finite
from headstart.streaming.guards import Guard, Observation
from headstart.streaming.protection import forget


class Guarded:
    """A method on a copy of a model, the guards that watch it, and what they and protection remember.

    Attributes:
        state: of the stream.
    """

    def __init__(self, adapter: Adapter, guards: tuple[Guard, ...]) -> None:
        self.adapter, self.guards = adapter, guards
        self.state = self.fresh_state()

    def fresh_state(self) -> StreamState:
        """The state of a stream before its first batch."""
        return StreamState(memories=[{} for _ in self.guards], protection=forget())

    def source_answer(self, x: Tensor) -> Answer:
        """What the model as it was given answers to a batch."""
        return Answer(require_finite(self.adapter.source_outputs(x)), adapted=False)

    def adapt(self, x: Tensor) -> Answer:
        """Answer a batch, then adapt to it; where a guard raises an alarm, reset and answer anew."""
        adapter, state = self.adapter, self.state
        try:
            outputs = adapter.step(x)
        except Diverged:
            return self._restart(x, [self.event(x, "diverged", None, None)])
        seen = Observation(outputs, cache(partial(adapter.start_outputs, x)), cache(adapter.drift))
        pairs = zip(self.guards, state.memories, strict=True) if adapter.learns else ()
        alarms = [(guard, guard.check(seen, memory)) for guard, memory in pairs]
        events = [self.event(x, guard.name, *alarm, guard.then) for guard, alarm in alarms if alarm]
        if events:
            return self._restart(x, events)
        step, interval = adapter.run.step, adapter.reset_interval
        if interval and step % interval == 0:
            events = [self.event(x, "schedule", step, interval)]
            self.reset(events)
        return Answer(outputs, tuple(events))

    def event(
        self, x: Tensor, guard: str, value: float | None, limit: float | None, action: str = "reset"
    ) -> Event:
        """An event at this batch, which is counted once it is answered."""
        return Event(self.state.step + 1, self.state.rows + len(x), guard, value, limit, action)

    def reset(self, events: list[Event]) -> None:
        """Everything that adapts back to the start, because of some events."""
        state = self.state
        self.adapter.restore_start()
        state.memories = [{} for _ in self.guards]
        state.resets += 1
        state.stopped = any(event.action == "stop" for event in events)
        state.log.extend(events)
        for event in events:
            state.counts[event.guard] = state.counts.get(event.guard, 0) + 1

    def _restart(self, x: Tensor, events: list[Event]) -> Answer:
        """Reset, and predict the batch anew: what a collapsed model predicted is not handed out."""
        self.reset(events)
        outputs = None if self.state.stopped else self.adapter.start_outputs(x)
        if outputs is None or not bool(outputs.isfinite().all()):
            outputs = self.adapter.source_outputs(x)
        return Answer(require_finite(outputs), tuple(events))
