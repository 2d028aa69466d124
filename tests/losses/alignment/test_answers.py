"""Losses of unlabelled answers: disagreement, confusion, entropy and information, by hand."""

import math

import pytest
import torch

from headstart.core import BadData, BadInput
from headstart.losses.alignment.entropy import entropies, entropy_loss
from headstart.losses.alignment.information_maximisation import information_maximisation_loss
from headstart.losses.alignment.mcc import class_confusion
from headstart.losses.alignment.mcd import classifier_discrepancy


def logits(*shares):
    """Whose softmax these are; float64."""
    return torch.tensor(shares, dtype=torch.float64).log()


def drawn(rows, classes=3, seed=0):
    g = torch.Generator().manual_seed(seed)
    return torch.randn(rows, classes, generator=g, dtype=torch.float64)


H = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))  # nats


# --- disagreement


def test_discrepancy_by_hand():
    one, other = logits([0.75, 0.25], [0.5, 0.5]), logits([0.5, 0.5], [0.5, 0.5])
    assert float(classifier_discrepancy(one, other)) == pytest.approx(0.5 / 4)


def test_discrepancy_of_the_same_answers_is_0_and_of_opposite_ones_2_over_c():
    z = drawn(5)
    assert float(classifier_discrepancy(z, z + 7)) == pytest.approx(0, abs=1e-15)
    sure = torch.eye(4) * 1e3
    assert float(classifier_discrepancy(sure, sure.flip(1))) == pytest.approx(2 / 4)


def test_discrepancy_wants_the_same_rows():
    with pytest.raises(BadData, match="answered 3 and 2 rows"):
        classifier_discrepancy(drawn(3), drawn(2))


# --- entropy


def test_entropy_by_hand():
    z = logits([0.75, 0.25], [0.5, 0.5])
    assert entropies(z).tolist() == pytest.approx([H, math.log(2)])
    assert float(entropy_loss(z)) == pytest.approx((H + math.log(2)) / 2)
    assert float(entropy_loss(torch.eye(3) * 1e4)) == 0


# --- information


def test_information_by_hand():
    """Mean entropy H, and the mean answer is even: H - ln 2."""
    z = logits([0.75, 0.25], [0.25, 0.75])
    assert float(information_maximisation_loss(z)) == pytest.approx(H - math.log(2))
    assert float(information_maximisation_loss(z, 0.5)) == pytest.approx(H - math.log(2) / 2)
    torch.testing.assert_close(information_maximisation_loss(z, 0), entropy_loss(z))


def test_information_has_its_bounds():
    sure = torch.eye(4) * 1e3
    assert float(information_maximisation_loss(sure)) == pytest.approx(-math.log(4))
    assert float(information_maximisation_loss(sure[[1, 1, 1]])) == pytest.approx(0, abs=1e-6)
    assert float(information_maximisation_loss(drawn(1).expand(5, 3))) == pytest.approx(0, abs=1e-12)


def test_collapse_is_lowest_for_entropy_and_highest_for_information():
    sure = torch.eye(2) * 50
    spread, collapsed = sure[[0, 1, 0, 1]], sure[[0, 0, 0, 0]]
    assert float(entropy_loss(spread)) == pytest.approx(float(entropy_loss(collapsed)), abs=1e-9)
    assert (
        float(information_maximisation_loss(spread)) < float(information_maximisation_loss(collapsed)) - 0.6
    )


# --- confusion


def test_confusion_by_hand():
    """One row of 3/4 and 1/4: p'p is [[9, 3], [3, 1]] / 16, rows share 3/12 and 3/4 off the diagonal."""
    z = logits([0.75, 0.25])
    assert float(class_confusion(z, 1.0)) == pytest.approx((1 / 4 + 3 / 4) / 2)


def test_confusion_counts_sure_rows_more():
    """Rows (3/4, 1/4) and (1/2, 1/2) count w and u = 1 + exp(-entropy); the mean does not matter."""
    w, u = 1 + math.exp(-H), 1.5
    a, b, c = w * 9 / 16 + u / 4, w * 3 / 16 + u / 4, w / 16 + u / 4
    expected = (b / (a + b) + b / (b + c)) / 2
    assert float(class_confusion(logits([0.75, 0.25], [0.5, 0.5]), 1.0)) == pytest.approx(expected)


def test_the_temperature_divides_logits():
    z = drawn(6)
    torch.testing.assert_close(class_confusion(z, 2.5), class_confusion(z / 2.5, 1.0))


def test_confusion_bounds():
    sure = torch.eye(4) * 1e4
    assert float(class_confusion(sure)) == 0
    assert float(class_confusion(sure[:2])) == 0  # classes without any answers give no NaN
    assert float(class_confusion(torch.zeros(5, 4))) == pytest.approx(1 - 1 / 4)


def test_the_gradient_of_confusion_has_fixed_weights():
    z = drawn(5).requires_grad_()
    weights = 1 + torch.exp(-entropies(z.detach()))

    def loss(z):
        p = z.softmax(1)
        joint = torch.einsum("ij,i,ik->jk", p, weights, p)
        return 1 - (joint.diagonal() / joint.sum(1)).mean()

    assert torch.autograd.gradcheck(loss, (z,))
    (expected,) = torch.autograd.grad(loss(z), z)
    (found,) = torch.autograd.grad(class_confusion(z, 1.0), z)
    torch.testing.assert_close(found, expected)


# --- all


LOSSES = {
    "discrepancy": lambda z: classifier_discrepancy(z, z.detach().flip(0) + 0.1 * z.detach().square()),
    "entropy": entropy_loss,
    "information": information_maximisation_loss,
    "confusion": class_confusion,
}


@pytest.mark.parametrize("name", ["entropy", "information"])
def test_gradients_are_those_of_finite_differences(name):
    assert torch.autograd.gradcheck(LOSSES[name], (drawn(4).requires_grad_(),))


def test_the_gradient_of_the_discrepancy():
    both = (drawn(4).requires_grad_(), drawn(4, seed=1).requires_grad_())
    assert torch.autograd.gradcheck(classifier_discrepancy, both)


@pytest.mark.parametrize("name", LOSSES)
def test_autocast_and_half_precision_do_not_cost_digits(name):
    z = drawn(20).bfloat16()
    expected = float(LOSSES[name](z.double()))
    with torch.autocast("cpu", torch.bfloat16):
        found = LOSSES[name](z.float())
    assert found.dtype == torch.float32
    assert float(found) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", LOSSES)
def test_what_is_no_matrix_of_floats_is_refused(name):
    for bad in (torch.zeros(3), torch.zeros(3, 2, dtype=torch.int64), torch.zeros(0, 2), torch.zeros(3, 0)):
        with pytest.raises(BadData):
            LOSSES[name](bad)


def test_settings_out_of_range_are_refused():
    with pytest.raises(BadInput, match="temperature is 0"):
        class_confusion(drawn(3), 0)
    with pytest.raises(BadInput, match="balance is -1"):
        information_maximisation_loss(drawn(3), -1)
