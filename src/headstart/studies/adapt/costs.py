"""What trainings cost, in samples that a whole model could be trained on meanwhile."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from headstart.studies.adapt import AdaptSettings

SAFE = 0.85  # share of the remaining time that is planned for; trainings may take longer than thought
EPOCHS = (20, 12, 8, 6, 4, 3, 2)  # of a training, the most that fits is taken
UNTAUGHT = 1000  # steps that a network needs which has learned nothing
ENOUGH = 6  # epochs; below it, tuning fewer blocks for longer is the better use of the time
LEAST = 3  # epochs from scratch
SIZES = (2, 5, 10, 20, 50)  # labels a class in the size curve


@dataclass(frozen=True)
class Amounts:
    """How much there is to learn from."""

    rows: int  # in the training part
    smallest: int  # rows of its smallest class; all of them where there are no classes
    kinds: int  # number of classes; 1 where there are none
    sizes: tuple[int, ...] = SIZES  # labels a class in a size curve; labels where there are no classes
    learned: bool = True  # whether the backbone has learned anything

    def epochs(self, batch: int) -> tuple[int, ...]:
        """Epochs of a training that may be tried, the most first: more for what has learned nothing."""
        most = 0 if self.learned else -(-UNTAUGHT * min(batch, self.rows) // self.rows)
        return (*(e for e in (most, most // 2, most // 4) if e > EPOCHS[0]), *EPOCHS)


def from_scratch(epochs: int, relative: float) -> int:
    """Epochs of training everything in the time that `epochs` of tuning take, at least `LEAST`."""
    return min(epochs, max(LEAST, round(epochs / relative)))


@dataclass(frozen=True)
class Costs:
    """In samples that a whole model could be trained on meanwhile."""

    rows: int
    fold_rows: int
    kinds: int
    relative: float
    ways: int
    often: int  # folds that the best whole model takes at least
    least: int  # samples of a training from scratch in the size curve

    def fold(self, epochs: int) -> float:
        """Of one whole model on one fold."""
        return epochs * self.fold_rows / self.relative

    def all(self, epochs: int, tuning: bool, scratch: bool, curved: list[int]) -> float:
        """Of all ways of tuning on a fold, the best on more and on all rows, scratch and the size curve."""
        alone = from_scratch(epochs, self.relative) if scratch else 0
        folds = (self.ways + self.often - 1) * self.fold(epochs)
        tuned = tuning * (folds + epochs * self.rows / self.relative)
        curve = epochs / self.relative * sum(curved) + alone * sum(self.in_curve(alone, curved))
        return tuned + alone * self.rows + curve * self.kinds

    def fewest(self, epochs: int | None) -> float:
        """Of whole models tuned for so many epochs, or the fewest, without all that only compares."""
        return self.all(epochs or EPOCHS[-1], tuning=True, scratch=False, curved=[])

    def in_curve(self, epochs: int, curved: list[int]) -> list[int]:
        """Labels a class of the trainings from scratch that are long enough to show something."""
        return [k for k in curved if epochs * k * self.kinds >= self.least]

    def folds(self, epochs: int, most: int, room: float) -> tuple[int, int]:
        """Folds for all ways of tuning, and for the best, with room for some beside the least."""
        others = (self.ways - 1) * (self.often - 1) * self.fold(epochs)
        if room >= others + self.ways * (most - self.often) * self.fold(epochs):
            return most, most
        return (self.often if room >= others else 1), self.often


def most_epochs(
    settings: AdaptSettings, cost: Callable[[int], float], room: float, spare: float, ladder: Sequence[int]
) -> int:
    """The most epochs that fit, at least 2; 0 if none does. More than `ENOUGH` have to fit into `spare`."""
    if settings.epochs is not None:
        return settings.epochs if cost(settings.epochs) <= room else 0
    return next((e for e in ladder if cost(e) <= (spare if e > ENOUGH else room)), 0)
