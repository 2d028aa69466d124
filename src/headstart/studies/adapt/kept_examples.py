"""What a run keeps of training rows, for explanations and streams, within a fiftieth of the budget."""

import math

from headstart.core import Model
from headstart.data.dataset import Dataset
from headstart.nn.source_statistics import FEWEST
from headstart.predictor.examples import MOST, Examples
from headstart.predictor.training_rows import MOST as ROWS
from headstart.predictor.training_rows import measure_rows
from headstart.records.explanation import EXAMPLES
from headstart.studies._runner import Job
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt.fixed_costs import SHARE


def affordable(settings: AdaptSettings, seconds: float) -> float:
    """How many times what takes so many seconds fits into the share of the budget for explanations."""
    return math.inf if settings.epochs or seconds <= 0 else SHARE * settings.seconds / seconds


def keep_examples(job: Job[AdaptSettings], model: Model, train: Dataset, read: float) -> None:
    """Write names, labels and features of training rows beside the model, and the rows of a table.

    A model of classes is given the statistics by which a stream tells rows of another kind; they take half of
    that time at most, or that of the 40 rows that they need.

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
    if train.label_kind == "classes":
        few = int(min(ROWS, max(FEWEST, affordable(job.settings, read) / 2)))
        measure_rows(model, train, model.device, job.settings.seed, few)
