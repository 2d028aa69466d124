"""Where time is short, folds are left out for all whole models alike, and no method has too few to count."""

from dataclasses import replace

import pytest
from tests.study.test_budget import clock as clock  # a fixture
from tests.study.test_selection import DATA, FOLDS, Scripted

from headstart.core import make
from headstart.run.progress import Progress
from headstart.run.step_cache import StepCache
from headstart.studies._store import StudyFolder
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt.budget import Budget
from headstart.studies.adapt.candidates import CrossValidation
from headstart.studies.adapt.costs import Amounts
from headstart.studies.adapt.plan import fold_name, make_plan, refit_name

METHODS = [make("fine-tune"), make("lp-ft")]


@pytest.mark.parametrize(("seconds", "folds"), [(1.0, 2), (3.0, 1)])
def test_folds_are_left_out_for_all_alike(clock, tmp_path, seconds, folds):
    """Second folds of a second each and a fit fit into the 8 of 10 seconds that the first ones leave.

    If those took three seconds each, 4 are left, 3 of them for the fit, and two folds would take 6.
    """

    class Slow(Scripted):
        def fit(self, method, rows, recipe, **more):
            clock.now += seconds
            return super().fit(method, rows, recipe, **more)

    settings = AdaptSettings(folds=2, budget=10.0)
    plan = replace(make_plan(settings, Amounts(len(DATA), 30, 2), 1e9), folds=2, rivals=2)
    progress = Progress()
    names = [fold_name(method, number) for method in METHODS for number in (0, 1)]
    progress.expect(dict.fromkeys([*names, *map(refit_name, METHODS)], 1.0))
    budget = Budget(10.0, StudyFolder(tmp_path, "", StepCache(tmp_path / "steps"), progress))
    session = Slow(fine_tune=[1], lp_ft=[2])
    validation = CrossValidation(session, FOLDS, settings, budget.folder, budget, plan)
    tried = validation.race(METHODS, [])
    assert [one.folds for one in tried] == [folds, folds]
    said = "Whole models were cross-validated on 1 of 2 folds: the budget has no room for more."
    assert budget.notes == ([] if folds == 2 else [said])


@pytest.mark.parametrize(("budget", "folds"), [(60.0, [2, 2, 2]), (26.0, [2, 2, 0]), (14.0, [2, 0, 0])])
def test_no_method_begins_that_has_no_time_for_as_many_folds_as_a_comparison_needs(
    clock, tmp_path, budget, folds
):
    """A fold takes three seconds, and half of the budget is for all: of 13 seconds, two methods take 12.

    If each began, there would be one method on both folds and two on one, which can't be compared with it.
    """

    class Slow(Scripted):
        def fit(self, method, rows, recipe, **more):
            clock.now += 3
            return super().fit(method, rows, recipe, **more)

    names = ("ridge-probe", "nearest-centroid", "knn")
    settings, progress = AdaptSettings(folds=2, budget=budget), Progress()
    limit = Budget(budget, StudyFolder(tmp_path, "", StepCache(tmp_path / "steps"), progress))
    session = Slow(**{name.replace("-", "_"): [1, 2] for name in names})
    validation = CrossValidation(session, FOLDS, settings, limit.folder, limit)
    assert [one.folds for one in validation.solve([make(name) for name in names])] == folds
