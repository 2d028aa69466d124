"""A fault of classes of one example, for tests/test_faults.py."""

from tests.faults import Fault

ALONE = (
    Fault(
        "studies/adapt/run.py",
        "    numbers[rows_alone(checked.dataset)[parts[0]]] = -1  # learned from in every fold\n",
        "",
        "a class of one example is held out in a fold, whose models can't know it",
        "study/test_one_example.py every_fold",
    ),
)
