"""What `translate` may be told: its options and its record; knows no torch."""

from dataclasses import dataclass
from typing import ClassVar

from headstart.records.settings import StudySettings, option

CHEAP = ("histogram", "fourier", "style")


@dataclass(frozen=True, kw_only=True)
class TranslateSettings(StudySettings):
    """How `translate` works; each field is an option of the command line."""

    kind: ClassVar[str] = "translate"

    method: str = option(
        "cyclegan or cycada, settings after a colon, are learned; histogram, fourier and style cost nothing.",
        "cyclegan",
    )
    steps: int = option("Steps of the training of translators.", 600)
    batch: int = option("Rows of each domain a step.", 32)
    lr: float = option("Highest learning rate of translators and critics.", 1e-3)
    tries: int = option(
        "Starts at most: another one is made while critics see through what is made; the best is kept.", 3
    )
    side: int | None = option(
        "Height and width of pictures in pixels; else their own up to 64, or the model's.", None
    )
    seed: int = option("Of all that is random.", 0)

    def __post_init__(self) -> None:
        self.check("steps", _whole(self.steps), "a whole number >= 1")
        self.check("tries", _whole(self.tries), "a whole number >= 1")
        self.check("batch", _whole(self.batch), "a whole number >= 1")
        self.check("lr", 0 < self.lr < float("inf"), "a number > 0")
        self.check("side", self.side is None or (_whole(self.side) and self.side >= 8), "at least 8")


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
