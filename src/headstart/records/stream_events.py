"""What happened to a model that adapts to a stream."""

from dataclasses import dataclass

from headstart.records.record import Record


@dataclass(frozen=True)
class Event(Record):
    """An alarm of a guard, or a reset that the method asks for."""

    step: int  # batches so far, this one among them
    rows: int  # rows so far, those of this batch among them
    guard: str  # "collapse", "confidence", "drift", "diverged", "schedule", "protection", or your own
    value: float | None  # what went beyond the limit; None if it was no number
    limit: float | None
    action: str  # "reset": everything back to the start; "stop": the source model predicts from now on
