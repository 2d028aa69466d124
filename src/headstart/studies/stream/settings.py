"""What `stream` may be told on the command line; knows no torch."""

from dataclasses import dataclass
from typing import ClassVar

from headstart.records.settings import StudySettings, option, whole


@dataclass(frozen=True, kw_only=True)
class StreamSettings(StudySettings):
    """How `stream` works; each field is an option of the command line."""

    kind: ClassVar[str] = "stream"

    method: str = option("How it adapts; settings after a colon: tent:lr=1e-4.", "tent")
    guards: bool = option("Watch the classes answered, the confidence and the drift, and go back.", True)
    batch: int = option("Rows that come at once.", 64, whole(1))
    labels: bool = option(
        "FOLDER has class folders, or the file an array y: tell the accuracy. No method sees a label.", False
    )
    shuffle: bool = option("Take the files in random order instead of by name.", False)
    seed: int = option("Random seed.", 0)
