"""What watches a model that adapts itself: one idea a guard, and none can do harm but for a fresh start.

A guard is a record of its limits. What it remembers of the stream is a dictionary that the stream keeps
for it, saves with all else, and empties when everything is put back to the start.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, final

import torch
from torch import Tensor

from headstart.core import BadInput

Then = Literal["reset", "stop"]
Memory = dict[str, Any]
UNKNOWN = -1  # of a row, what the model as it was at the start says


class Alarm(NamedTuple):
    """What went beyond which limit."""

    value: float
    limit: float


@dataclass(frozen=True)
class Seen:
    """What a guard may look at after a batch.

    Attributes:
        outputs: logits (n, classes) on the CPU that the adapted model gave before its update.
        fresh: the same of the model as it was at the start, computed when it is asked for.
        drift: how far the parameters that learn are from the start, after the update, relative to it.
    """

    outputs: Tensor
    fresh: Callable[[], Tensor]
    drift: Callable[[], float]


class Guard(Protocol):
    """Something that must not go too far."""

    name: ClassVar[str]

    @property
    def then(self) -> Then:
        """What is done: everything back to the start, or no more adaptation."""
        ...

    def look(self, seen: Seen, memory: Memory) -> Alarm | None:
        """None if all is well; `memory` is its own, to be changed."""
        ...


@final
@dataclass(frozen=True)
class Collapse:
    """One class takes nearly all answers, and the model as it was at the start would not give it to them.

    A stream may well hold one class for a while, such as one that is sorted by label. So a share beyond the
    limit is only a suspicion: then the same rows are also answered by the model as it was at the start
    (which costs a forward, only while the suspicion lasts), and only what adapting added raises the alarm.

    Attributes:
        max_share: of the answers in the window that one class may take, in (0, 1); None: three times its
            share if all were alike, but at least 0.25 and at most 0.8.
        window: rows that are looked at, >= 4; a larger batch is looked at whole. A quarter must be there.
        gap: how much more often than at the start the class may be answered, in [0, 1).
        then: "reset" or "stop".
    """

    max_share: float | None = None
    window: int = 128
    gap: float = 0.1
    then: Then = "reset"
    name: ClassVar[str] = "collapse"

    def __post_init__(self) -> None:
        _check(self, "max_share", self.max_share is None or 0 < self.max_share < 1, "in (0, 1) or None")
        _check(self, "window", self.window >= 4, "a whole number >= 4")
        _check(self, "gap", 0 <= self.gap < 1, "in [0, 1)")
        _check_then(self)

    def look(self, seen: Seen, memory: Memory) -> Alarm | None:
        """The share of the class in the window, against what it may be."""
        now = seen.outputs.argmax(1)
        said = self._latest(memory.get("said"), now)
        share, top = _largest(said)
        most = self._most(seen.outputs.shape[1])
        suspicious = share > most and len(said) >= self.window // 4
        at_start = seen.fresh().argmax(1) if suspicious else torch.full_like(now, UNKNOWN)
        fresh = self._latest(memory.get("fresh"), at_start)
        memory.update(said=said, fresh=fresh)
        known = fresh != UNKNOWN
        if not suspicious or int(known.sum()) < self.window // 4:
            return None
        mine, its = (float((rows[known] == top).float().mean()) for rows in (said, fresh))
        limit = max(most, its + self.gap)
        return Alarm(mine, limit) if mine > limit else None

    def _most(self, classes: int) -> float:
        return min(0.8, max(0.25, 3 / classes)) if self.max_share is None else self.max_share

    def _latest(self, before: Tensor | None, now: Tensor) -> Tensor:
        """The rows of the window; a copy, so that no batch is kept alive."""
        both = now if before is None else torch.cat([before, now])
        return both[-max(self.window, len(now)) :].clone()


@final
@dataclass(frozen=True)
class Confidence:
    """The model has become sure of everything, of which it was not sure at the start.

    The mean entropy of the answers, as a share of that of a blind guess, is followed by an exponential
    moving average. Models may be sure by right; so it is an alarm only where the model as it was at the
    start is many times less sure of the same rows.

    Attributes:
        floor: that the average may not fall below, in (0, 1); 1 is a blind guess.
        times: how many times less sure the model was at the start, > 1.
        rows: over which the average forgets (by a factor e), > 0.
        then: "reset" or "stop".
    """

    floor: float = 0.01
    times: float = 20.0
    rows: float = 256.0
    then: Then = "reset"
    name: ClassVar[str] = "confidence"

    def __post_init__(self) -> None:
        _check(self, "floor", 0 < self.floor < 1, "in (0, 1)")
        _check(self, "times", self.times > 1, "a number > 1")
        _check(self, "rows", self.rows > 0, "a number > 0")
        _check_then(self)

    def look(self, seen: Seen, memory: Memory) -> Alarm | None:
        """The average, against the floor, or against what it is at the start."""
        mine = memory["mine"] = self._average(memory.get("mine"), seen.outputs)
        if mine >= self.floor:
            memory.pop("fresh", None)
            return None
        fresh = memory["fresh"] = self._average(memory.get("fresh"), seen.fresh())
        limit = min(self.floor, fresh / self.times)
        return Alarm(mine, limit) if mine < limit else None

    def _average(self, before: float | None, outputs: Tensor) -> float:
        now, keep = blindness(outputs), math.exp(-len(outputs) / self.rows)
        return now if before is None else keep * before + (1 - keep) * now


@final
@dataclass(frozen=True)
class Drift:
    """The parameters that learn have gone far from where they started.

    Attributes:
        most: the distance from the start, relative to the length of what was there, > 0.
        then: "reset" or "stop".
    """

    most: float = 0.25
    then: Then = "reset"
    name: ClassVar[str] = "drift"

    def __post_init__(self) -> None:
        _check(self, "most", 0 < self.most < math.inf, "a number > 0")
        _check_then(self)

    def look(self, seen: Seen, memory: Memory) -> Alarm | None:
        """The distance, against the most."""
        far = memory["far"] = seen.drift()
        return Alarm(far, self.most) if far > self.most else None


def blindness(outputs: Tensor) -> float:
    """The mean entropy of the answers with logits (n, classes), 1 for a blind guess, 0 for certainty."""
    if outputs.shape[1] < 2:
        return 1.0
    logs = outputs.double().log_softmax(1)
    return float(-(logs.exp() * logs).sum(1).mean()) / math.log(outputs.shape[1])


def _largest(said: Tensor) -> tuple[float, int]:
    """The largest share of a class among answers (n,), and the class."""
    counts = torch.bincount(said)
    return float(counts.max()) / len(said), int(counts.argmax())


def _check(guard: Any, name: str, fine: bool, allowed: str) -> None:
    if not fine:
        raise BadInput(f"{type(guard).__name__}: {name} is {getattr(guard, name)!r}; it must be {allowed}.")


def _check_then(guard: Guard) -> None:
    _check(guard, "then", guard.then in ("reset", "stop"), "'reset' or 'stop'")


DEFAULT: tuple[Guard, ...] = (Collapse(), Confidence(), Drift())
