"""Evaluation of learners: the same new tasks for all, means with intervals, paired differences."""

import json
from dataclasses import asdict, dataclass, replace

import pytest
import torch
from tests.learners.constant import Constant

import headstart as hs
from headstart.core import BadData, BadInput, Episodes, Labelled, Unknown
from headstart.learners import shots_curve, steps_curve
from headstart.learners.evaluation import DRAWN, drawn_for_tests
from headstart.metrics.repeats import quantile
from headstart.run.recipe import Recipe
from headstart.tasks import GaussianClasses, Sinusoids, TaskFamily

FAMILY = GaussianClasses(ways=3, columns=2, shots=2, queries=4, tasks=5)
SHORT = Recipe(steps=2, lr=1e-3, weight_decay=0.0)


@pytest.fixture(scope="module")
def protonet():
    return hs.meta_train("protonet", FAMILY, recipe=SHORT)


@pytest.fixture(scope="module")
def constant():
    return hs.meta_train(Constant(), FAMILY, recipe=SHORT)


class Answers:
    """Stands for a trained learner that gives outputs which depend on the queries alone."""

    def __init__(self, trained, answer):
        self.learner, self.problem, self.parts = trained.learner, trained.problem, trained.parts
        self.answer = answer

    def adapt(self, x, y, state=None):
        return {}

    def predict(self, state, x):
        return self.answer(x)


def test_scores_by_hand(protonet):
    """Always class 0, of three balanced classes: a third of each task, without any spread."""
    first = Answers(protonet, lambda x: torch.eye(3)[0].expand(*x.shape[:2], 3))
    found = hs.learners.evaluation.evaluate(first, FAMILY, 30)
    assert found.each == pytest.approx([1 / 3] * 30)
    assert (found.mean, found.low, found.high) == pytest.approx([1 / 3] * 3)
    assert found.metric == "accuracy"


def test_the_error_of_numbers_is_squared_and_averaged_over_the_queries_of_a_task():
    tasks = Sinusoids(amplitude=(2, 2), queries=7)
    zero = Answers(hs.meta_train(Constant(), tasks, recipe=SHORT), lambda x: torch.zeros(*x.shape[:2], 1))
    found = hs.learners.evaluation.evaluate(zero, tasks, 3)
    drawn = next(iter(drawn_for_tests(tasks, 3)))
    assert found.each == pytest.approx(drawn.query.y.double().square().mean((1, 2)).tolist())
    assert found.metric == "mean_squared_error"
    spread = torch.tensor(found.each).std() / 3**0.5
    assert found.high - found.mean == pytest.approx(float(quantile(2) * spread), rel=1e-5)


@pytest.mark.parametrize("wrong", [torch.inf, torch.nan])
def test_predictions_that_diverge_are_told(wrong):
    tasks = Sinusoids(queries=3)
    trained = hs.meta_train(Constant(), tasks, recipe=SHORT)
    gone = Answers(trained, lambda x: torch.full((*x.shape[:2], 1), wrong))
    found = hs.compare_learners({"gone": gone, "constant": trained}, tasks, 5, reference="constant")
    assert not torch.tensor(found.scores[0].mean).isfinite()
    assert found.differences[0].better is (False if wrong == torch.inf else None)


def test_count_tasks_are_drawn_and_none_that_training_sees():
    family = replace(FAMILY, tasks=DRAWN)
    drawn = list(drawn_for_tests(family, DRAWN + 3))
    assert sum(len(one.support.x) for one in drawn) == DRAWN + 3
    trained_on = torch.cat([family.draw(step).support.x for step in range(5)])
    assert not any((one.support.x[:1] == trained_on).all(-1).all(-1).any() for one in drawn)


def test_tasks_do_not_depend_on_how_many_training_takes_a_step(protonet):
    assert protonet.evaluate(FAMILY, 30) == protonet.evaluate(replace(FAMILY, tasks=2), 30)


def test_memory_bounds_the_tasks_at_once_and_not_the_scores(protonet, monkeypatch):
    whole = protonet.evaluate(FAMILY, 30)
    assert [len(one.support.x) for one in drawn_for_tests(FAMILY, 30, 10)] == [10, 10, 5, 5]
    monkeypatch.setattr("headstart.learners.evaluation.ELEMENTS", 1)
    assert len(list(drawn_for_tests(FAMILY, 30))) == 30
    assert protonet.evaluate(FAMILY, 30).each == pytest.approx(whole.each)


