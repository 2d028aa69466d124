"""Settings of studies: their fields are options of the command line, with checks; needs no torch."""

import inspect
import math
import re
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar, Literal, NamedTuple, Self

from headstart.face import spell, written

SIZE = "Height and width of pictures in pixels, or the most tokens of a text; else the backbone's own."
FIT = (
    "How to fit other aspect ratios: squash, pad with white, or crop the centre, as most backbones were "
    "trained; squash and pad keep all of the picture. Default: squash; adapt compares the three."
)
PRECISION = (
    "bf16 is less exact, and faster where the processor has a unit for it; elsewhere float32 is used. "
    "auto: what a short measurement finds faster."
)


class Rule(NamedTuple):
    """Which values a setting may have: a test, and the same in words after "it must be"."""

    allows: Callable[[Any], bool]
    text: str

    def holds(self, value: Any) -> bool:
        """Whether the value is allowed; one of a type that can't be compared is not."""
        try:
            return self.allows(value)
        except TypeError:
            return False


def whole(least: int) -> Rule:
    """A whole number >= `least`."""
    return Rule(
        lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= least, f"a whole number >= {least}"
    )


def one_of(*values: str) -> Rule:
    """One of some words."""
    return Rule(lambda v: v in values, f"{', '.join(values[:-1])} or {values[-1]}")


def several(what: str) -> Rule:
    """Any number of words, such as "methods"; not a single word by itself."""
    return Rule(lambda v: isinstance(v, tuple), f"a list of {what}")


METRIC = (
    "accuracy, balanced_accuracy, macro_f1, auc, average_precision or log_loss; of tags average_precision, "
    "...; of numbers r2, rmse, mae, spearman"
)
POSITIVE = Rule(lambda v: 0 < v < math.inf, "a number > 0")
SECONDS = Rule(lambda v: v > 0, "a number of seconds > 0")
SHARE = Rule(lambda v: 0 < v < 1, "in (0, 1)")
PIXELS = Rule(lambda v: v >= 8, "at least 8")
NUMBER = r"(\d+(?:\.\d+)?)"
DURATION = re.compile(rf"(?:{NUMBER}h)?(?:{NUMBER}m(?:in)?)?(?:{NUMBER}s)?")
FITS = one_of("crop", "pad", "squash")
PRECISIONS = one_of("float32", "bf16", "auto")


def seconds_of(flag: str, text: str) -> float:
    """Seconds of a duration in words: 90, 90s, 5m, 1.5h or 1h30m.

    Raises:
        BadInput: it is none.
    """
    with suppress(ValueError):
        return float(text)
    found = DURATION.fullmatch("".join(text.lower().split()))
    if not found or not any(found.groups()):
        from headstart.core import BadInput

        raise BadInput(f"--{flag} is {text!r}; write seconds, as in 90, or 90s, 5m, 1h or 1h30m.")
    return sum(
        unit * float(number) for unit, number in zip((3600, 60, 1), found.groups(), strict=True) if number
    )


def option(text: str, default: Any, rule: Rule | None = None, **more: Any) -> Any:
    """A field of settings: help text, default, and which values it may have beside a default of None.

    Args:
        text: one sentence for the command line.
        default: of the field.
        rule: of the values.
        **more: `flag`, the option's name where it is not the field's; `parse` and `metavar`, for values that
            are read from texts of the command line; `duration` of one in seconds, which the
            command line takes as 5m, too.
    """
    return field(default=default, metadata={"help": text, "rule": rule, **more})


