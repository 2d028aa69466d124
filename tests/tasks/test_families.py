"""Families of tasks: what is drawn is a function of seed and step."""

from dataclasses import replace

import pytest
import torch

from headstart.core import BadInput
from headstart.tasks import (
    GaussianClasses,
    Harmonics,
    HierarchicalGaussians,
    Lines,
    Sinusoids,
    SyntheticTables,
)

KINDS = (Sinusoids, Harmonics, Lines, HierarchicalGaussians, GaussianClasses, SyntheticTables)
FAMILIES = [kind(tasks=50) for kind in KINDS]


@pytest.fixture(params=FAMILIES, ids=lambda family: family.name)
def family(request):
    return request.param


def same(one, other):
    return all(
        torch.equal(getattr(getattr(one, part), field), getattr(getattr(other, part), field))
        for part in ("support", "query")
        for field in ("x", "y")
    )


def test_tasks_are_a_function_of_seed_and_step(family):
    assert same(family.draw(3), replace(family).draw(3))
    assert not same(family.draw(3), family.draw(4))
    assert not same(family.draw(3), replace(family, seed=1).draw(3))


def test_fewer_tasks_are_the_first_ones(family):
    few, many = replace(family, tasks=5).draw(2), family.draw(2)
    assert torch.equal(few.query.x, many.query.x[:5])


def test_shots_vary_between_steps(family):
    varied = replace(family, shots=(1, 3), tasks=2)
    found = {varied.draw(step).support.x.shape[1] for step in range(30)}
    ways = family.outputs if family.kind == "classes" else 1
    assert found == {ways, 2 * ways, 3 * ways}


def test_sinusoids_are_sinusoids():
    drawn = Sinusoids(amplitude=(2, 2), phase=(0.5, 0.5), tasks=3).draw(0)
    assert torch.allclose(drawn.query.y, 2 * (drawn.query.x - 0.5).sin())


def test_classes_are_numbered_anew():
    drawn = replace(GaussianClasses(), tasks=500, shots=1).draw(0)
    order = drawn.support.y
    assert (order.sort(1).values == torch.arange(5)).all()
    assert 0.1 < (order[:, 0] == 0).float().mean() < 0.3


@pytest.mark.parametrize("wrong", [{"shots": 0}, {"shots": (3, 2)}, {"queries": 0}, {"tasks": 0}])
def test_settings_out_of_range_are_refused(family, wrong):
    with pytest.raises(BadInput, match=next(iter(wrong))):
        replace(family, **wrong)
