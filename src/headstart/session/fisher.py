"""The diagonal Fisher information of a backbone's weights (Kirkpatrick et al. 2017, arXiv:1612.00796)."""

import copy

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, linear

from headstart.core.draws import uniforms
from headstart.core.seeds import derive_seed
from headstart.data.random_draws import shuffled
from headstart.session.session_data import SessionData
from headstart.solvers.logistic import logistic

MOST = 256  # rows
PENALTY = 1.0


def fisher_information(session: SessionData, seed: int = 0) -> dict[str, Tensor]:
    """The mean square of the derivative of log p(y | x) by each weight of the backbone, float64 by name.

    Classes y are drawn from what the model says, a logistic regression on its features, so that it is the
    Fisher information and not the gradient's size on the labels.

    Args:
        session: its backbone, and rows with classes, of which 256 at most are read.
        seed: of the draws.
    """
    rows = np.sort(shuffled(len(session.data), seed, "fisher")[:MOST])
    backbone = copy.deepcopy(session.backbone).to(session.engine.device).eval().requires_grad_(True)
    x = session.samples(rows).to(session.engine.device)
    y = torch.from_numpy(session.data.labels[rows]).to(x.device)
    with torch.no_grad():
        features = torch.cat([backbone(part) for part in x.tensor_split(-(-len(x) // 32))])
    head = logistic(features, y, len(session.data.classes), PENALTY)
    weight, bias = head.weight.to(features), head.bias.to(features)
    draws = uniforms(torch.tensor([derive_seed(seed, "fisher")]), len(rows))[0].to(x.device)
    named = dict(backbone.named_parameters())
    squares = {name: torch.zeros_like(p, dtype=torch.float64) for name, p in named.items()}
    for row in range(len(rows)):
        logits = linear(backbone(x[row : row + 1]), weight, bias)
        drawn = (logits.detach().softmax(1).cumsum(1) > draws[row]).int().argmax(1)
        loss = cross_entropy(logits, drawn)
        for name, one in zip(
            named, torch.autograd.grad(loss, list(named.values()), allow_unused=True), strict=True
        ):
            if one is not None:
                squares[name] += one.double().square()
    return {name: (one / len(rows)).cpu() for name, one in squares.items()}
