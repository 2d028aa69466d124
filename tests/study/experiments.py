"""Small data and networks for the experiments, and a watch on what is trained on."""

import numpy as np
import torch
from torch import nn

from headstart.models.backbone import backbone
from headstart.models.untrained import seeded
from headstart.session.session import Session


def rows(classes=3, each=20, seed=0):
    """Numbers (n, 6) about the corner of their class, and labels."""
    rng = np.random.default_rng(seed)
    y = np.arange(classes * each) % classes
    corners = rng.normal(size=(classes, 6)) * 2
    return (rng.normal(size=(len(y), 6)) + corners[y]).astype(np.float32), y


def network(seed=0, width=8):
    """Three blocks with batch normalisations, and a head."""

    def block(into):
        return nn.Sequential(nn.Linear(into, width), nn.BatchNorm1d(width), nn.ReLU())

    with seeded(seed):
        return nn.Sequential(block(6), block(width), block(width), nn.Linear(width, 3))


def made(seed=0, width=8):
    return backbone(network(seed, width), example=torch.zeros(2, 6))


def spied(monkeypatch):
    """What every `Session.fit` is given and gives: (session, method, rows, recipe, fitted)."""
    seen = []
    real = Session.fit

    def fit(self, method, rows, recipe, **more):
        before = {name: value.clone() for name, value in self.backbone.state_dict().items()}
        fitted = real(self, method, rows, recipe, **more)
        assert all(torch.equal(v, self.backbone.state_dict()[k]) for k, v in before.items())
        seen.append((self, method, rows, recipe, fitted))
        return fitted

    monkeypatch.setattr(Session, "fit", fit)
    return seen


class Ctrl:
    """Raises KeyboardInterrupt in the middle of the `number`-th training."""

    def __init__(self, number):
        self.number, self.begun = number, 0

    def watch(self, ticks, run):
        self.begun += 1
        for tick in ticks:
            if self.begun == self.number and tick.step == 3:
                raise KeyboardInterrupt
            yield tick
