"""What a stream answers, and where it is."""

from collections import deque
from dataclasses import dataclass, field

from torch import Tensor

from headstart.studies.stream.guards import Memory
from headstart.studies.stream.record import Event

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
class Standing:
    """Where a stream is; all that `save` keeps beside what the method itself changes."""

    step: int = 0
    rows: int = 0
    stopped: bool = False
    shape: tuple[int, ...] | None = None
    dtype: str = ""
    log: deque[Event] = field(default_factory=lambda: deque(maxlen=KEPT))
    counts: dict[str, int] = field(default_factory=dict)  # of events, by guard
    resets: int = 0
    memories: list[Memory] = field(default_factory=list)
