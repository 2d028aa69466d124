"""What `shortcuts` may be told: its options and its record; knows no torch."""

from dataclasses import dataclass
from typing import ClassVar

from headstart.records.settings import StudySettings, option


@dataclass(frozen=True, kw_only=True)
class ShortcutsSettings(StudySettings):
    """How `shortcuts` works; each field is an option of the command line."""

    kind: ClassVar[str] = "shortcuts"

    words: tuple[str, ...] = option(
        "Of texts: a word that should not matter; it is taken out and put in. Give several.", ()
    )
    features: tuple[str, ...] = option(
        "Of a table: a column to shuffle; give several. None: all columns, 30 at most.", ()
    )
    rounds: int = option("How often a column is shuffled, at least 1.", 5)
    rows: int = option("The most rows of which changed copies are made, at least 10.", 500)
    seed: int = option("Of all that is random.", 0)

    def __post_init__(self) -> None:
        self.check("rounds", _whole(self.rounds, 1), "a whole number >= 1")
        self.check("rows", _whole(self.rows, 10), "a whole number >= 10")
        self.check("words", all(word.strip() for word in self.words), "words that are not empty")


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
