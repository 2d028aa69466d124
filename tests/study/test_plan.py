"""What fits the budget, with numbers worked out by hand.

100 rows in 5 folds: a training is of 80 rows, and its largest number of labels a class is 16 where the
smallest class has 20. Labels a class are then 2, 5 and 10, of which whole models get 5: with 3 classes
that is 15 samples an epoch tuned; from scratch has 50 steps of 3 rows there from 10 epochs on. Both methods
on one fold, the better of them on two more and on all rows are 4 x 80 + 100 = 420 samples an epoch, from
scratch 100 more. At 10 samples a second, s seconds have room for 10 s.
"""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from headstart.core import make
from headstart.studies.adapt import AdaptSettings, SizePoint, record_fields
from headstart.studies.adapt.costs import Amounts
from headstart.studies.adapt.plan import (
    NO_SCRATCH,
    PROBES,
    STOPPED_SCRATCH,
    enough,
    kept_decisions,
    limited,
    majority,
    make_plan,
    only_upper,
    upper_parts,
    with_way_out,
)

CURVE = "The size curve has no whole models in it: the budget is too small."
TUNED = "No whole model was fine-tuned: the budget is too small."
SCRATCH = "No model was trained from scratch to compare with: the budget is too small."
NOTHING = "Nothing but probes was trained: the budget is too small."
FOLDS = (
    "Whole models were cross-validated on 3 of 5 folds, all but the best on one: more would take over half "
    "of the budget."
)
SHORT = (
    "The size curve has no training from scratch with 5 labels in it: fewer than 50 steps teach random "
    "weights nothing."
)


def plan(seconds, rate=10.0, relative=1.0, spare=math.inf, **settings):
    settings = {"batch": 3} | settings
    return make_plan(AdaptSettings(**settings), Amounts(100, 20, 3), rate, relative, seconds=(seconds, spare))


def test_a_tiny_budget_leaves_probes():
    made = plan(19)  # 190 samples
    assert (made.tuning, made.scratch, made.folds) == (False, 0, 0)
    assert made.sizes == [2, 5, 10]
    assert made.tuned_sizes == []
    assert made.decisions == [NOTHING]
    assert plan(-5) == plan(0)


def test_then_comes_the_model_from_scratch():
    made = plan(20)  # two epochs are 200
    assert (made.tuning, made.scratch, made.folds, made.epochs) == (False, 2, 0, 2)
    assert made.decisions == [TUNED]


def test_then_whole_models_on_as_many_folds_as_a_comparison_needs():
    assert not plan(83).tuning
    made = plan(84, spare=0)  # two epochs of 420
    assert (made.tuning, made.scratch, made.folds, made.rivals, made.epochs) == (True, 0, 3, 1, 2)
    assert made.decisions == [SCRATCH, FOLDS]


def test_then_both():
    assert not plan(103).scratch
    made = plan(104, spare=0)  # two epochs of 520
    assert (made.tuning, made.scratch, made.folds, made.epochs) == (True, 2, 3, 2)
    assert made.tuned_sizes == []
    assert made.decisions == [CURVE, FOLDS]


def test_then_the_size_curve_where_a_training_from_scratch_is_long_enough():
    made = plan(107, spare=0)  # two epochs of 535
    assert (made.tuned_sizes, made.scratch_sizes) == ([5], [])
    assert made.sizes_of(make("fine-tune")) == [5]
    assert made.sizes_of(make("from-scratch")) == []
    assert made.decisions == [FOLDS, SHORT]
    made = plan(660)  # twelve epochs of 550, 60 steps of three rows
    assert (made.epochs, made.scratch_sizes) == (12, [5])
    assert SHORT not in made.decisions


