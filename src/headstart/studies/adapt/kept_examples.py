"""Training rows that a run keeps for explanations, as far as a fiftieth of the budget reads them."""

import math

from headstart.core import Model
from headstart.data.dataset import Dataset
from headstart.predictor.examples import MOST, Examples
from headstart.records.explanation import EXAMPLES
from headstart.studies._runner import Job
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt.fixed_costs import SHARE


def affordable(settings: AdaptSettings, seconds: float) -> float:
    """How many times what takes so many seconds fits into the share of the budget for explanations."""
    return math.inf if settings.epochs or seconds <= 0 else SHARE * settings.seconds / seconds


def keep_examples(job: Job[AdaptSettings], model: Model, train: Dataset, read: float) -> None:
    """Write names, labels and features of training rows beside the model, and the rows of a table.

    Args:
        job: whose folder is written to.
        model: the final one.
        train: what it learned from.
        read: seconds that the backbone takes for a row.
    """
    file = job.folder.path / EXAMPLES
    file.unlink(missing_ok=True)  # of a former sitting
    most = min(MOST, affordable(job.settings, read))
    if most >= 1:
        Examples.of(model, train, int(most), job.settings.seed, show=job.progress.share).save(file)
