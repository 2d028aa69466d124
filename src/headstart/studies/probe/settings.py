"""What `probe` may be told: its options and its record; knows no torch."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from headstart.records.settings import AdaptSettings, StudySettings, option


@dataclass(frozen=True, kw_only=True)
class ProbeSettings(StudySettings):
    """How `probe` works; each field is an option of the command line."""

    kind: ClassVar[str] = "probe"

    probes: tuple[str, ...] = option(
        "ridge, logistic, knn or attentive; give several. None: ridge, which costs least.", ()
    )
    control: int = option("How many control tasks there are, with labels drawn at random; 0: none.", 3)
    folds: int = option("Folds of the logistic and the attentive probe, at least 2; others leave one out.", 5)
    size: int | None = option(
        "Height and width of pictures in pixels, or the most tokens of a text; else the backbone's own.", None
    )
    fit: Literal["crop", "pad", "squash"] = option(
        "Other aspect ratios: squash, add white, or cut the centre out.", "squash"
    )
    seed: int = option("Of all that is random.", 0)

    def __post_init__(self) -> None:
        self.check("probes", isinstance(self.probes, tuple), "a list of probes")
        self.check("control", _whole(self.control, 0), "a whole number >= 0")
        self.check("folds", _whole(self.folds, 2), "a whole number >= 2")
        self.common()

    def common(self) -> AdaptSettings:
        """What they have in common with `adapt`'s."""
        return AdaptSettings(size=self.size, fit=self.fit, seed=self.seed)


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
