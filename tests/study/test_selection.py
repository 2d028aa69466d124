"""Which method is tried on what, which is dropped, and which is selected: worked out by hand."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from headstart.core import BadInput, Diverged, make
from headstart.data.load import load
from headstart.run.progress import Progress
from headstart.run.step_cache import StepCache
from headstart.session.scoring import bins, confusions, difference, selection_score
from headstart.studies._store import StudyFolder
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt.budget import Budget
from headstart.studies.adapt.candidates import CrossValidation
from headstart.studies.adapt.choice import CandidateResult, best, choose, shared
from headstart.studies.adapt.costs import Amounts
from headstart.studies.adapt.plan import make_plan

DATA = load((np.arange(60.0)[:, None], np.where(np.arange(60) % 2, "b", "a")))
LABELS = DATA.labels  # of 60 rows in 2 folds: the even ones and the odd ones of each class
FOLDS = np.arange(60) // 2 % 2
METRIC = "balanced_accuracy"
SCRATCH = make("from-scratch")  # which adds nothing to a backbone


def answering(labels, wrong=(), sure=3.0):
    """Logits that answer `labels` but for the rows `wrong`."""
    answers = np.array(labels).copy()
    answers[list(wrong)] = 1 - answers[list(wrong)]
    return torch.nn.functional.one_hot(torch.from_numpy(answers), 2).double() * sure


def tried(name, wrong, rows=None, folds=2):
    rows = np.arange(60) if rows is None else np.asarray(rows)
    return CandidateResult(make(name), answering(LABELS, wrong)[rows], rows, folds)


# --- figures


def test_balanced_accuracy_is_the_mean_over_the_classes():
    labels = np.array([0, 0, 0, 1])
    assert selection_score(answering(labels, [0]), labels) == pytest.approx((2 / 3 + 1) / 2)
    assert selection_score(answering(labels, [3]), labels) == pytest.approx(1 / 2)
    assert selection_score(answering(labels[:3], [0]), labels[:3]) == pytest.approx(2 / 3)  # one class


def test_confusions_are_truth_by_answer():
    labels = np.array([0, 0, 0, 1])
    assert confusions(answering(labels, [0, 1]), labels) == [[1, 2], [0, 1]]


def test_bins_hold_every_row_once():
    labels = np.array([0, 0, 0, 1])
    (only,) = bins(answering(labels, [0], sure=3.0), labels)
    assert (only.rows, only.accuracy) == (4, 0.75)
    assert only.confidence == pytest.approx(1 / (1 + np.exp(-3.0)))


def test_a_difference_is_ours_less_theirs():
    ours, theirs = answering(LABELS, []), answering(LABELS, range(0, 60, 3))
    gain = difference(ours, theirs, LABELS, None, 0)
    assert gain.value == pytest.approx(20 / 60)
    assert 0 < gain.low < gain.value < gain.high
    other = difference(theirs, ours, LABELS, None, 0)
    assert (other.value, other.low) == pytest.approx((-gain.value, -gain.high))


# --- selection


def test_shared_are_the_rows_of_both_in_one_order():
    one = tried("knn", [], rows=[5, 3, 8, 9])
    other = tried("ridge-probe", [3], rows=[9, 3, 4, 5])
    ours, theirs, rows = shared(one, other)
    assert rows.tolist() == [3, 5, 9]
    assert ours.argmax(1).tolist() == LABELS[[3, 5, 9]].tolist()
    assert theirs.argmax(1).tolist() == [1 - LABELS[3], LABELS[5], LABELS[9]]


def test_best_is_the_highest_among_those_tried_on_the_most_rows():
    half = tried("fine-tune", [], rows=np.flatnonzero(FOLDS == 0), folds=1)
    good, better = tried("knn", range(8)), tried("ridge-probe", range(6))
    assert best([half, good, better], LABELS, METRIC) is better
    assert (
        best([good, replace(good, method=make("ridge-probe"))], LABELS, METRIC) is good
    )  # the first of equals
    assert best([half], LABELS, METRIC) is half
    assert best([], LABELS, METRIC) is None
    assert best([tried("knn", [], rows=[], folds=0)], LABELS, METRIC) is None


def test_the_best_of_the_full_ones_wins_and_it_is_said_why():
    winner, why = choose([tried("knn", range(8)), tried("ridge-probe", range(6))], DATA, METRIC, 0)
    assert winner.method.label == "ridge-probe"
    assert why == (
        "Ridge probe was selected because it has the highest balanced accuracy in the cross-validation on "
        "the training part."
    )


def test_what_was_tried_alone_is_not_called_the_best():
    alone, never = tried("knn", range(8)), tried("ridge-probe", [], rows=[], folds=0)
    for results in ([alone], [alone, never]):
        why = choose(results, DATA, METRIC, 0)[1]
        assert why.endswith(" was selected because it is the only method that was tried.")
    part = tried("ridge-probe", range(20), rows=np.flatnonzero(FOLDS == 0), folds=1)
    assert choose([alone, part], DATA, METRIC, 0)[1].endswith(
        "because no other method was tried on as many folds, and on fewer none was clearly better."
    )


def test_a_method_tried_on_one_fold_wins_only_if_it_is_clearly_better_there():
    full = tried("ridge-probe", range(20))
    here = np.flatnonzero(FOLDS == 0)
    little = tried("fine-tune", range(16), rows=here, folds=1)  # on this fold 22 of 30 against 20 of 30
    much = tried("fine-tune", [], rows=here, folds=1)
    assert choose([full, little], DATA, METRIC, 0)[0] is full
    winner, why = choose([full, much], DATA, METRIC, 0)
    assert winner is much
    assert why.endswith("because on the fold it was tried on, it was clearly better than Ridge probe.")


def test_of_two_that_are_clearly_better_the_better_one_wins():
    full = tried("ridge-probe", range(30))
    here = np.flatnonzero(FOLDS == 0)
    good = tried("fine-tune", range(0, 30, 6), rows=here, folds=1)
    better = tried("lp-ft", [], rows=here, folds=1)
    assert choose([full, good], DATA, METRIC, 0)[0] is good
    assert choose([full, good, better], DATA, METRIC, 0)[0] is better
    assert choose([full, better, good], DATA, METRIC, 0)[0] is better


# --- the race


class Scripted:
    """Stands for a session: each method answers wrong for given rows, or does what is said instead."""

    backbone = None

    def __init__(self, **wrong):
        self.data, self.metric = DATA, METRIC
        self.wrong = {name.replace("_", "-"): value for name, value in wrong.items()}
        self.asked = []

    def suited_to(self, method):
        return self

    def fit(self, method, rows, recipe, *, name, checkpoint):
        wrong = self.wrong[method.about.name]
        self.asked.append((method.about.name, tuple(rows)))
        if isinstance(wrong, dict):
            wrong = wrong[int(FOLDS[rows[0]] == 0)]  # by the fold that is held out
        if isinstance(wrong, Exception):
            raise wrong
        logits = answering(LABELS, wrong)
        return SimpleNamespace(
            logits=lambda held: logits[torch.from_numpy(held)],
            curve=[1.0],
            trained=7,
            notes=["a note"],
            method=SCRATCH,
        )


def race(tmp_path, session, *names, folds=2, rivals=None, **settings):
    settings = AdaptSettings(folds=2, epochs=1, **settings)
    plan = replace(make_plan(settings, Amounts(60, 30, 2), float("inf")), folds=folds)
    plan = replace(plan, rivals=folds if rivals is None else rivals)
    store = StudyFolder(tmp_path, "", StepCache(tmp_path / "steps"), Progress())
    validation = CrossValidation(session, FOLDS, settings, store, Budget(math.inf, store), plan)
    methods = [make(name) for name in names]
    return validation.race(methods, validation.solve(methods))


def test_every_row_is_answered_by_a_fit_without_it(tmp_path):
    session = Scripted(knn=[1, 2], ridge_probe=[])
    knn, ridge = race(tmp_path, session, "knn", "ridge-probe")
    for name, rows in session.asked:
        assert set(FOLDS[list(rows)]) in ({0}, {1})  # never both folds
        assert name in ("knn", "ridge-probe")
    assert sorted(knn.rows) == list(range(60))
    assert knn.logits.argmax(1).tolist() == answering(LABELS, [1, 2]).argmax(1)[knn.rows].tolist()
    assert (knn.folds, knn.dropped, knn.trained, knn.notes, ridge.folds) == (2, "", 7, ["a note"], 2)


def test_all_that_are_solved_take_a_fold_before_any_takes_the_next(tmp_path):
    session = Scripted(knn=[1, 2], ridge_probe=[])
    race(tmp_path, session, "knn", "ridge-probe")
    assert [(name, int(FOLDS[rows[0]])) for name, rows in session.asked] == [
        ("knn", 1),
        ("ridge-probe", 1),
        ("knn", 0),
        ("ridge-probe", 0),
    ]


def test_a_clearly_worse_method_is_dropped_after_its_first_fold(tmp_path):
    session = Scripted(fine_tune=range(0, 60, 2), lp_ft=[3], ridge_probe=[])
    ridge, tuned, lpft = race(tmp_path, session, "fine-tune", "lp-ft", "ridge-probe")
    assert [one.method.label for one in (ridge, tuned, lpft)] == ["ridge-probe", "fine-tune", "lp-ft"]
    assert tuned.folds == 1
    assert tuned.dropped.startswith(
        "after 1 of 2 folds its balanced accuracy was 50 points below Ridge probe's"
    )
    assert "95 % interval" in tuned.dropped
    assert (lpft.folds, lpft.dropped) == (2, "")  # a little worse is not clearly worse
    assert [name for name, _ in session.asked].count("fine-tune") == 1


def test_methods_that_are_solved_are_never_dropped(tmp_path):
    bad, good = race(tmp_path, Scripted(knn=range(60), ridge_probe=[]), "knn", "ridge-probe")
    assert (bad.folds, good.folds) == (2, 2)
    assert bad.dropped == ""


@pytest.mark.parametrize(
    ("known", "left"), [(0.9, (1, "the budget had no room for more")), (1.0, (0, "the budget is too small"))]
)
def test_a_probe_that_takes_too_long_leaves_after_what_half_of_the_budget_has_room_for(tmp_path, known, left):
    """Of almost four seconds the first fold takes 1.3, not 0.9 as thought; another would pass half of them.

    If two are thought to do so, none is begun.
    """

    class Slow(Scripted):
        def fit(self, method, rows, recipe, **more):
            progress._begun -= 1.3 * (method.about.name == "knn")
            return super().fit(method, rows, recipe, **more)

    session, settings = Slow(ridge_probe=[], knn=[]), AdaptSettings(folds=2, budget=3.9)
    progress = Progress()
    progress.learn("try knn fold 9", known)
    store = StudyFolder(tmp_path, "", StepCache(tmp_path / "steps"), progress)
    validation = CrossValidation(session, FOLDS, settings, store, Budget(3.9, store))
    knn, ridge = validation.solve([make("knn"), quick := make("ridge-probe")], quick)
    assert (ridge.folds, ridge.dropped) == (2, "")
    assert (knn.folds, knn.dropped) == left


def test_a_budget_without_room(tmp_path):
    session = Scripted(ridge_probe=[], fine_tune=[])
    _, tuned = race(tmp_path / "none", session, "ridge-probe", "fine-tune", folds=0)
    assert (tuned.folds, tuned.dropped) == (0, "the budget is too small")
    _, tuned = race(tmp_path / "one", session, "ridge-probe", "fine-tune", folds=1)
    assert (tuned.folds, tuned.dropped) == (1, "no more folds were planned")
    with pytest.raises(
        BadInput, match=r"in 300 seconds. Fine-tuning: the budget is too small. .*a larger budget"
    ):
        race(tmp_path / "nothing", session, "fine-tune", folds=0)


def test_where_there_is_room_for_one_the_better_whole_model_goes_on(tmp_path):
    session = Scripted(ridge_probe=[], fine_tune=[1, 4], lp_ft=[1])
    _, tuned, lpft = race(tmp_path, session, "ridge-probe", "fine-tune", "lp-ft", rivals=1)
    assert (tuned.folds, tuned.dropped.replace("\u00a0", " ")) == (
        1,
        "after 1 of 2 folds LP-FT was better (97 %, not 93 %, of the same rows), and there was time for one",
    )
    assert (lpft.folds, lpft.dropped) == (2, "")
    assert [name for name, _ in session.asked][-3:] == ["fine-tune", "lp-ft", "lp-ft"]


def test_a_method_that_diverges_on_any_fold_is_out(tmp_path):
    session = Scripted(ridge_probe=[1, 2, 3, 4], fine_tune={0: [], 1: Diverged("the loss is nan")})
    ridge, tuned = race(tmp_path, session, "ridge-probe", "fine-tune")
    assert len(session.asked) == 4
    assert tuned.dropped == (
        "on fold 2 of 2 its loss stopped being a number; a lower learning rate than 0.002 may help"
    )
    assert (tuned.folds, len(tuned.rows), len(tuned.logits), tuned.curves) == (0, 0, 0, [])
    assert choose([ridge, tuned], DATA, METRIC, 0)[0] is ridge
    again = race(tmp_path, Scripted(), "ridge-probe", "fine-tune")  # all is written down, that too
    assert [one.dropped for one in again] == [ridge.dropped, tuned.dropped]


def test_when_all_diverge_it_is_said(tmp_path):
    with pytest.raises(Diverged, match=r"LP-FT: on fold 1 of 2 its loss stopped being a number"):
        race(tmp_path, Scripted(lp_ft=Diverged("the loss is nan")), "lp-ft")
