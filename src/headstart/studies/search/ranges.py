"""Ranges and values that a setting is searched in: as text, as what Optuna proposes, and all of them."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from headstart.core import BadInput

BLOCKS = "blocks"  # as a bound: how many blocks the backbone has
DIGITS = 3  # that are significant in a number that was searched for


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`; on a logarithmic scale if they span a factor of 10 or more."""

    low: float
    high: float

    @property
    def whole(self) -> bool:
        """Only whole numbers."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def log(self) -> bool:
        """On a logarithmic scale."""
        return self.low > 0 and self.high >= 10 * self.low

    def suggest(self, trial: Any, name: str) -> Any:
        """A value that an Optuna trial proposes."""
        if self.whole:
            return trial.suggest_int(name, self.low, self.high, log=self.log)
        value = rounded(trial.suggest_float(name, self.low, self.high, log=self.log))
        return min(max(value, self.low), self.high)

    def ends(self) -> tuple[Any, ...]:
        """Values that the method must take."""
        return self.low, self.high

    def all(self) -> Sequence[Any]:
        """All values, in order; () if they can't be counted."""
        return range(int(self.low), int(self.high) + 1) if self.whole else ()

    def __str__(self) -> str:
        return f"{self.low:g}..{self.high:g}"


def rounded(value: Any) -> Any:
    """A number that was drawn, to three significant digits; all else as it is."""
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


@dataclass(frozen=True)
class Choices:
    """One of some values."""

    values: tuple[Any, ...]

    def suggest(self, trial: Any, name: str) -> Any:
        """A value that an Optuna trial proposes."""
        return trial.suggest_categorical(name, self.values)

    def ends(self) -> tuple[Any, ...]:
        """Values that the method must take."""
        return self.values

    def all(self) -> Sequence[Any]:
        """All values, in order."""
        return self.values

    def __str__(self) -> str:
        return "|".join(map(str, self.values))


def parsed(what: str, text: str, blocks: int) -> Range | Choices:
    """A range "low..high", or values "a|b|c", out of text.

    Raises:
        BadInput: it is neither, or the range is empty.
    """
    low, dots, high = text.partition("..")
    if dots:
        pair = _plain(low), blocks if high.strip() == BLOCKS else _plain(high)
        if not all(isinstance(end, int | float) and not isinstance(end, bool) for end in pair):
            raise BadInput(f"The range of {what} is {text!r}; write low..high with two numbers.")
        if not float("-inf") < pair[0] < pair[1] < float("inf"):
            raise BadInput(f"The range of {what} is {text!r}; the second number must be larger.")
        return Range(*pair)
    words = dict.fromkeys(word.strip() for word in text.split("|"))
    values = tuple(_plain(word) for word in words if word)
    if len(values) < 2:
        raise BadInput(f"The space of {what} is {text!r}; write a range, 1e-4..1e-2, or values, 1|2|4.")
    return Choices(values)


def _plain(text: str) -> Any:
    """A number, True, False or None where the text is one; else the text."""
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError):
        return text.strip()
