"""Faults of studies of a handful of rows, for tests/test_faults.py."""

from tests.faults import Fault

FEW = (
    Fault(
        "studies/adapt/run.py",
        "    job = with_possible_folds(job, train)\n",
        "",
        "four rows are dealt to five folds",
        "study/test_few_rows.py as_many_folds",
    ),
    Fault(
        "studies/adapt/few_rows.py",
        "np.bincount(train.labels).max() < 2",
        "False",
        "folds hold out classes that no other row has",
        "study/test_few_rows.py compares_nothing",
    ),
)
