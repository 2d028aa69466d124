"""What a stream answers, and its state."""

from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from torch import Tensor

from headstart.core import Mismatch
from headstart.run.checkpoint_check import require_same_run
from headstart.run.state import Run
from headstart.studies.stream import Event
from headstart.studies.stream.guards import Memory

KIND = "stream 1"  # of a saved state
KEPT = 1000  # events; of older ones only the number is kept


@dataclass(frozen=True)
class Answer:
    """What a stream says of a batch.

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

    def state_dict(self) -> dict[str, Any]:
        """Plain values and tensors, for `load_state_dict`."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return values | {"log": [asdict(event) for event in self.log]}

    def load_state_dict(self, values: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        log = deque((Event(**event) for event in values["log"]), maxlen=self.log.maxlen)
        for name, value in (values | {"log": log}).items():
            setattr(self, name, value)


def require_same_stream(state: Any, identity: Mapping[str, Any], run: Run[Any], path: Path) -> None:
    """Raise unless a saved state is that of such a stream.

    Args:
        state: as it was read.
        identity: method, guards, recipe and start of the stream that it is loaded into.
        run: of that stream.
        path: that it was read from.

    Raises:
        Mismatch: it is no state of a stream, or of another one; what differs is named.
    """
    if not isinstance(state, dict) or state.get("kind") != KIND:
        raise Mismatch(f"{path} is not the state of a stream. Give a file that Stream.save wrote.")
    require_same_run(state["run"], run, path)
    for what, here in identity.items():
        there = state["of"].get(what)
        if there != here:
            named = "" if what == "start" else f": {there} there, {here} here"
            raise Mismatch(
                f"{path} was saved from a stream with {OTHER[what]}{named}. Load it into a stream made "
                "with the same method, model, guards and recipe."
            )


OTHER = {
    "method": "another method, or other settings of it",
    "guards": "other guards",
    "recipe": "another recipe",
    "start": "another model, or other source samples",
}
