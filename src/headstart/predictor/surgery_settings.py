"""Which operations are asked for: one dataclass, and so options of the command line; knows no torch."""

from dataclasses import dataclass

from headstart.records.settings import StudySettings, option

MEAN = "-"  # in place of a channel: the mean of all


@dataclass(frozen=True, kw_only=True)
class SurgerySettings(StudySettings):
    """What is done to a backbone, in this order; each field is an option of the command line."""

    keep: str | None = option(
        "Keep the weights that this selects, as in 'first(3)', and re-initialise the rest.", None
    )
    tokenizer: str | None = option(
        "A tokenizer.json: rows of the embedding go by its words, and texts are read by it.", None
    )
    channels: int | None = option("Input channels; outputs for grey pictures stay the same.", None)
    like: str | None = option(
        "Which old channel each new one resembles, - for the mean of all: 0,1,2,-; else all the mean.", None
    )
    size: str | None = option(
        "Pixels of the inputs, SIDE or HEIGHTxWIDTH: what depends on it is stretched.", None
    )
    luminance: bool = option("Convert pictures to luminance first (ITU-R BT.601).", False)
    seed: int = option("Random seed of re-initialised weights.", 0)

    def __post_init__(self) -> None:
        self.check("channels", self.channels is None or self.channels >= 1, "a whole number >= 1")
        self.check("like", self.like is None or self.channels is not None, "left out without --channels")
        self.sides()
        self.resembled()

    def sides(self) -> tuple[int, int]:
        """Height and width in pixels; (0, 0) if no size is asked for."""
        words = [word.strip() for word in (self.size or "0").lower().split("x")]
        fine = len(words) in (1, 2) and all(word.isdecimal() for word in words)
        self.check("size", fine and (self.size is None or min(map(int, words)) >= 1), "as in 64 or 32x64")
        return int(words[0]), int(words[-1])

    def resembled(self) -> tuple[int | None, ...] | None:
        """For each new channel the old one that it resembles, or None for the mean."""
        if self.like is None:
            return None
        words = [word.strip() for word in self.like.split(",")]
        fine = all(word == MEAN or word.isdecimal() for word in words) and len(words) == self.channels
        self.check(
            "like", fine, f"an old channel or - for each of the {self.channels} new ones, as in 0,1,2,-"
        )
        return tuple(None if word == MEAN else int(word) for word in words)
