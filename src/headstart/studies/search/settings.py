"""What `search` may be told: its options and their record; knows no torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from headstart.records.settings import (
    FITS,
    PIXELS,
    PRECISION,
    PRECISIONS,
    SHARE,
    InputSettings,
    Rule,
    TrainingSettings,
    option,
    several,
    whole,
)

Space = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class SearchSettings(InputSettings):
    """How `search` works; each field but `space` is an option of the command line.

    Attributes:
        methods: specs of the methods, such as "fine-tune:norm=train"; none: those of `search.DEFAULT`.
        space: by method, then by setting: (low, high), or a list of values, or the same as text,
            "1e-4..1e-2" and "frozen|train". Takes the place of the method's own ranges.
    """

    kind: ClassVar[str] = "search"

    methods: tuple[str, ...] = option(
        "A method to search among, settings that stay after a colon: fine-tune:norm=train; give several. "
        "None: logistic-probe, ridge-probe, fine-tune, lp-ft.",
        (),
        several("methods"),
    )
    trials: int = option("How many there are in all, with the one from scratch, at least 2.", 20, whole(2))
    folds: int = option("Folds of the cross-validation on the training part, at least 2.", 3, whole(2))
    budget: float | None = option(
        "Seconds after which no fold is begun; none: as long as it takes.",
        None,
        Rule(lambda v: v > 0, "a number of seconds > 0"),
    )
    epochs: int = option("Epochs of each training.", 5, whole(1))
    test: float = option("Share of the rows that adapt will test on, and that is not looked at.", 0.2, SHARE)
    size: int | None = option(
        "Height and width of the pictures in pixels; else the backbone's own.", None, PIXELS
    )
    fit: Literal["crop", "pad", "squash"] = option(
        "Other aspect ratios: squash, add white, or cut the centre out.", "squash", FITS
    )
    batch: int = option("Rows a training step.", 32, whole(1))
    precision: Literal["float32", "bf16", "auto"] = option(PRECISION, "float32", PRECISIONS)
    seed: int = option("Of all that is random.", 0)
    space: Space = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        plain = {name: {k: written(v) for k, v in row.items()} for name, row in self.space.items()}
        object.__setattr__(self, "space", plain)

    def training(self) -> TrainingSettings:
        """Those of each training; the learning rate is what is searched, or the usual one."""
        names = ("epochs", "size", "fit", "batch", "precision", "seed")
        return TrainingSettings(**{name: getattr(self, name) for name in names})


def written(values: object) -> str:
    """A range (low, high) or a list of values as text: "1..6", "frozen|train"; text stays."""
    if isinstance(values, str):
        return values
    if isinstance(values, tuple) and len(values) == 2:
        return f"{values[0]!r}..{values[1]!r}"
    if isinstance(values, Sequence) and not isinstance(values, tuple):
        return "|".join(str(value) for value in values)
    from headstart.core import BadInput

    raise BadInput(f"--space is {values!r}; it must be a pair (low, high), or a list of values.")