def test_a_learner_of_more_classes_gives_none_that_the_tasks_do_not_have(protonet):
    """It trained on five ways; of a task with two it never answers the others."""
    five = hs.meta_train(Constant(), replace(FAMILY, ways=5), recipe=SHORT)
    five.parts["network"][1].bias[4] = 100
    found = five.evaluate(replace(FAMILY, ways=2), 60)
    assert 0.35 < found.mean < 0.65


def test_differences_are_paired(protonet):
    """Both learners do well on the same tasks, so the difference is surer than either mean."""
    frozen = hs.meta_train("nearest-centroid", FAMILY)
    found = hs.compare_learners({"proto": protonet, "frozen": frozen}, FAMILY, 40, reference="frozen")
    one, other = (torch.tensor(scores.each, dtype=torch.float64) for scores in found.scores)
    [difference] = found.differences
    assert (difference.learner, difference.reference) == ("proto", "frozen")
    pairs = one - other
    assert difference.mean == pytest.approx(float(pairs.mean()))
    assert difference.high - difference.mean == pytest.approx(float(quantile(39) * pairs.std() / 40**0.5))
    assert pairs.std() < one.std()
    json.dumps(asdict(found))
    assert f"proto less frozen: {difference.mean:+.3f}" in str(found)


@pytest.mark.parametrize(("metric", "low", "high", "better"), [
    ("accuracy", 0.1, 0.2, True),
    ("accuracy", -0.2, -0.1, False),
    ("mean_squared_error", 0.1, 0.2, False),
    ("mean_squared_error", -0.2, -0.1, True),
    ("mean_squared_error", -0.1, 0.1, None),
])  # fmt: skip
def test_less_error_is_better(metric, low, high, better):
    found = hs.learners.TaskDifference("a", "b", metric, (low + high) / 2, low, high, 1)
    assert found.better is better


def test_a_learner_that_ignores_the_support_is_at_chance(constant):
    found = hs.meta_train(Constant(), FAMILY, recipe=Recipe(steps=100, lr=1e-2, weight_decay=0.0))
    scores = found.evaluate(FAMILY, 300)
    assert scores.low < 1 / 3 < scores.high + 0.01


def test_more_shots_help(protonet):
    one, five = shots_curve([protonet], replace(FAMILY, spread=1.0), (1, 5), 200)
    assert (one.shots, five.shots) == (1, 5)
    assert five.low > one.high


def test_curves_of_steps_want_a_learner_that_takes_some(protonet):
    with pytest.raises(BadInput, match="protonet takes no steps"):
        steps_curve(protonet, FAMILY)


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        (replace(FAMILY, columns=3), r"shape \(2,\).*shape \(3,\)"),
        (replace(FAMILY, ways=4), "of 3 classes; these have 4"),
        (Sinusoids(), "numbers"),
    ],
)
def test_other_tasks_are_refused(protonet, tasks, said):
    with pytest.raises(BadInput, match=said):
        protonet.evaluate(tasks)


def test_wrong_wishes_are_refused(protonet):
    with pytest.raises(BadInput, match="2 tasks or more for an interval, not 1"):
        protonet.evaluate(FAMILY, 1)
    with pytest.raises(Unknown, match="maml"):
        hs.compare_learners([protonet], FAMILY, 5, reference="maml")
    with pytest.raises(BadInput, match="dictionary of names"):
        hs.compare_learners([protonet, protonet], FAMILY, 5)
    with pytest.raises(BadInput, match="no learner"):
        hs.compare_learners([], FAMILY, 5)


@dataclass(frozen=True, kw_only=True)
class Unshown(TaskFamily):
    """The support of every task has rows of the first class alone, and the last query is of the second."""

    name = "unshown"
    kind, shape, outputs, pooled_outputs = "classes", (2,), 2, 2

    def draw(self, step):
        y = torch.tensor([[0, 0, 1]]).repeat(self.tasks, 1)
        x = torch.zeros(self.tasks, 3, 2)
        return Episodes(Labelled(x, torch.zeros_like(y)), Labelled(x, y))


@pytest.mark.parametrize("name", ["maml", "neural-process", "protonet"])
def test_queries_of_classes_that_the_support_has_not_are_refused(name, protonet):
    says = r"Query 2 of task 0 is of class 1, of which the support of this task has no row"
    with pytest.raises(BadData, match=says):
        hs.meta_train(name, Unshown(), recipe=Recipe(steps=1))
    with pytest.raises(BadData, match=says):
        protonet.evaluate(Unshown(), 2)
