"""What fits the budget, with numbers worked out by hand.

100 rows in 5 folds: a training is of 80 rows, and its largest number of labels a class is 16 where the
smallest class has 20. Labels a class are then 2, 5 and 10, of which whole models get 5: with 3 classes
that is 2 x 15 = 30 samples an epoch. Both methods on one fold and one of them on all are 2 x 80 + 100 =
260 samples, from scratch 100 more, another fold of the better method 80. At 10 samples a second a budget
of b has room for 10 (0.8 b - 20).
"""

import math

import numpy as np
import pytest

from headstart.core import make
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt.plan import Amounts, limited, make_plan, only_upper, upper_parts

CURVE = "The size curve has no whole models in it: the budget is too small."
TUNED = "No whole model was fine-tuned: the budget is too small."
SCRATCH = "No model was trained from scratch to compare with: the budget is too small."
NOTHING = "Nothing but probes was trained: the budget is too small."
ONE_FOLD = "Whole models were cross-validated on 1 of 5 folds at most: the budget has no room for more."


def plan(budget, rate=10.0, relative=1.0, **settings):
    return make_plan(AdaptSettings(budget=budget, **settings), Amounts(100, 20, 3), rate, relative)


def test_a_tiny_budget_leaves_probes():
    made = plan(20)  # no room at all
    assert (made.tuning, made.scratch, made.folds) == (False, 0, 0)
    assert made.sizes == [2, 5, 10]
    assert made.tuned_sizes == []
    assert made.decisions == [NOTHING]


def test_then_comes_the_model_from_scratch():
    assert not plan(49).scratch  # 192 samples, two epochs are 200
    made = plan(51)  # 208
    assert (made.tuning, made.scratch, made.folds, made.epochs) == (False, 2, 0, 2)
    assert made.decisions == [TUNED]


def test_then_whole_models_on_one_fold():
    assert not plan(89).tuning  # 512, two epochs of 260 are 520
    made = plan(91)  # 528
    assert (made.tuning, made.scratch, made.folds, made.epochs) == (True, 0, 1, 2)
    assert made.decisions == [SCRATCH, ONE_FOLD]


def test_then_both():
    assert not plan(114).scratch  # 712, two epochs of 360 are 720
    made = plan(116)  # 728
    assert (made.tuning, made.scratch, made.folds, made.epochs) == (True, 2, 1, 2)
    assert made.tuned_sizes == []
    assert made.decisions == [CURVE, ONE_FOLD]


def test_then_the_size_curve_and_more_folds():
    made = plan(124)  # 792, two epochs of 390 are 780
    assert made.tuned_sizes == [5]
    assert (made.epochs, made.folds) == (2, 1)
    assert plan(142).folds == 1  # 936, two epochs and another fold are 780 + 160
    made = plan(143)  # 944
    assert (made.epochs, made.folds, made.rivals) == (2, 2, 1)
    assert made.decisions[0].startswith("Whole models were cross-validated on 2 of 5 folds at most")
    made = plan(172)  # 1176, three epochs are 1170
    assert (made.epochs, made.folds) == (3, 1)


def test_enough_epochs_and_folds_come_before_more_epochs():
    made = plan(318)  # 2344: six epochs are 2340
    assert (made.epochs, made.folds) == (6, 1)
    made = plan(415)  # 3120: eight epochs on one fold
    assert (made.epochs, made.folds) == (6, 2)
    made = plan(574)  # 4392: eight epochs are 3120, and two more folds of the better method 1280
    assert (made.epochs, made.folds, made.rivals) == (6, 5, 1)
    made = plan(576)  # 4408
    assert (made.epochs, made.folds, made.rivals) == (8, 3, 1)


def test_both_methods_go_on_where_there_is_room():
    made = plan(2100)  # 16600: twenty epochs are 7800, four more folds of both 12800
    assert (made.epochs, made.folds, made.rivals) == (20, 5, 1)
    made = plan(2625)  # 20800
    assert (made.epochs, made.folds, made.rivals) == (20, 5, 5)


def test_from_scratch_takes_the_time_of_tuning_and_three_epochs_at_least():
    made = plan(1000, relative=4.0)  # 7800
    assert (made.epochs, made.scratch) == (20, 5)
    assert made.decisions[-1].startswith("From scratch was trained for 5 epochs, tuning for 20")
    assert made.epochs_of(make("from-scratch")) == 5
    assert made.epochs_of(make("fine-tune")) == 20
    assert plan(128, relative=4.0).scratch == 3


