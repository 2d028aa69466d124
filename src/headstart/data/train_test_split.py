"""Train-test split of a checked dataset."""

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData, derive_seed
from headstart.data.dataset import Dataset
from headstart.data.splits import holdout

Rows = NDArray[np.int64]

FEW_GROUPS = 10  # groups below which a part may lack a class because of them


def training_rows(data: Dataset) -> Rows:
    """Rows that the user's own split does not keep for testing; all rows, if there is no split."""
    side = np.array(data.split or [""] * len(data))
    return np.flatnonzero(side != "test")


def train_and_test(data: Dataset, share: float, seed: int) -> tuple[Rows, Rows]:
    """Training and test rows: the user's own split, or a stratified one of whole groups.

    Stratified by the class, the rarest tag of a row, or the quantile of its first number.

    Args:
        data: from `check`, so that duplicates are in one group.
        share: of the test part, in (0, 1).
        seed: of the split.

    Raises:
        BadData: the training part lacks a class, or one of the parts is empty.
    """
    if data.split is not None:
        rows = training_rows(data), np.flatnonzero(np.array(data.split) == "test")
    else:
        rows = holdout(data.strata, data.groups, share, derive_seed(seed, "holdout"))
    for name, some in zip(("training", "test"), rows, strict=True):
        if data.label_kind != "classes":
            _refuse_none(data, name, len(some))
            continue
        missing = set(range(len(data.classes))) - set(data.labels[some].tolist())
        if missing and (name == "training" or len(some) == 0):
            named = ", ".join(repr(data.classes[number]) for number in sorted(missing))
            raise BadData(
                f"The {name} part has no row of class {named}. Give more rows of it, or leave it out; "
                f"{_together(data)}"
            )
    return rows


def _refuse_none(data: Dataset, name: str, rows: int) -> None:
    if rows == 0:
        raise BadData(f"The {name} part has no row. Give more rows; {_together(data)}")


def _together(data: Dataset) -> str:
    """Which rows stay on one side, with the number of groups where these are few."""
    stay = "rows of one group, and rows that are duplicates of each other stay on one side"
    count = len(data) if data.groups is None else len(np.unique(data.groups))
    if count == 1:
        return f"{stay}, and all rows are of one group."
    return f"{stay}, and there are {count} groups." if count < FEW_GROUPS else f"{stay}."
