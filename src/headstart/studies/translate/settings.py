"""What `translate` may be told: its options and its record; knows no torch."""

from dataclasses import dataclass
from typing import ClassVar

from headstart.records.settings import PIXELS, POSITIVE, StudySettings, option, whole

CHEAP = ("histogram", "fourier", "style")


@dataclass(frozen=True, kw_only=True)
class TranslateSettings(StudySettings):
    """How `translate` works; each field is an option of the command line."""

    kind: ClassVar[str] = "translate"

    method: str = option(
        "cyclegan or cycada, settings after a colon, are learned; histogram, fourier and style cost nothing.",
        "cyclegan",
    )
    steps: int = option("Steps of the training of translators.", 600, whole(1))
    batch: int = option("Batch size per domain.", 32, whole(1))
    lr: float = option("Highest learning rate of translators and critics.", 1e-3, POSITIVE)
    tries: int = option(
        "Starts at most: another one is made while critics see through what is made; the best is kept.",
        3,
        whole(1),
    )
    side: int | None = option(
        "Height and width of pictures in pixels; else their own up to 64, or the model's.", None, PIXELS
    )
    seed: int = option("Random seed.", 0)
