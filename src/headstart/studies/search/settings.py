"""What `search` may be told: its options and their record; knows no torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from headstart.records.settings import PRECISION, AdaptSettings, StudySettings, option

Space = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class SearchSettings(StudySettings):
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
    )
    trials: int = option("How many there are in all, with the one from scratch, at least 2.", 20)
    folds: int = option("Folds of the cross-validation on the training part, at least 2.", 3)
    budget: float | None = option("Seconds after which no fold is begun; none: as long as it takes.", None)
    epochs: int = option("Epochs of each training.", 5)
    test: float = option("Share of the rows that adapt will test on, and that is not looked at.", 0.2)
    size: int | None = option("Height and width of the pictures in pixels; else the backbone's own.", None)
    fit: Literal["crop", "pad", "squash"] = option(
        "Other aspect ratios: squash, add white, or cut the centre out.", "squash"
    )
    batch: int = option("Rows a training step.", 32)
    precision: Literal["float32", "bf16", "auto"] = option(PRECISION, "float32")
    seed: int = option("Of all that is random.", 0)
    space: Space = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.check("methods", isinstance(self.methods, tuple), "a list of methods")
        self.check("trials", self.trials >= 2, "a whole number >= 2")
        plain = {name: {k: written(v) for k, v in row.items()} for name, row in self.space.items()}
        object.__setattr__(self, "space", plain)
        self.common()

    def common(self) -> AdaptSettings:
        """What they have in common with `adapt`'s."""
        names = ("folds", "epochs", "test", "size", "fit", "batch", "precision", "seed")
        given = {name: getattr(self, name) for name in names}
        return AdaptSettings(**given if self.budget is None else {**given, "budget": self.budget})


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
