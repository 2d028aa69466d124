"""A closure optimiser in the loop: it finds the optimum of a convex problem, also with a break."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from tests.run.simple import PLAIN, begin, same_batch
from tests.toy import labelled
from torch import nn
from torch.nn.functional import cross_entropy

from headstart.core import Descend, Loss, On
from headstart.run.checkpoint import load_state, save_state
from headstart.run.loop import train
from headstart.run.watch import drain

DATA = labelled(60, torch.Generator().manual_seed(3))
PENALTY = 2.0
RECIPE = replace(PLAIN, steps=6, batch=60, lr=1.0, optimiser="lbfgs")


def objective(parts, batch, ctx):
    """scikit-learn's, divided by the rows."""
    head = parts["head"]
    ridge = PENALTY / 2 * head.weight.square().sum() / len(DATA)
    return Loss.sum(label=cross_entropy(head(batch.x), batch.y), ridge=ridge)


def fresh(**recipe):
    head = nn.Linear(8, 3)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    return begin({"head": head}, Descend(objective, on=(On("head"),)), recipe=replace(RECIPE, **recipe))


@pytest.mark.parametrize("accumulate", [1, 4])
def test_it_finds_the_optimum_that_scikit_learn_finds(accumulate):
    run = fresh(accumulate=accumulate)
    drain(train(run, same_batch(DATA)))
    theirs = LogisticRegression(C=1 / PENALTY, solver="newton-cholesky", tol=1e-8)
    theirs.fit(DATA.x.double().numpy(), DATA.y.numpy())
    weight = run.parts["head"].weight.detach().numpy()
    np.testing.assert_allclose(weight - weight.mean(0), theirs.coef_ - theirs.coef_.mean(0), atol=2e-4)
    bias = run.parts["head"].bias.detach().numpy()
    np.testing.assert_allclose(bias - bias.mean(), theirs.intercept_ - theirs.intercept_.mean(), atol=2e-4)


def test_the_tick_says_the_loss_before_the_step():
    first, second = list(train(fresh(), same_batch(DATA)))[:2]
    assert first.terms["main/label"].item() == pytest.approx(np.log(3), abs=1e-6)  # all weights are 0
    assert second.terms["main/label"] < first.terms["main/label"]


@pytest.mark.parametrize("stop", [1, 3])
def test_a_stopped_run_goes_on_with_the_same_bytes(tmp_path, stop):
    straight, half, other = fresh(), fresh(), fresh()
    drain(train(straight, same_batch(DATA)))
    for tick in train(half, same_batch(DATA)):
        if tick.step == stop:
            break
    save_state(half.state_dict(), tmp_path / "half")
    other.load_state_dict(load_state(tmp_path / "half"))
    assert other.optimisers["main"].state_dict()["state"][0]["n_iter"] > 1  # it remembers its curvature
    drain(train(other, same_batch(DATA)))
    for name, value in straight.parts.state_dict().items():
        assert torch.equal(other.parts.state_dict()[name], value)
