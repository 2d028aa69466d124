"""Guards of a model that adapts itself: one idea each, and the worst that they can do is a fresh start.

A guard is a record of its limits. What it remembers of the stream is a dictionary that the stream keeps
for it, saves with all else, and empties when everything is reset to the start.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, final

import torch
from torch import Tensor

from headstart.core import BadInput
from headstart.report.text import plain

Action = Literal["reset", "stop"]
Memory = dict[str, Any]
UNKNOWN = -1  # class of a row that the model as it was at the start did not predict


class Alarm(NamedTuple):
    """A value beyond a limit."""

    value: float
    limit: float


@dataclass(frozen=True)
class Observation:
    """What a guard may read after a batch.

    Attributes:
        outputs: logits (n, classes) on the CPU that the adapted model gave before its update.
        start_outputs: the same of the model as it was at the start, computed on the first call.
        drift: distance of the trainable parameters from the start after the update, relative to their norm
            at the start, computed on the first call.
    """

    outputs: Tensor
    start_outputs: Callable[[], Tensor]
    drift: Callable[[], float]


class Guard(Protocol):
    """A limit that adaptation must not cross."""

    name: ClassVar[str]

    @property
    def then(self) -> Action:
        """What an alarm leads to: everything back to the start, or no more adaptation."""
        ...

    def check(self, seen: Observation, memory: Memory) -> Alarm | None:
        """None if all is well; `memory` is the guard's own, to be changed."""
        ...


@final
@dataclass(frozen=True)
class Collapse:
    """One class takes nearly all predictions, and the model as it was at the start would not predict it.

    A stream may well hold one class for a while, such as one that is sorted by label. So a share beyond the
    limit is only a suspicion: then the model as it was at the start also predicts the same rows (which costs
    a forward pass, only while the suspicion lasts), and only what adapting added raises the alarm.

    Attributes:
        max_share: of the predictions in the window that one class may take, in (0, 1); None: three times its
            share if all were alike, but at least 0.25 and at most 0.8.
        window: number of recent rows, >= 4, or the whole batch if it is larger. A quarter must be there.
        gap: how much larger the share of the class may be than at the start, in [0, 1).
        then: "reset" or "stop".
    """

    max_share: float | None = None
    window: int = 128
    gap: float = 0.1
    then: Action = "reset"
    name: ClassVar[str] = "collapse"

    def __post_init__(self) -> None:
        _require(self, "max_share", self.max_share is None or 0 < self.max_share < 1, "in (0, 1) or None")
        _require(self, "window", self.window >= 4, "a whole number >= 4")
        _require(self, "gap", 0 <= self.gap < 1, "in [0, 1)")
        _require(self, "then", self.then in ("reset", "stop"), "'reset' or 'stop'")

    def check(self, seen: Observation, memory: Memory) -> Alarm | None:
        """The share of the most frequent class in the window, against its limit."""
        now, enough = seen.outputs.argmax(1), self.window // 4
        predicted = self._latest(memory.get("predicted"), now)
        counts = torch.bincount(predicted)
        top, limit = int(counts.argmax()), self.limit(seen.outputs.shape[1])
        suspicious = float(counts.max()) / len(predicted) > limit and len(predicted) >= enough
        then = seen.start_outputs().argmax(1) if suspicious else torch.full_like(now, UNKNOWN)
        at_start = self._latest(memory.get("at_start"), then)
        memory.update(predicted=predicted, at_start=at_start)
        known = at_start != UNKNOWN
        if not suspicious or int(known.sum()) < enough:
            return None
        share, before = (float((rows[known] == top).float().mean()) for rows in (predicted, at_start))
        limit = max(limit, before + self.gap)
        return Alarm(share, limit) if share > limit else None

    def limit(self, classes: int) -> float:
        """The share from which on a class is suspicious."""
        return min(0.8, max(0.25, 3 / classes)) if self.max_share is None else self.max_share

    def _latest(self, before: Tensor | None, now: Tensor) -> Tensor:
        """The rows of the window; a copy, so that no batch is kept alive."""
        both = now if before is None else torch.cat([before, now])
        return both[-max(self.window, len(now)) :].clone()


