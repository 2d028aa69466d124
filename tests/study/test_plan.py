"""What fits the budget, with numbers worked out by hand.

100 rows in 5 folds: a training is of 80 rows, and its largest number of labels a class is 16 where the
smallest class has 20. Labels a class are then 2, 5 and 10, of which whole models get 5: with 3 classes
that is 2 x 15 = 30 samples an epoch. Both methods on one fold and one of them on all are 2 x 80 + 100 =
260 samples, from scratch 100 more. At 10 samples a second a budget of b has room for 10 (0.8 b - 20).
"""

import math

import numpy as np
import pytest

from headstart.study.plan import make_plan
from headstart.study.settings import Settings

CURVE = "The size curve has no whole models in it: the budget is too small."
TUNED = "No whole model was fine-tuned: the budget is too small."
SCRATCH = "No model was trained from scratch to compare with: the budget is too small."


def plan(budget, rate=10.0, **settings):
    return make_plan(Settings(budget=budget, **settings), 100, 20, 3, rate)


def test_a_tiny_budget_leaves_probes():
    made = plan(20)  # no room at all
    assert (made.tuning, made.scratch, made.folds) == (False, False, 0)
    assert made.sizes == [2, 5, 10]
    assert made.tuned_sizes == []
    assert made.decisions == [CURVE, TUNED, SCRATCH]


def test_then_comes_the_model_from_scratch():
    assert not plan(49).scratch  # 192 samples, two epochs are 200
    made = plan(51)  # 208
    assert (made.tuning, made.scratch, made.folds, made.epochs) == (False, True, 0, 2)
    assert made.decisions == [CURVE, TUNED]


def test_then_whole_models_on_one_fold():
    assert not plan(114).tuning  # 712, two epochs of 360 are 720
    made = plan(116)  # 728
    assert (made.tuning, made.scratch, made.folds, made.epochs) == (True, True, 1, 2)
    assert made.tuned_sizes == []
    said = "Whole models were cross-validated on 1 of 5 folds at most: the budget has no room for more."
    assert made.decisions == [CURVE, said]


def test_then_the_size_curve_and_more_folds():
    made = plan(124)  # 792, two epochs of 390 are 780
    assert made.tuned_sizes == [5]
    assert (made.epochs, made.folds) == (2, 1)
    made = plan(172)  # 1176, three epochs are 1170 and another fold of both 480
    assert (made.epochs, made.folds) == (3, 1)
    made = plan(162)  # 1096, two epochs are 780, and 316 don't reach for 320
    assert (made.epochs, made.folds) == (2, 1)
    made = plan(164)  # 1112
    assert (made.epochs, made.folds) == (2, 2)
    assert made.decisions[0].startswith("Whole models were cross-validated on 2 of 5 folds at most")


def test_a_large_budget_leaves_nothing_out():
    made = plan(1e5)
    assert (made.epochs, made.folds, made.tuned_sizes, made.decisions) == (20, 5, [5], [])


def test_epochs_that_are_given_need_no_measuring():
    made = plan(1, rate=math.inf, epochs=7)
    assert (made.epochs, made.folds, made.tuning, made.scratch, made.decisions) == (7, 5, True, True, [])
    assert plan(math.inf, rate=math.inf, epochs=7) == made


def test_without_a_size_curve_nothing_is_said_of_it():
    assert plan(20, curve=False).decisions == [TUNED, SCRATCH]
    made = plan(1e5, curve=False)
    assert (made.sizes, made.tuned_sizes, made.decisions) == ([], [], [])


def test_a_size_curve_ends_where_the_smallest_class_does():
    assert make_plan(Settings(), 100, 20, 3, 10.0).sizes == [2, 5, 10]
    assert make_plan(Settings(folds=2), 100, 20, 3, 10.0).sizes == [2, 5, 10]
    assert make_plan(Settings(), 1000, 100, 3, 1e6).sizes == [2, 5, 10, 20, 50]
    assert make_plan(Settings(), 1000, 100, 3, 1e6).tuned_sizes == [2, 20]
    assert make_plan(Settings(), 10, 2, 3, 1e6).sizes == []
    assert make_plan(Settings(), 10, 3, 3, 1e6).tuned_sizes == [2]


@pytest.mark.parametrize("rate", [3.0, 40.0])
@pytest.mark.parametrize("settings", [{}, {"folds": 2}, {"epochs": 4}, {"curve": False}])
def test_more_time_never_gives_less_and_the_plan_fits(rate, settings):
    before = None
    for budget in np.geomspace(1, 1e5, 400):
        made = plan(budget, rate, **settings)
        granted = (made.scratch, made.tuning, bool(made.tuned_sizes))
        if before is not None:
            assert granted >= (before.scratch, before.tuning, bool(before.tuned_sizes))
            if granted == (before.scratch, before.tuning, bool(before.tuned_sizes)):
                assert made.epochs >= before.epochs
                if made.epochs == before.epochs:
                    assert made.folds >= before.folds
        k = settings.get("folds", 5)
        samples = made.scratch * 100 + made.tuning * 100 + 2 * made.folds * (100 * (k - 1) // k)
        samples += 2 * 3 * sum(made.tuned_sizes)
        assert samples * made.epochs / rate <= max(0, 0.8 * budget - 20) + 1e-6
        before = made