@dataclass(frozen=True, kw_only=True)
class StudySettings:
    """Settings of a study: each field is an option of the command line, and all are in its record."""

    kind: ClassVar[str] = ""  # of the study; the main job's has none

    @property
    def limit(self) -> float | None:
        """Seconds from the start after which nothing is left to do; None: there is no such bound."""
        return None

    def __post_init__(self) -> None:
        for each in fields(self):
            rule, value = each.metadata.get("rule"), getattr(self, each.name)
            if rule and not (value is None and each.default is None):
                self.check(each.name, rule.holds(value), rule.text)

    def check(self, name: str, fine: bool, allowed: str) -> None:
        """Refuse the value of a setting that is not fine."""
        if not fine:
            from headstart.core import BadInput

            flag = next((f.metadata.get("flag", "") for f in fields(self) if f.name == name), "")
            value = written(getattr(self, name))
            raise BadInput(f"{spell(name, option=flag)} is {value}; it must be {allowed}.")

    def check_names(self, name: str, thing: str, allowed: Collection[str]) -> None:
        """Refuse a setting that is an empty list of names, or has a name that is not among the allowed."""
        self.check(name, bool(getattr(self, name)), f"one or more of {', '.join(allowed)}")
        for value in getattr(self, name):
            if value not in allowed:
                from headstart.core import Unknown

                raise Unknown(thing, value, allowed)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Names of the settings in the order of the command line.

        A study's own come before those that all studies share; where one study's settings build on another's,
        its own come last.
        """
        parent = cls.__mro__[1]
        if not issubclass(parent, StudySettings):
            return ()
        names = {each.name for each in fields(cls)}
        own = [name for name in inspect.get_annotations(cls) if name in names]
        both = (*parent.names(), *own) if parent.kind else (*own, *parent.names())
        return tuple(dict.fromkeys(both))

    def record(self) -> dict[str, Any]:
        """JSON values, for `from_record`."""
        values = asdict(self)
        plain = {k: list(values[k]) if isinstance(values[k], tuple) else values[k] for k in self.names()}
        return {"study": self.kind} | plain if self.kind else plain

    @classmethod
    def from_record(cls, values: dict[str, Any]) -> Self:
        """The inverse of `record`; fields of newer versions are passed over."""
        names = set(cls.names())
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items() if k in names})


@dataclass(frozen=True, kw_only=True)
class InputSettings(StudySettings):
    """Settings of every study that puts data through a backbone: how samples are read, and the seed."""

    size: int | None = option(SIZE, None, PIXELS)
    fit: Literal["crop", "pad", "squash"] | None = option(FIT, None, FITS)
    seed: int = option("Random seed.", 0)


@dataclass(frozen=True, kw_only=True)
class TrainingSettings(InputSettings):
    """Settings of every study that trains: beside how samples are read, how long and how fast it descends."""

    epochs: int | None = option("Epochs per training. Default: as many as the budget allows.", None, whole(1))
    batch: int = option("Batch size.", 32, whole(1))
    lr: float = option("Peak learning rate.", 2e-3, POSITIVE)
    precision: Literal["float32", "bf16", "auto"] = option(PRECISION, "float32", PRECISIONS)


@dataclass(frozen=True, kw_only=True)
class ExperimentSettings(TrainingSettings):
    """Settings of every experiment that repeats its trainings with several seeds."""

    kind: ClassVar[str] = "experiment"

    seeds: int = option("Number of random seeds.", 5, whole(1))
    epochs: int = option("Epochs per training.", 10, whole(1))
    test: float = option("Fraction of the rows held out for testing, in (0, 1).", 0.2, SHARE)


MEAN = "-"  # in place of a channel: the mean of all


@dataclass(frozen=True, kw_only=True)
class SurgerySettings(StudySettings):
    """What is done to a backbone, in this order; each field is an option of the command line."""

    keep: str | None = option(
        "Keep the weights that this selects, as in 'first(3)', and re-initialise the rest.", None
    )
    tokenizer: str | None = option(
        "A tokenizer.json: rows of the embedding go by its words, and texts are read by it.", None
    )
    channels: int | None = option("Input channels; outputs for grey pictures stay the same.", None)
    like: str | None = option(
        "Which old channel each new one resembles, - for the mean of all: 0,1,2,-; else all the mean.", None
    )
    size: str | None = option(
        "Pixels of the inputs, SIDE or HEIGHTxWIDTH: what depends on it is stretched.", None
    )
    luminance: bool = option("Convert pictures to luminance first (ITU-R BT.601).", False)
    seed: int = option("Random seed of re-initialised weights.", 0)

    def __post_init__(self) -> None:
        self.check("channels", self.channels is None or self.channels >= 1, "a whole number >= 1")
        self.check(
            "like", self.like is None or self.channels is not None, f"left out without {spell('channels')}"
        )
        self.sides()
        self.resembled()

    def sides(self) -> tuple[int, int]:
        """Height and width in pixels; (0, 0) if no size is asked for."""
        words = [word.strip() for word in (self.size or "0").lower().split("x")]
        fine = len(words) in (1, 2) and all(word.isdecimal() for word in words)
        self.check("size", fine and (self.size is None or min(map(int, words)) >= 1), "as in 64 or 32x64")
        return int(words[0]), int(words[-1])

    def resembled(self) -> tuple[int | None, ...] | None:
        """For each new channel the old one that it resembles, or None for the mean."""
        if self.like is None:
            return None
        words = [word.strip() for word in self.like.split(",")]
        fine = all(word == MEAN or word.isdecimal() for word in words) and len(words) == self.channels
        self.check(
            "like", fine, f"an old channel or - for each of the {self.channels} new ones, as in 0,1,2,-"
        )
        return tuple(None if word == MEAN else int(word) for word in words)
