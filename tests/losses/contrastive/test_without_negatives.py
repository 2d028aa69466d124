"""Losses that compare no views of different rows: by hand, and numbers of lightly 1.6.0."""

import math

import pytest
import torch
from tests.losses.contrastive.vectors import views, waves

from headstart.losses.contrastive.barlow_twins import barlow_twins
from headstart.losses.contrastive.dino import dino
from headstart.losses.contrastive.negative_cosine import negative_cosine
from headstart.losses.contrastive.vicreg import vicreg_terms


def test_cosine_by_hand_and_of_lightly():
    a = torch.tensor([[1.0, 0.0], [1.0, 1.0]], requires_grad=True)
    b = torch.tensor([[2.0, 0.0], [-1.0, 1.0]], requires_grad=True)
    loss = negative_cosine(a, b)
    assert loss.item() == pytest.approx(-0.5)
    loss.backward()
    assert b.grad is None
    assert negative_cosine(*views()).item() == pytest.approx(-0.882431, abs=2e-6)


def test_vicreg_by_hand():
    """Column 0 has deviation 2, column 1 is constant; their squared difference from b is 1 in column 1."""
    a = torch.tensor([[-math.sqrt(2), 0.0], [math.sqrt(2), 0.0]])
    b = a + torch.tensor([0.0, 1.0])
    found = vicreg_terms(a, b)
    assert found.invariance.item() == pytest.approx(0.5)
    assert found.variance.item() == pytest.approx((1 - 0.01) / 2)  # the root of 1e-4
    assert found.covariance.item() == pytest.approx(0.0)
    bound = torch.tensor([[1.0, 1.0], [-1.0, -1.0]])
    assert vicreg_terms(bound, bound).covariance.item() == pytest.approx(2 * (2**2 + 2**2) / 2)


def test_vicreg_of_lightly():
    """`VICRegLoss()` weights the terms by 25, 25 and 1."""
    found = vicreg_terms(*views())
    total = 25 * found.invariance + 25 * found.variance + found.covariance
    assert total.item() == pytest.approx(18.872072, abs=2e-5)


def test_barlow_twins_by_hand_and_of_lightly():
    """The second dimension of b is turned round: its correlation is -1, 2 from what it should be."""
    a = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    assert barlow_twins(a, a, 1.0).item() == pytest.approx(0, abs=1e-6)
    assert barlow_twins(a, a * torch.tensor([1.0, -1.0]), 1.0).item() == pytest.approx(4, abs=1e-3)
    twice = a[:, :1].expand(-1, 2)
    assert barlow_twins(twice, twice, 0.25).item() == pytest.approx(0.25 * 2, abs=1e-3)
    assert barlow_twins(*views(), 5e-3).item() == pytest.approx(0.046017, abs=2e-6)


def test_dino_by_hand_and_of_lightly():
    """Two outputs; the teacher is sure of the first, and the student gives it 3/4."""
    teacher, student = torch.tensor([[5.0, 0.0]]), torch.tensor([[math.log(3), 0.0]])
    found = dino([teacher], [teacher, student], torch.zeros(2), 0.01, 1.0)
    assert found.item() == pytest.approx(-math.log(0.75), abs=1e-6)
    centred = dino([teacher], [teacher, student], torch.tensor([5.0, 0.0]), 0.01, 1.0)
    assert centred.item() == pytest.approx(-(math.log(0.75) + math.log(0.25)) / 2, abs=1e-6)
    (a, b), local = views(), waves(6, 4, 24)
    assert dino([b, a], [a, b, local], torch.zeros(4), 0.04, 0.1).item() == pytest.approx(6.9505, abs=2e-5)
