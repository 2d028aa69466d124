"""What `align` may be told: its options and its record; knows no torch."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from headstart.records.settings import PRECISION, AdaptSettings, StudySettings, option

SCORES = ("im", "bnm", "snd", "iwv", "dev", "reverse", "source")


@dataclass(frozen=True, kw_only=True)
class AlignSettings(StudySettings):
    """How `align` works; each field is an option of the command line."""

    kind: ClassVar[str] = "align"

    methods: tuple[str, ...] = option(
        "A method, settings after a colon: dann:weight=0.5; give several. None: a few of each family.",
        (),
    )
    select: Literal["im", "bnm", "snd", "iwv", "dev", "reverse", "source"] = option(
        "What models are chosen by, without target labels: im (information maximisation), bnm, snd, iwv, "
        "dev, reverse, or source: the accuracy on held-out source rows.",
        "im",
    )
    seeds: int = option("How many times each method is trained, each time with other random numbers.", 3)
    epochs: int = option("Passes over the larger of both domains in each training.", 10)
    looks: int = option("How often each training is looked at; one of these models is chosen.", 5)
    last: int | None = option(
        "How many of the backbone's last blocks learn; 0: all. None: 2 of a backbone by name, else all.", None
    )
    held: float = option("Share of the source rows that is kept to choose by, in (0, 1).", 0.2)
    test: float = option("Share of a labelled target that is kept for the report, in (0, 1).", 0.3)
    overlap: bool = option("Leave out labelled target rows whose class the source has not.", False)
    unlabelled: bool = option("Pass over the labels of the target, also for the report.", False)
    size: int | None = option("Height and width of the pictures in pixels; else the backbone's own.", None)
    fit: Literal["crop", "pad", "squash"] = option(
        "Other aspect ratios: squash, add white, or cut the centre out.", "squash"
    )
    batch: int = option("Rows of each domain in a training step.", 32)
    lr: float = option("Highest learning rate.", 2e-3)
    precision: Literal["float32", "bf16", "auto"] = option(PRECISION, "float32")
    seed: int = option("Of all that is random.", 0)

    def __post_init__(self) -> None:
        self.check("methods", isinstance(self.methods, tuple), "a list of methods")
        self.check("select", self.select in SCORES, f"one of {', '.join(SCORES)}")
        for name in ("seeds", "epochs", "looks"):
            self.check(name, _whole(getattr(self, name), 1), "a whole number >= 1")
        self.check("last", self.last is None or _whole(self.last, 0), "a whole number >= 0, or None")
        self.check("held", 0 < self.held < 1, "in (0, 1)")
        self.common()

    def common(self) -> AdaptSettings:
        """What they have in common with `adapt`'s."""
        names = ("epochs", "test", "size", "fit", "batch", "lr", "precision", "seed")
        return AdaptSettings(**{name: getattr(self, name) for name in names})


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
