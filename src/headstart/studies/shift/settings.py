"""What `shift` may be told: its options and its record; knows no torch."""

from dataclasses import dataclass
from typing import ClassVar

from headstart.records.settings import InputSettings, option, whole

LEAST = 20  # rows of a domain that may be asked for


@dataclass(frozen=True, kw_only=True)
class ShiftSettings(InputSettings):
    """How `shift` works; each field is an option of the command line."""

    kind: ClassVar[str] = "shift"

    rows: int = option(
        "Rows of each domain that are looked at, at least 20; of more, so many are drawn.", 2000, whole(LEAST)
    )
    folds: int = option("Folds of the classifier that tells the domains apart, at least 2.", 5, whole(2))
