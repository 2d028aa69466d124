"""Which labelled rows fit the temperature and choose a template, and which are tested."""

import numpy as np

from headstart.core import derive_seed
from headstart.data.dataset import Dataset
from headstart.data.random_draws import shuffled
from headstart.data.splits import holdout
from headstart.data.train_test_split import Rows, training_rows
from headstart.studies.zero_shot import ZeroShotSettings

LEAST = 20  # rows that a temperature is fitted on, or a template chosen
MOST = 1000  # of the training part of a split


def parts_of(
    data: Dataset, settings: ZeroShotSettings, labelled: bool, choose: bool = False
) -> tuple[Rows, Rows]:
    """Rows that fit the temperature and choose a template, none if they are few, and tested rows: no others.

    Args:
        data: whose copies of a row are in one group with it, so that none is on both sides.
        settings: the share of the first, and whether a temperature is fitted at all.
        labelled: whether the labels are known; without them all rows are classified.
        choose: whether a template is chosen.
    """
    everything, none = np.arange(len(data)), np.zeros(0, np.int64)
    wanted = labelled and settings.calibration > 0 and (choose or settings.temperature is None)
    if labelled and data.split is not None:
        known = training_rows(data)
        known = np.sort(known[shuffled(len(known), settings.seed, "calibration")[:MOST]])
        return known if wanted and len(known) >= LEAST else none, np.flatnonzero(
            np.array(data.split) == "test"
        )
    if not wanted or settings.calibration * len(data) < LEAST:
        return none, everything
    seed = derive_seed(settings.seed, "calibration")
    tested, calibration = holdout(data.strata, data.groups, settings.calibration, seed)
    return calibration, tested
