"""What `shortcuts` may be told: its options and its record; knows no torch."""

from dataclasses import dataclass
from typing import ClassVar

from headstart.records.settings import Rule, StudySettings, option, whole


@dataclass(frozen=True, kw_only=True)
class ShortcutsSettings(StudySettings):
    """How `shortcuts` works; each field is an option of the command line."""

    kind: ClassVar[str] = "shortcuts"

    words: tuple[str, ...] = option(
        "Of texts: a word that should not matter; it is taken out and put in. Give several.",
        (),
        Rule(lambda v: all(word.strip() for word in v), "words that are not empty"),
    )
    features: tuple[str, ...] = option(
        "Of a table: a column to shuffle; give several. None: all columns, 30 at most.", ()
    )
    rounds: int = option("How often a column is shuffled, at least 1.", 5, whole(1))
    rows: int = option("The most rows of which changed copies are made, at least 10.", 500, whole(10))
    seed: int = option("Random seed.", 0)
