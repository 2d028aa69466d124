"""What `shift` may be told: its options and its record; knows no torch."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from headstart.records.settings import AdaptSettings, StudySettings, option

LEAST = 20  # rows of a domain that may be asked for


@dataclass(frozen=True, kw_only=True)
class ShiftSettings(StudySettings):
    """How `shift` works; each field is an option of the command line."""

    kind: ClassVar[str] = "shift"

    rows: int = option(
        "Rows of each domain that are looked at, at least 20; of more, so many are drawn.", 2000
    )
    folds: int = option("Folds of the classifier that tells the domains apart, at least 2.", 5)
    size: int | None = option(
        "Height and width of pictures in pixels, or the most tokens of a text; else the backbone's own.", None
    )
    fit: Literal["crop", "pad", "squash"] = option(
        "Other aspect ratios: squash, add white, or cut the centre out.", "squash"
    )
    seed: int = option("Of all that is random.", 0)

    def __post_init__(self) -> None:
        self.check("rows", _whole(self.rows, LEAST), f"a whole number >= {LEAST}")
        self.check("folds", _whole(self.folds, 2), "a whole number >= 2")
        self.common()

    def common(self) -> AdaptSettings:
        """What they have in common with `adapt`'s."""
        return AdaptSettings(size=self.size, fit=self.fit, seed=self.seed)


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
