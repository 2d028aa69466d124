"""What a stream answers to a batch."""

from dataclasses import dataclass

from torch import Tensor

from headstart.core import BadData
from headstart.records.stream_events import Event


@dataclass(frozen=True)
class Answer:
    """Predictions for a batch.

    Attributes:
        outputs: logits (n, classes), float32 on the CPU.
        events: what the guards did at this batch.
        adapted: whether the model that adapts answered; else the source model did.
    """

    outputs: Tensor
    events: tuple[Event, ...] = ()
    adapted: bool = True

    @property
    def probabilities(self) -> Tensor:
        """(n, classes), rows that sum to 1."""
        return self.outputs.softmax(1)


def require_finite(outputs: Tensor) -> Tensor:
    """The logits (n, classes), all of which must be numbers.

    Raises:
        BadData: some are not; the first row is named.
    """
    if bool((finite := outputs.isfinite().all(1)).all()):
        return outputs
    bad = (~finite).nonzero().flatten().tolist()
    raise BadData(
        f"For {len(bad)} of {len(outputs)} rows the output is no number: look for extreme values in them, "
        f"such as row {bad[0]} of the batch."
    )
