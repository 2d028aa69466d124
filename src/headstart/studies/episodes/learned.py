"""What `episodes` returns: its record, and the learners ready to learn."""

from dataclasses import dataclass, field
from pathlib import Path

from headstart.learners.trained import TrainedLearner
from headstart.studies._shown import ShownResult
from headstart.studies.episodes import MetaLearning
from headstart.tasks.family import TaskFamily


@dataclass(frozen=True, repr=False)
class LearnedToLearn(ShownResult):
    """What `episodes` returns.

    Attributes:
        folder: with `learners/NAME`, `episodes.json` and `episodes.html`; None if nothing is kept.
        result: the record.
        learners: the trained learners and the baselines, by name, the best first.
        tasks: that they were tested on, to draw more from.
    """

    folder: Path | None
    result: MetaLearning
    learners: dict[str, TrainedLearner] = field(default_factory=dict)
    tasks: TaskFamily | None = None

    @property
    def best(self) -> TrainedLearner:
        """The best of all on the test tasks, baselines included."""
        return next(iter(self.learners.values()))
