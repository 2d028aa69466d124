"""The gradient a little uphill, by hand; the way back; and the parents when both are off."""

import math

import pytest
import torch
from tests.methods.flows import answers, begin, clouds, equal_paths, same, state, two_way
from tests.methods.test_eata import Plain, entropy

from headstart.core import BadInput
from headstart.methods.inputs.streams.eata import Eata
from headstart.methods.inputs.streams.sar import SAR
from headstart.methods.inputs.streams.tent import Tent


def slope(gamma, beta, f):
    """dH/dgamma and dH/dbeta of logits (z, -z), z = gamma f + beta: with d = 2 z, dH/dd = -d p (1 - p)."""
    d = 2 * (gamma * f + beta)
    p = 1 / (1 + math.exp(-d))
    each = -2 * d * p * (1 - p)
    return each * f, each


def test_one_step_by_hand():
    """The scale and the shift move by rho along the gradient of length 1; the gradient there is applied."""
    f, rho, lr = 2.0, 0.3, 0.5
    run = begin(SAR(rho=rho, e_m=0.0), Plain(), two_way(), lr=lr)
    (found,) = answers(run, [[[f, 0.0]]])
    torch.testing.assert_close(found, torch.tensor([[f, -f]]))
    a, b = slope(1.0, 0.0, f)
    long = math.hypot(a, b)
    a, b = slope(1 + rho * a / long, rho * b / long, f)
    norm = run.parts["backbone"].norm
    torch.testing.assert_close(norm.weight.detach(), torch.tensor([1 - lr * a, 1.0]))
    torch.testing.assert_close(norm.bias.detach(), torch.tensor([-lr * b, 0.0]))


def test_without_a_neighbourhood_it_is_tent_on_sure_rows_to_the_bit():
    rows = {"e0": 0.8}
    eata = Eata(**rows, d_margin=1.0, reweigh=False)
    assert equal_paths(SAR(**rows, rho=0.0, e_m=0.0), eata, clouds(5))
    assert equal_paths(SAR(e0=2.0, rho=0.0, e_m=0.0), Tent(), clouds(5))
    assert not equal_paths(SAR(e0=2.0, rho=0.05, e_m=0.0), Tent(), clouds(5))


def test_it_goes_back_when_the_mean_entropy_is_too_low_and_forgets_it():
    low = entropy([3.0, -3.0])
    for limit, back in ((low * 1.2, True), (low * 0.5, False)):
        run = begin(SAR(rho=0.0, e_m=limit), Plain(), two_way(), lr=0.5)
        start = state(run, "backbone")
        answers(run, [[[3.0, 0.0]]])
        assert same(start, state(run, "backbone")) == back
        assert run.parts["entropy_ema"].seen.item() == (0 if back else 1)


def test_a_running_mean_is_what_counts():
    """Entropies H1 and H2: the mean after two batches is 0.9 H1 + 0.1 H2."""
    run = begin(SAR(rho=0.0, e_m=0.0, e0=0.9), Plain(), two_way(), lr=1e-9)
    answers(run, [[[1.0, 0.0]], [[2.0, 0.0]]])
    expected = 0.9 * entropy([1.0, -1.0]) + 0.1 * entropy([2.0, -2.0])
    assert run.parts["entropy_ema"].mean.item() == pytest.approx(expected, rel=1e-5)


def test_a_batch_without_a_sure_row_changes_no_weight():
    run = begin(SAR(), Plain(), two_way())
    before = state(run, "backbone")
    answers(run, [[[0.01, 0.0]]])
    assert same(before, state(run, "backbone"))


def test_statistics_follow_a_batch_once():
    from tests.methods.flows import Clouds, cloud_head

    found = []
    for rho in (0.0, 0.05):
        method = SAR(statistics="running", e0=2.0, rho=rho, e_m=0.0)
        run = begin(method, Clouds(), cloud_head(), 0.1, (4,))
        answers(run, clouds(1))
        found.append(run.parts["backbone"].body[1].running_mean)
    assert torch.equal(*found)


def test_bad_settings_are_refused():
    for setting in ("rho", "e_m"):
        with pytest.raises(BadInput, match=f"sar: {setting} is -1"):
            SAR(**{setting: -1})