def test_more_than_enough_has_to_fit_into_the_spare_time():
    assert plan(1e4, spare=0).epochs == 6
    assert plan(1e4, spare=427).epochs == 6
    made = plan(1e4, spare=428)  # eight epochs are 8 x 535 = 4280
    assert (made.epochs, made.folds, made.rivals) == (8, 3, 1)
    made = plan(1e4, spare=428 + 128)  # two more folds of the other method, 2 x 80 x 8
    assert (made.epochs, made.folds, made.rivals) == (8, 3, 3)
    assert "all but the best" not in made.decisions[0]
    assert plan(1e4, spare=1e4).epochs == 20


def test_all_folds_come_last():
    made = plan(1e4, spare=1100 + 320 + 639)  # twenty epochs are 20 x 550; two more folds of one 3200
    assert (made.epochs, made.folds, made.rivals) == (20, 3, 3)
    made = plan(1e4, spare=1100 + 320 + 640)  # and two of both 6400
    assert (made.epochs, made.folds, made.rivals, made.decisions) == (20, 5, 5, [])


def test_from_scratch_takes_the_time_of_tuning_and_three_epochs_at_least():
    made = plan(1e4, relative=4.0)
    assert (made.epochs, made.scratch) == (20, 5)
    assert made.decisions[0].startswith("From scratch was trained for 5 epochs, tuning for 20")
    assert made.epochs_of(make("from-scratch")) == 5
    assert made.epochs_of(make("fine-tune")) == 20
    assert plan(1e4, relative=4.0, spare=0).scratch == 3


def test_more_methods_need_more_time():
    """Three ways are 5 x 80 + 100 = 500 samples an epoch."""
    for seconds, tuning in ((99, False), (100, True)):
        made = make_plan(AdaptSettings(), Amounts(100, 20, 3), 10.0, ways=3, seconds=(seconds, 0))
        assert made.tuning == tuning


def test_epochs_that_are_given_need_no_measuring():
    made = plan(1, rate=math.inf, epochs=7)
    assert (made.epochs, made.folds, made.rivals, made.tuning, made.scratch) == (7, 5, 5, True, 7)
    assert (made.decisions, made.scratch_sizes) == ([], [5])
    assert plan(math.inf, rate=math.inf, epochs=7) == made
    assert enough(made)


def test_without_a_size_curve_nothing_is_said_of_it():
    assert plan(104, spare=0, curve=False).decisions == [FOLDS]
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
    """At twice the speed tuning is 210 samples an epoch and 7.5 in the curve, from scratch 100."""
    assert plan(63, relative=2.0).tuned_sizes == []  # two epochs of 317.5 are 635
    assert plan(64, relative=2.0).tuned_sizes == [5]
    made = plan(64, relative=2.0)
    assert made.seconds(make("fine-tune"), 100) == pytest.approx(2 * 100 / 20)
    assert made.seconds(make("from-scratch"), 100) == pytest.approx(2 * 100 / 10)


def test_enough():
    assert enough(plan(321, spare=0))  # six epochs of 535
    assert not enough(plan(320, spare=0))
    assert not enough(plan(20))


def test_more_than_half_of_the_folds():
    assert [majority(folds) for folds in (2, 3, 4, 5)] == [2, 2, 3, 3]


def test_blocks_that_may_learn_where_time_is_short():
    assert upper_parts(11) == (6, 4)
    assert upper_parts(2) == (1, 1)
    assert upper_parts(1) == ()


def test_the_upper_blocks_alone():
    made = only_upper(plan(84), 3)
    assert made.last == 3
    assert made.decisions[0].startswith(
        "Only the last 3 blocks of the backbone were fine-tuned, from recorded"
    )
    assert made.decisions[1:] == plan(84).decisions
    assert "recorded" not in only_upper(plan(84), 3, recorded=False).decisions[0]
    assert only_upper(plan(20), 3) == plan(20)  # nothing is tuned there
    assert limited(make("fine-tune"), 3) == make("fine-tune:last=3")
    assert limited(make("lp-ft:last=1"), 3) == make("lp-ft:last=1")
    assert limited(make("fine-tune"), None) == make("fine-tune")
    assert limited(make("knn"), 3) == make("knn")
    assert PROBES.seconds(make("fine-tune"), 10) == 0


