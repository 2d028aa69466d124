"""Faults in the thresholds of two classes that tests must catch; see tests/faults.py."""

from tests.faults import Fault

THRESHOLDS = (
    Fault(
        "metrics/thresholds.py",
        "    edges = np.concatenate([[1.0], -levels, [0.0]])\n",
        "    edges = np.concatenate([-levels[:1], -levels, -levels[-1:]])\n",
        "a threshold lies on the probability of a row, and rounding moves it",
        "metrics/test_thresholds.py points_of_the_curves",
    ),
    Fault(
        "metrics/thresholds.py",
        "    fine = (aimed >= least - SAME) & (found.hits + found.false_alarms > 0)\n",
        "    fine = aimed >= least - SAME\n",
        "a threshold that finds nothing has the highest precision",
        "metrics/test_thresholds.py highest_precision",
    ),
    Fault(
        "studies/adapt/two_classes.py",
        '    shares = as_predictions(outputs, "classes")[:, positive]\n',
        '    shares = as_predictions(outputs, "classes")[:, 1 - positive]\n',
        "the threshold is on the probability of the other class",
        "study/test_threshold.py out_of_fold_rows_by_hand",
    ),
    Fault(
        "runtime/predictions.py",
        "            best = positive if row[positive] >= self.threshold else 1 - positive\n",
        "            best = positive if row[positive] >= 0.5 else 1 - positive\n",
        "the saved threshold is not decided by",
        "study/test_threshold.py decides_by_it",
    ),
    Fault(
        "studies/adapt/run.py",
        "    tested, logits = evaluate_on_test(validation, selected, rivals, test, threshold)\n",
        "    tested, logits = evaluate_on_test(validation, selected, rivals, test)\n",
        "the report praises another model than the one that is saved",
        "study/test_threshold.py figures_are_those",
    ),
)