def test_more_methods_need_more_time():
    assert make_plan(AdaptSettings(budget=91), Amounts(100, 20, 3), 10.0, ways=2).tuning
    assert not make_plan(AdaptSettings(budget=91), Amounts(100, 20, 3), 10.0, ways=3).tuning


def test_a_large_budget_leaves_nothing_out():
    made = plan(1e5)
    assert (made.epochs, made.folds, made.tuned_sizes, made.decisions) == (20, 5, [5], [])


def test_epochs_that_are_given_need_no_measuring():
    made = plan(1, rate=math.inf, epochs=7)
    assert (made.epochs, made.folds, made.tuning, made.scratch, made.decisions) == (7, 5, True, 7, [])
    assert plan(math.inf, rate=math.inf, epochs=7) == made


def test_without_a_size_curve_nothing_is_said_of_it():
    assert plan(116, curve=False).decisions == [ONE_FOLD]
    made = plan(1e5, curve=False)
    assert (made.sizes, made.tuned_sizes, made.decisions) == ([], [], [])


def test_a_size_curve_ends_where_the_smallest_class_does():
    assert make_plan(AdaptSettings(), Amounts(100, 20, 3), 10.0).sizes == [2, 5, 10]
    assert make_plan(AdaptSettings(folds=2), Amounts(100, 20, 3), 10.0).sizes == [2, 5, 10]
    assert make_plan(AdaptSettings(), Amounts(1000, 100, 3), 1e6).sizes == [2, 5, 10, 20, 50]
    assert make_plan(AdaptSettings(), Amounts(1000, 100, 3), 1e6).tuned_sizes == [2, 20]
    assert make_plan(AdaptSettings(), Amounts(10, 2, 3), 1e6).sizes == []
    assert make_plan(AdaptSettings(), Amounts(10, 3, 3), 1e6).tuned_sizes == [2]


def test_what_is_tuned_faster_takes_less():
    """At twice the speed the tries are 130 samples, and the curve 15 from scratch and half of them tuned."""
    assert not plan(87, relative=2.0).tuned_sizes  # 496, two epochs of 252.5 are 505
    made = plan(89, relative=2.0)  # 512
    assert (made.epochs, made.folds, made.tuned_sizes) == (2, 1, [5])
    made = plan(99, relative=2.0)  # 592: another fold of the better one is 40 samples an epoch
    assert (made.epochs, made.folds) == (2, 2)


def test_blocks_that_may_learn_where_time_is_short():
    assert upper_parts(11) == (6, 4)
    assert upper_parts(2) == (1, 1)
    assert upper_parts(1) == ()


def test_the_upper_blocks_alone():
    made = only_upper(plan(91), 3)
    assert made.last == 3
    assert made.decisions[0].startswith("Only the last 3 blocks of the backbone were fine-tuned")
    assert made.decisions[1:] == plan(91).decisions
    assert only_upper(plan(51), 3) == plan(51)  # nothing is tuned there
    assert limited(make("fine-tune"), 3) == make("fine-tune:last=3")
    assert limited(make("lp-ft:last=1"), 3) == make("lp-ft:last=1")
    assert limited(make("fine-tune"), None) == make("fine-tune")
    assert limited(make("knn"), 3) == make("knn")


RANKS = [(False, False, False), (False, True, False), (True, False, False), (True, True, False), (True,) * 3]


@pytest.mark.parametrize("rate", [3.0, 40.0])
@pytest.mark.parametrize("settings", [{}, {"folds": 2}, {"epochs": 4}, {"curve": False}, {"relative": 3.0}])
def test_more_time_never_gives_less_and_the_plan_fits(rate, settings):
    before, ranks = None, set()
    for budget in np.geomspace(1, 1e5, 400):
        made = plan(budget, rate, **settings)
        rank = RANKS.index((made.tuning, made.scratch > 0, bool(made.tuned_sizes)))
        if before:
            assert (rank, made.epochs, made.folds) >= before
        before = (rank, made.epochs, made.folds)
        ranks.add(rank)
        k, faster = settings.get("folds", 5), settings.get("relative", 1.0)
        tries = 2 * made.folds if made.rivals > 1 else made.tuning + made.folds
        tuned = made.tuning * 100 + tries * (100 * (k - 1) // k) + 3 * sum(made.tuned_sizes)
        samples = made.scratch * (100 + 3 * sum(made.tuned_sizes)) + made.epochs * tuned / faster
        assert samples / rate <= max(0, 0.8 * budget - 20) + 1e-6
    # what is tuned three times as fast never costs more than from scratch, so this is not alone
    assert ranks == set(range(5 - ("curve" in settings))) - ({1} if "relative" in settings else set())
