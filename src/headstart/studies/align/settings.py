"""What `align` may be told: its options and its record; knows no torch."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from headstart.records.settings import SHARE, TrainingSettings, one_of, option, several, whole

SCORES = ("im", "bnm", "snd", "iwv", "dev", "reverse", "source")


@dataclass(frozen=True, kw_only=True)
class AlignSettings(TrainingSettings):
    """How `align` works; each field is an option of the command line."""

    kind: ClassVar[str] = "align"

    methods: tuple[str, ...] = option(
        "A method, settings after a colon: dann:weight=0.5; give several. None: a few of each family.",
        (),
        several("methods"),
    )
    select: Literal["im", "bnm", "snd", "iwv", "dev", "reverse", "source"] = option(
        "What models are chosen by, without target labels: im (information maximisation), bnm, snd, iwv, "
        "dev, reverse, or source: the accuracy on held-out source rows.",
        "im",
        one_of(*SCORES),
    )
    seeds: int = option(
        "How many times each method is trained, each time with other random numbers.", 3, whole(1)
    )
    epochs: int = option("Passes over the larger of both domains in each training.", 10, whole(1))
    looks: int = option("How often each training is looked at; one of these models is chosen.", 5, whole(1))
    last: int | None = option(
        "How many of the backbone's last blocks learn; 0: all. None: 2 of a backbone by name, else all.",
        None,
        whole(0),
    )
    held: float = option("Share of the source rows that is kept to choose by, in (0, 1).", 0.2, SHARE)
    test: float = option("Share of a labelled target that is kept for the report, in (0, 1).", 0.3, SHARE)
    overlap: bool = option("Leave out labelled target rows whose class the source has not.", False)
    unlabelled: bool = option("Pass over the labels of the target, also for the report.", False)
    batch: int = option("Rows of each domain in a training step.", 32, whole(1))