RANKS = [(False, False, False), (False, True, False), (True, False, False), (True, True, False), (True,) * 3]


@pytest.mark.parametrize("rate", [3.0, 40.0])
@pytest.mark.parametrize("settings", [{}, {"folds": 2}, {"epochs": 4}, {"curve": False}, {"relative": 3.0}])
@pytest.mark.parametrize("share", [0.0, 0.6, 1.0])
def test_more_time_never_gives_less_and_the_plan_fits(rate, settings, share):
    before, ranks = None, set()
    for seconds in np.geomspace(1, 1e5, 400):
        made = plan(seconds, rate, spare=share * seconds, **settings)
        rank = RANKS.index((made.tuning, made.scratch > 0, bool(made.tuned_sizes)))
        if before:
            assert (rank, made.epochs) >= before
        before = (rank, made.epochs)
        ranks.add(rank)
        k, faster = settings.get("folds", 5), settings.get("relative", 1.0)
        tries = made.rivals + made.folds
        tuned = made.tuning * 100 + tries * (100 * (k - 1) // k) + 3 * sum(made.tuned_sizes)
        samples = made.scratch * (100 + 3 * sum(made.scratch_sizes)) + made.epochs * tuned / faster
        assert samples / rate <= seconds + 1e-6
        assert made.folds in ((0, majority(k), k) if made.tuning else (0,))
    # the size curve of what is tuned three times as fast costs so little that it may come at once
    assert ranks | {3} == set(range(5 - ("curve" in settings))) | {3}
    assert 3 in ranks or "relative" in settings


def test_what_was_too_small_says_how_much_has_room():
    """Two epochs are 840 samples: 84 seconds, of which there are 10."""
    plan = make_plan(AdaptSettings(), Amounts(100, 20, 3), 10.0, seconds=(10.0, 10.0))
    assert (plan.tuning, plan.short) == (False, pytest.approx(74.0))
    assert with_way_out(plan, 300.0).decisions == [
        NOTHING,
        "A budget of about 420 seconds has room for tuning.",  # 300 + 74 / .85, in whole minutes
    ]
    assert make_plan(AdaptSettings(), Amounts(100, 20, 3), 10.0, seconds=(84.0, 84.0)).short == 0


def test_what_the_time_takes_back_is_not_said_beside_it():
    """Else a run says that whole models were cross-validated on 3 of 5 folds, and on none."""
    none = "Whole models were cross-validated on 0 of 5 folds: the budget has no room for more."
    assert kept_decisions([FOLDS, SHORT, CURVE], []) == [FOLDS, SHORT, CURVE]
    assert kept_decisions([FOLDS, SHORT, CURVE], [none]) == [SHORT, CURVE]
    for stopped in (NO_SCRATCH, STOPPED_SCRATCH):
        assert kept_decisions([FOLDS, SHORT, CURVE], [stopped]) == [FOLDS, CURVE]


@pytest.mark.parametrize(("sizes", "drawn"), [((2,), False), ((2, 5), True)])
def test_no_note_is_about_a_curve_that_is_not_drawn(monkeypatch, sizes, drawn):
    """One size alone makes no curve, and the page shows none."""
    monkeypatch.setattr(record_fields, "about_columns", lambda *_: ())
    left_out = "Fine-tuning with 5 labels a class is not in the size curve: the budget is too small."
    planned = "The size curve has no whole models in it: the budget is too small."
    data = SimpleNamespace(label_kind="classes")
    validation = SimpleNamespace(
        plan=SimpleNamespace(decisions=[planned, "Other."]),
        budget=SimpleNamespace(notes=[left_out]),
        session=SimpleNamespace(metric="accuracy", data=data, backbone=None),
        settings=SimpleNamespace(metric=None),
    )
    points = [SizePoint("knn", "kNN", size, [0.5]) for size in sizes]
    notes = list(record_fields.notes_of(validation, None, [], [], points))
    assert notes == ([planned, "Other.", left_out] if drawn else ["Other."])
