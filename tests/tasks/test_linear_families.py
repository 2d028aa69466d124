"""Lines and hierarchical normal distributions: what is drawn, and what is known of them in closed form."""

import math
from dataclasses import replace

import pytest
import torch

from headstart.core import BadData, BadInput, Labelled
from headstart.tasks import Harmonics, HierarchicalGaussians, Lines

ONE = HierarchicalGaussians(theta=(1.0,), spread=0.5, theta_spread=2.0, noise=1.0)


def error(family, episodes, *given):
    return (family.best_answers(episodes, *given) - episodes.query.y).square().mean()


def test_entropies_by_hand():
    assert math.isclose(ONE.entropy_given_theta(), 0.725791, abs_tol=1e-5)
    assert math.isclose(ONE.entropy() - ONE.entropy_given_theta(), 0.5 * math.log(4.25 / 0.25), rel_tol=1e-9)


def test_without_a_shot_theta_is_worth_its_variance():
    found = ONE.value_of_theta(shots=0, tasks=3)
    assert math.isclose(found.known, 0.25 + 1)
    assert math.isclose(found.unknown, 4.25 + 1)
    assert math.isclose(found.learned, found.unknown)  # no task told anything


def test_learning_from_more_tasks_comes_near_to_knowing_theta():
    few, many = (ONE.value_of_theta(shots=3, tasks=tasks) for tasks in (1, 1000))
    assert many.known == few.known < many.learned < few.learned < few.unknown
    assert many.learned - many.known < 0.002


def test_more_shots_make_theta_worth_less():
    worth = [found.unknown - found.known for found in map(ONE.value_of_theta, (0, 1, 10))]
    assert worth[0] > worth[1] > worth[2] > 0


@pytest.mark.parametrize("known", [True, False])
def test_the_expected_errors_are_those_that_are_measured(known):
    family = HierarchicalGaussians(theta=(2.0, -1.0), theta_spread=1.0, shots=3, queries=4, tasks=4000)
    prior = None if known else family.theta_prior
    measured = error(family, family.draw(0), prior)
    value = family.value_of_theta()
    if known:
        assert math.isclose(measured, value.known, rel_tol=0.05)
    else:  # this theta is one draw, so the error is that of the posterior's variance and bias
        assert measured > value.known


def test_the_value_without_theta_is_right_on_average_over_theta():
    thetas = torch.randn(60, 2, generator=torch.Generator().manual_seed(1)).tolist()
    families = [
        HierarchicalGaussians(theta=tuple(theta), theta_spread=1.0, shots=1, tasks=100) for theta in thetas
    ]
    measured = sum(error(family, family.draw(0), family.theta_prior) for family in families) / len(families)
    assert math.isclose(measured, families[0].value_of_theta().unknown, rel_tol=0.1)


def test_many_tasks_tell_theta():
    family = HierarchicalGaussians(tasks=2000)
    found = family.theta_posterior(family.draw(0).support)
    assert torch.allclose(found.mean, torch.tensor(family.theta).double(), atol=0.06)
    learned = error(family, family.draw(1), found)
    assert math.isclose(learned, error(family, family.draw(1)), rel_tol=1e-3)


def test_the_posterior_holds_the_true_weights():
    family = HierarchicalGaussians(tasks=4000, shots=2)
    found = family.posterior(family.draw(0).support)
    apart = family.weights(0).double() - found.mean
    squared = (apart[:, None] @ torch.linalg.solve(found.covariance, apart[..., None])).mean()
    assert abs(squared - 2) < 0.1  # chi-square with two degrees of freedom


def test_lines_are_lines_and_their_best_answers_beat_least_squares():
    family = Lines(tasks=500, shots=3, noise=1.0)
    drawn = family.draw(0)
    best = error(family, drawn)
    x, y = (torch.cat([some, torch.ones_like(some)], 2) for some in (drawn.support.x, drawn.query.x))
    fitted = y @ torch.linalg.lstsq(x, drawn.support.y).solution
    assert 1.0 < best < 0.8 * (fitted - drawn.query.y).square().mean()
    exact = Lines(tasks=3, noise=1e-6, shots=2).draw(0)
    assert torch.allclose(Lines(noise=1e-6).best_answers(exact), exact.query.y, atol=1e-2)


def test_harmonics_are_two_sinusoids_of_one_period():
    family = Harmonics(frequency=(5.0, 5.0), tasks=200, queries=200)
    drawn = family.draw(0)
    x, y = drawn.query.x[..., 0], drawn.query.y[..., 0]
    terms = torch.stack([f(k * 5.0 * x) for k in (1, 2) for f in (torch.sin, torch.cos)], 2)
    found = torch.linalg.lstsq(terms, y[..., None]).solution
    assert torch.allclose(terms @ found, y[..., None], atol=1e-3)
    squares = found[..., 0].square().mean(0)
    assert torch.allclose(squares, torch.full((4,), 0.5), atol=0.2)  # amplitudes of variance 1, any phase


@pytest.mark.parametrize(
    ("family", "wrong"),
    [
        (ONE, {"theta": ()}),
        (ONE, {"theta": "1"}),
        (ONE, {"noise": "1"}),
        (Lines(), {"slope": 1.0}),
        (ONE, {"spread": 0.0}),
        (ONE, {"theta_spread": -1.0}),
        (ONE, {"noise": 0.0}),
        (Lines(), {"slope": (1.0, -1.0)}),
        (Lines(), {"range": (1.0, 0.0)}),
        (Lines(), {"noise": 0.0}),
        (Harmonics(), {"frequency": (7.0, 5.0)}),
        (Harmonics(), {"noise": -1.0}),
    ],
)
def test_settings_out_of_range_are_refused(family, wrong):
    with pytest.raises(BadInput, match=next(iter(wrong))):
        replace(family, **wrong)


@pytest.mark.parametrize("wrong", [{"shots": -1}, {"tasks": 0}])
def test_the_value_of_no_tasks_is_refused(wrong):
    with pytest.raises(BadInput, match="must be >= 0"):
        ONE.value_of_theta(**wrong)


def test_one_number_is_a_theta():
    assert replace(ONE, theta=2.0).theta == (2.0,)


def test_a_support_of_another_width_is_refused():
    with pytest.raises(BadData, match="must be"):
        ONE.posterior(Labelled(torch.zeros(1, 2, 3), torch.zeros(1, 2, 1)))
