"""What `probe` may be told: its options and its record; knows no torch."""

from dataclasses import dataclass
from typing import ClassVar

from headstart.records.settings import InputSettings, option, several, whole


@dataclass(frozen=True, kw_only=True)
class ProbeSettings(InputSettings):
    """How `probe` works; each field is an option of the command line."""

    kind: ClassVar[str] = "probe"

    probes: tuple[str, ...] = option(
        "ridge, logistic, knn or attentive; give several. None: ridge, which costs least.",
        (),
        several("probes"),
    )
    control: int = option(
        "How many control tasks there are, with labels drawn at random; 0: none.", 3, whole(0)
    )
    folds: int = option(
        "Folds of the logistic and the attentive probe, at least 2; others leave one out.", 5, whole(2)
    )
