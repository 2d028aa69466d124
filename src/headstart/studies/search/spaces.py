"""Which settings of which method are searched, and between what bounds."""

import ast
import itertools
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from headstart.core import BadInput, Method, Unknown
from headstart.studies.search import Space

Row = dict[str, str]  # by setting: "low..high", or values with | between
LR = "lr"  # the highest learning rate, which is a setting of `adapt`, not of a method
BLOCKS = "blocks"  # as a bound: how many blocks the backbone has
MANY = 10_000  # settings of a method, from which on they count as without end
DIGITS = 3  # that are significant in a number that was searched for

DESCENTS: Row = {LR: "3e-4..3e-2", "lr_decay": "0.5..1.0", "last": f"1..{BLOCKS}"}  # of all that train
KINDS: Row = {LR: "3e-4..3e-2", "last": f"1..{BLOCKS}"}  # of those that train a few kinds of parameters
OWN: dict[str, Row] = {
    "bitfit": KINDS,
    "delta": {**DESCENTS, "alpha": "1e-3..1.0"},
    "from-scratch": {LR: "3e-4..3e-2"},
    "gradual-unfreezing": {LR: "3e-4..3e-2", "lr_decay": "0.5..1.0", "full": "0.2..0.8"},
    "knn": {"k": "1..20", "sharpness": "1.0..30.0"},
    "l2-sp": {**DESCENTS, "alpha": "1e-3..1.0"},
    "logistic-probe": {"penalty": "1e-3..1e3"},
    "nearest-centroid": {"scale": "1.0..100.0"},
    "norm-tuning": KINDS,
    "reinit": {LR: "3e-4..3e-2", "lr_decay": "0.5..1.0", "blocks": f"1..{BLOCKS}"},
    "ridge-probe": {"penalty": "1e-3..1e3"},
    "stochastic-depth": {**DESCENTS, "drop": "0.02..0.5"},
    "surgical": {LR: "3e-4..3e-2"},
    "wise-ft": {**DESCENTS, "alpha": "0.1..0.9"},
}


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


@dataclass(frozen=True)
class Configured:
    """A method with its settings, and the learning rate; None is the usual one."""

    method: Method[Any]
    lr: float | None = None

    @property
    def label(self) -> str:
        """That no other configuration has."""
        return self.method.label if self.lr is None else f"{self.method.label} lr {self.lr:g}"


@dataclass(frozen=True)
class Joint:
    """The space of all methods together: first a method is chosen, then what is searched of its settings."""

    methods: Mapping[str, Method[Any]]  # by label, with the settings that stay as they are
    rows: Mapping[str, Mapping[str, Range | Choices]]  # by the same label, what is searched

    def suggest(self, trial: Any, aim: Callable[[str], None]) -> Configured:
        """What an Optuna trial proposes; `aim` is called with the name of each number before it is drawn."""
        aim("method")
        label = trial.suggest_categorical("method", list(self.methods))
        settings = {}
        for setting, values in self.rows[label].items():
            aim(f"{label}.{setting}")
            settings[setting] = values.suggest(trial, f"{label}.{setting}")
        return self._configured(label, settings)

    def _configured(self, label: str, settings: dict[str, Any]) -> Configured:
        lr = settings.pop(LR, None)
        return Configured(_replace(self.methods[label], settings), lr)

    def untried(self, tried: Collection[str]) -> list[dict[str, Any]]:
        """Values for trials that none was like; of a method without end the method alone.

        Args:
            tried: labels of the configurations of all trials so far.
        """
        found: list[dict[str, Any]] = []
        for label, row in self.rows.items():
            values = [one.all() for one in row.values()]
            if math.prod(map(len, values)) > MANY or not all(values):
                found.append({"method": label})
                continue
            for combination in itertools.product(*values):
                settings = dict(zip(row, combination, strict=True))
                if self._configured(label, dict(settings)).label not in tried:
                    named = {f"{label}.{setting}": value for setting, value in settings.items()}
                    found.append({"method": label, **named})
        return found

    def ends(self) -> list[Method[Any]]:
        """The methods with each of the values that bound what is searched, one at a time."""
        return [
            _replace(method, {setting: value})
            for label, method in self.methods.items()
            for setting, values in self.rows[label].items()
            if setting != LR
            for value in values.ends()
        ]

    def record(self) -> dict[str, dict[str, str]]:
        """As text."""
        return {label: {k: str(v) for k, v in row.items()} for label, row in self.rows.items()}


def joint_space(methods: list[Method[Any]], given: Space, blocks: int) -> Joint:
    """The space of some methods.

    Args:
        methods: whose settings that are not the defaults stay as they are.
        given: the user's ranges, by the name or label of a method; they take the place of its own.
        blocks: of the backbone.

    Raises:
        Unknown: `given` names no method of the search, or no setting of it.
        BadInput: a range can't be read, or the method refuses its ends.
    """
    names = {method.about.name for method in methods} | {method.label for method in methods}
    for name in given:
        if name not in names:
            raise Unknown("method of the search", name, names)
    named = {method.label: method for method in methods}
    return Joint(named, {label: _row(method, given, blocks) for label, method in named.items()})


def _row(method: Method[Any], given: Space, blocks: int) -> dict[str, Range | Choices]:
    name = method.about.name
    users = given.get(method.label, given.get(name))
    if users is not None:
        return {k: _checked(method, k, parsed(f"{name}:{k}", v, blocks), blocks) for k, v in users.items()}
    own = OWN.get(name, {} if method.about.closed_form else DESCENTS)
    free = {k: text for k, text in own.items() if k not in method.changed and k in _settings(method)}
    row = {k: text for k, text in free.items() if not text.endswith(f"..{BLOCKS}") or blocks > 1}
    return {k: parsed(f"{name}:{k}", text, blocks) for k, text in row.items()}


def _replace(method: Method[Any], settings: Mapping[str, Any]) -> Method[Any]:
    instance: Any = method
    changed: Method[Any] = replace(instance, **settings)
    return changed


def _settings(method: Method[Any]) -> list[str]:
    own = [field.name for field in fields(method)]  # type: ignore[arg-type]
    return own if method.about.closed_form else [*own, LR]


def _checked(method: Method[Any], setting: str, values: Range | Choices, blocks: int) -> Range | Choices:
    """A user's range, if the method takes its ends."""
    name = method.about.name
    if setting not in _settings(method):
        raise Unknown(f"setting of {name}", setting, _settings(method))
    for value in values.ends():
        if setting == LR:
            if isinstance(value, str | None) or not value > 0:
                raise BadInput(f"{name}: lr is {value!r}; it must be > 0.")
            continue
        if setting == "last" and isinstance(value, int) and value > blocks:
            raise BadInput(f"{name}: last goes to {value}, and the backbone has {blocks} blocks.")
        try:
            _replace(method, {setting: value})
        except TypeError as error:
            raise BadInput(f"{name}: {setting} can't be {value!r}: {error}.") from error
    return values


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
