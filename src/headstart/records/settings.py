"""What the main job may be told: one dataclass, and so its options and its record; knows no torch."""

import math
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar, Literal, Self

PRECISION = (
    "bf16 is less exact, and faster where the processor has a unit for it; elsewhere float32 is used. "
    "auto: what a short measurement finds faster."
)


def option(text: str, default: Any, **more: Any) -> Any:
    """A field with the sentence that explains it."""
    return field(default=default, metadata={"help": text, **more})


@dataclass(frozen=True, kw_only=True)
class StudySettings:
    """What a study may be told; each field is an option of the command line, and all are its record."""

    kind: ClassVar[str] = ""  # of the study; the main job's has none

    def check(self, name: str, fine: bool, allowed: str) -> None:
        """Refuse the value of a setting that is not fine."""
        if not fine:
            from headstart.core import BadInput

            raise BadInput(f"--{name.replace('_', '-')} is {getattr(self, name)!r}; it must be {allowed}.")

    def record(self) -> dict[str, Any]:
        """JSON values, for `from_record`."""
        plain = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}
        return {"study": self.kind} | plain if self.kind else plain

    @classmethod
    def from_record(cls, values: dict[str, Any]) -> Self:
        """The inverse of `record`; fields of newer versions are passed over."""
        known = {f.name for f in fields(cls)}
        given: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in values.items() if k in known
        }
        return cls(**given)


@dataclass(frozen=True, kw_only=True)
class AdaptSettings(StudySettings):
    """How `adapt` works; each field is an option of the command line."""

    budget: float = option("Seconds that trying and training may take; what does not fit is left out.", 300.0)
    methods: tuple[str, ...] = option(
        "A method to try, settings after a colon: fine-tune:last=2,norm=train; none: all that fit.", ()
    )
    folds: int = option("Folds of the cross-validation on the training part, at least 2.", 5)
    test: float = option("Share of the rows that is held out for the one final test, in (0, 1).", 0.2)
    size: int | None = option(
        "Pixels of the height and width of pictures, or the most tokens of a text; else the backbone's own.",
        None,
    )
    fit: Literal["crop", "pad", "squash"] = option(
        "Other aspect ratios: squash, add white, or cut the centre out as most backbones were trained; "
        "the first two see all of the picture.",
        "squash",
    )
    epochs: int | None = option("Epochs of each training; else as many as the budget allows.", None)
    batch: int = option("Rows a training step.", 32)
    lr: float = option("Highest learning rate of heads; backbones take a tenth of it.", 2e-3)
    precision: Literal["float32", "bf16", "auto"] = option(PRECISION, "float32")
    curve: bool = option("Also draw accuracy against labels per class.", True)
    abstain: float = option("The model says 'unsure' below this probability, in [0, 1).", 0.0)
    seed: int = option("Of all that is random.", 0)

    def __post_init__(self) -> None:
        for name, fine, allowed in (
            ("budget", self.budget > 0, "a number of seconds > 0"),
            ("folds", self.folds >= 2, "a whole number >= 2"),
            ("test", 0 < self.test < 1, "in (0, 1)"),
            ("size", self.size is None or self.size >= 8, "at least 8"),
            ("epochs", self.epochs is None or self.epochs >= 1, "a whole number >= 1"),
            ("batch", self.batch >= 1, "a whole number >= 1"),
            ("lr", 0 < self.lr < math.inf, "a number > 0"),
            ("fit", self.fit in ("crop", "pad", "squash"), "crop, pad or squash"),
            ("precision", self.precision in ("float32", "bf16", "auto"), "float32, bf16 or auto"),
            ("abstain", 0 <= self.abstain < 1, "in [0, 1)"),
        ):
            self.check(name, fine, allowed)