@final
@dataclass(frozen=True)
class Confidence:
    """The model has become certain of everything, of which it was not certain at the start.

    An exponential moving average follows the mean entropy of the predictions, as a share of that of a uniform
    distribution. Models may rightly be certain; so it is an alarm only where the model as it was at the start
    is many times less certain of the same rows.

    Attributes:
        floor: that the average may not fall below, in (0, 1); 1 is the uniform distribution.
        times: how many times less certain the model was at the start, > 1.
        rows: over which the average forgets (by a factor e), > 0.
        then: "reset" or "stop".
    """

    floor: float = 0.01
    times: float = 20.0
    rows: float = 256.0
    then: Action = "reset"
    name: ClassVar[str] = "confidence"

    def __post_init__(self) -> None:
        _require(self, "floor", 0 < self.floor < 1, "in (0, 1)")
        _require(self, "times", self.times > 1, "a number > 1")
        _require(self, "rows", self.rows > 0, "a number > 0")
        _require(self, "then", self.then in ("reset", "stop"), "'reset' or 'stop'")

    def check(self, seen: Observation, memory: Memory) -> Alarm | None:
        """The average, against the floor and against what it is at the start."""
        average = memory["average"] = self._average(memory.get("average"), seen.outputs)
        if average >= self.floor:
            memory.pop("at_start", None)
            return None
        at_start = memory["at_start"] = self._average(memory.get("at_start"), seen.start_outputs())
        limit = min(self.floor, at_start / self.times)
        return Alarm(average, limit) if average < limit else None

    def _average(self, before: float | None, outputs: Tensor) -> float:
        now, keep = normalised_entropy(outputs), math.exp(-len(outputs) / self.rows)
        return now if before is None else keep * before + (1 - keep) * now


@final
@dataclass(frozen=True)
class Drift:
    """The trainable parameters have gone far from where they started.

    Attributes:
        most: the distance from the start, relative to the norm there, > 0.
        then: "reset" or "stop".
    """

    most: float = 0.25
    then: Action = "reset"
    name: ClassVar[str] = "drift"

    def __post_init__(self) -> None:
        _require(self, "most", 0 < self.most < math.inf, "a number > 0")
        _require(self, "then", self.then in ("reset", "stop"), "'reset' or 'stop'")

    def check(self, seen: Observation, memory: Memory) -> Alarm | None:
        """The distance, against the most."""
        distance = memory["distance"] = seen.drift()
        return Alarm(distance, self.most) if distance > self.most else None


def describe(guard: Guard) -> str:
    """A guard in words, such as "drift (most 0.25, then reset)"; limits that are not set are left out."""
    own: Any = guard  # a caller's may be no dataclass
    limits = {one.name: getattr(own, one.name) for one in fields(own)} if is_dataclass(own) else {}
    given = {name.replace("_", " "): value for name, value in limits.items() if value is not None}
    words = [f"{name} {plain(value)}" for name, value in given.items()]
    return f"{guard.name} ({', '.join(words)})" if words else guard.name


def normalised_entropy(outputs: Tensor) -> float:
    """Mean entropy of the predictions with logits (n, classes): 1 if uniform, 0 if certain."""
    if outputs.shape[1] < 2:
        return 1.0
    logs = outputs.double().log_softmax(1)
    return float(-(logs.exp() * logs).sum(1).mean()) / math.log(outputs.shape[1])


def _require(guard: Any, name: str, fine: bool, allowed: str) -> None:
    if not fine:
        raise BadInput(f"{type(guard).__name__}: {name} is {getattr(guard, name)!r}; it must be {allowed}.")


DEFAULT: tuple[Guard, ...] = (Collapse(), Confidence(), Drift())
