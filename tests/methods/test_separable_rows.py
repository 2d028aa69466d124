"""Few separable rows: probabilities of solved probes are as good as those of scikit-learn's regression."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch.nn.functional import cross_entropy, nll_loss

import headstart as hs

SEEDS = 20
PROBES = (hs.methods.RidgeProbe, hs.methods.NearestCentroid, hs.methods.KNN, hs.methods.LogisticProbe)


def rows(n, seed):
    """Two normal classes (n, 5), two standard deviations from the border between them."""
    rng, y = np.random.default_rng(seed), np.arange(n) % 2
    x = rng.normal(size=(n, 5)).astype(np.float32)
    x[:, 0] += 4 * (y - 0.5)
    return torch.tensor(x), torch.tensor(y)


X, Y = rows(4000, 999)


@pytest.mark.parametrize("per_class", [5, 10, 20])
@pytest.mark.slow
def test_the_mean_log_loss_is_near_that_of_logistic_regression(per_class):
    losses = {kind.about.name: [] for kind in PROBES}
    reference = []
    for seed in range(SEEDS):
        x, y = rows(2 * per_class, seed)
        chances = torch.tensor(LogisticRegression().fit(x, y).predict_log_proba(X.numpy()))
        reference.append(float(nll_loss(chances, Y)))
        with torch.no_grad():
            for kind in PROBES:
                logits = kind().solve(x, y, 2)(X).double()
                losses[kind.about.name].append(float(cross_entropy(logits, Y)))
    worst = 1.25 * np.mean(reference)
    assert {name: loss for name, each in losses.items() if (loss := np.mean(each)) > worst} == {}


@pytest.mark.parametrize("kind", [hs.methods.RidgeProbe, hs.methods.NearestCentroid])
def test_a_wrong_prediction_is_not_certain(kind):
    x, y = rows(20, 7)
    with torch.no_grad():
        p = kind().solve(x, y, 2)(X).softmax(1)
    wrong = p.argmax(1) != Y
    assert wrong.any()
    assert float((p.max(1).values[wrong] > 0.999).double().mean()) == 0
