"""What changes where there are few rows to learn from."""

from dataclasses import replace

import numpy as np

from headstart.core import BadData
from headstart.data.dataset import Dataset
from headstart.studies._runner import Job
from headstart.studies.adapt import AdaptSettings


def with_possible_folds(job: Job[AdaptSettings], train: Dataset) -> Job[AdaptSettings]:
    """The job with a fold for each row or group of the training part, with a note, where more are wished.

    Raises:
        BadData: these are too few to compare methods.
    """
    units = len(train) if train.groups is None else len(np.unique(train.groups))
    if units >= job.settings.folds:
        return job
    alone = train.label_kind == "classes" and np.bincount(train.labels).max() < 2
    if alone or units < 2:
        what = "one row of each class" if alone else "one row or group"
        raise BadData(
            f"Beside what is held out to test with there is {what} to learn from, so methods can't be "
            "compared. Add some, three rows of a class at least, or fit one method to all rows by hs.fit."
        )
    job.notes.append(f"There are {units} folds, one for each row or group of the training part.")
    return replace(job, settings=replace(job.settings, folds=units))
