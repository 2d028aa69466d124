"""Which settings of which method are searched, and between what bounds."""

import itertools
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from headstart.core import BadInput, Method, Unknown
from headstart.studies.search import Space
from headstart.studies.search.ranges import BLOCKS, Choices, Range, parsed

Row = dict[str, str]  # by setting: "low..high", or values with | between
LR = "lr"  # the highest learning rate, which is a setting of `adapt`, not of a method
MANY = 10_000  # settings of a method, from which on they count as without end

DESCENTS: Row = {LR: "3e-4..3e-2", "lr_decay": "0.5..1.0", "last": f"1..{BLOCKS}"}  # of all that train
KINDS: Row = {LR: "3e-4..3e-2", "last": f"1..{BLOCKS}"}  # of those that train a few kinds of parameters
OWN: dict[str, Row] = {
    "bitfit": KINDS,
    "bottleneck-adapters": {LR: "3e-4..3e-2", "size": "4..64"},
    "conv-adapters": {LR: "3e-4..3e-2", "how": "series|parallel"},
    "delta": {**DESCENTS, "alpha": "1e-3..1.0"},
    "from-scratch": {LR: "3e-4..3e-2"},
    "gradual-unfreezing": {LR: "3e-4..3e-2", "lr_decay": "0.5..1.0", "full": "0.2..0.8"},
    "ia3": {LR: "1e-3..1e-1"},
    "knn": {"k": "1..20", "sharpness": "1.0..30.0"},
    "l2-sp": {**DESCENTS, "alpha": "1e-3..1.0"},
    "lora": {LR: "3e-4..3e-2", "rank": "1..32"},
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
class Configured:
    """A method with its settings, and the learning rate; None is the usual one."""

    method: Method[Any]
    lr: float | None = None
    backbone: str = ""  # its name, if there are several

    @property
    def label(self) -> str:
        """That no other configuration has."""
        of = f"{self.backbone} " if self.backbone else ""
        return f"{of}{self.method.label}" + ("" if self.lr is None else f" lr {self.lr:g}")


@dataclass(frozen=True)
class Joint:
    """The space of all backbones and methods: one of each is chosen, then its settings."""

    methods: Mapping[str, Method[Any]]  # by label, with the settings that stay as they are
    # what is searched, by the name of the backbone, "" for one alone, then by the same label and setting
    spaces: Mapping[str, Mapping[str, Mapping[str, Range | Choices]]]

    @property
    def backbones(self) -> list[str]:
        """Names of the backbones that are chosen among; [] if there is one."""
        return [] if len(self.spaces) < 2 else list(self.spaces)

    def suggest(self, trial: Any, aim: Callable[[str], None]) -> Configured:
        """What an Optuna trial proposes; `aim` is called with the name of each number before it is drawn."""
        (backbone, *others) = self.spaces
        if others:
            aim("backbone")
            backbone = trial.suggest_categorical("backbone", self.backbones)
        aim("method")
        label = trial.suggest_categorical("method", list(self.methods))
        settings = {}
        for setting, values in self.spaces[backbone][label].items():
            name = self._called(backbone, label, setting)
            aim(name)
            settings[setting] = values.suggest(trial, name)
        return self._configured(backbone, label, settings)

    def values(self, config: Configured) -> dict[str, str]:
        """What a trial must take to be a method as it is; {} if it is none of the space."""
        chosen = {"backbone": config.backbone, "method": config.method.label}
        return {name: chosen[name] for name in self.choices(config)}

    def choices(self, config: Configured) -> dict[str, list[str]]:
        """What is chosen before all settings, and among what; {} if a configuration is none of the space."""
        if config.method.label not in self.methods:
            return {}
        several = {"backbone": self.backbones} if self.backbones else {}
        return {**several, "method": list(self.methods)}

    def untried(self, tried: Collection[str]) -> list[dict[str, Any]]:
        """Values for trials that none was like; of a method without end the method alone.

        Args:
            tried: labels of the configurations of all trials so far.
        """
        found: list[dict[str, Any]] = []
        for backbone, rows in self.spaces.items():
            for label, row in rows.items():
                base = self.values(Configured(self.methods[label], None, backbone))
                values = [one.all() for one in row.values()]
                if math.prod(map(len, values)) > MANY or not all(values):
                    found.append(base)
                    continue
                for combination in itertools.product(*values):
                    settings = dict(zip(row, combination, strict=True))
                    if self._configured(backbone, label, dict(settings)).label not in tried:
                        named = {self._called(backbone, label, k): value for k, value in settings.items()}
                        found.append({**base, **named})
        return found

    def ends(self, backbone: str) -> list[Method[Any]]:
        """The methods with each of the values that bound what is searched, one at a time."""
        return [
            _replace(method, {setting: value})
            for label, method in self.methods.items()
            for setting, values in self.spaces[backbone][label].items()
            if setting != LR
            for value in values.ends()
        ]

    def record(self) -> dict[str, dict[str, str]]:
        """As text; a range that is not that of all backbones with the name of each."""
        return {label: {k: self._text(label, k) for k in self._settings(label)} for label in self.methods}

    def _settings(self, label: str) -> list[str]:
        return list(dict.fromkeys(setting for rows in self.spaces.values() for setting in rows[label]))

    def _text(self, label: str, setting: str) -> str:
        texts = {
            name: str(rows[label][setting]) for name, rows in self.spaces.items() if setting in rows[label]
        }
        if len(set(texts.values())) == 1 and len(texts) == len(self.spaces):
            return next(iter(texts.values()))
        return ", ".join(f"{text} of {name}" for name, text in texts.items())

    def _called(self, backbone: str, label: str, setting: str) -> str:
        """The name of a number: backbones share it where all of them have the same range."""
        rows = [each[label].get(setting) for each in self.spaces.values()]
        shared = all(row == rows[0] for row in rows)
        return f"{label}.{setting}" if shared else f"{backbone} {label}.{setting}"

    def _configured(self, backbone: str, label: str, settings: dict[str, Any]) -> Configured:
        lr = settings.pop(LR, None)
        return Configured(_replace(self.methods[label], settings), lr, backbone)


def joint_space(methods: list[Method[Any]], given: Space, blocks: Mapping[str, int] | int) -> Joint:
    """The space of some methods on one backbone or several.

    Args:
        methods: whose settings that are not the defaults stay as they are.
        given: the user's ranges, by the name or label of a method; they take the place of its own.
        blocks: of the backbone; of several, by the name of each.

    Raises:
        Unknown: `given` names no method of the search, or no setting of it.
        BadInput: a range can't be read, or the method refuses its ends.
    """
    names = {method.about.name for method in methods} | {method.label for method in methods}
    for name in given:
        if name not in names:
            raise Unknown("method of the search", name, names)
    named = {method.label: method for method in methods}
    counts = {"": blocks} if isinstance(blocks, int) else blocks
    spaces = {
        name: {label: _row(method, given, count, name) for label, method in named.items()}
        for name, count in counts.items()
    }
    return Joint(named, spaces)


def _row(method: Method[Any], given: Space, blocks: int, backbone: str) -> dict[str, Range | Choices]:
    name = method.about.name
    users = given.get(method.label, given.get(name))
    if users is not None:
        theirs = {k: parsed(f"{name}:{k}", v, blocks) for k, v in users.items()}
        return {k: _checked(method, k, v, blocks, backbone) for k, v in theirs.items()}
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


def _checked(
    method: Method[Any], setting: str, values: Range | Choices, blocks: int, backbone: str
) -> Range | Choices:
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
            of = f"the backbone {backbone}".strip()
            raise BadInput(f"{name}: last goes to {value}, and {of} has {blocks} blocks.")
        try:
            _replace(method, {setting: value})
        except TypeError as error:
            raise BadInput(f"{name}: {setting} can't be {value!r}: {error}.") from error
    return values
