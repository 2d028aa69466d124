"""Rows with labels, and models of them, that `evaluate` is tried on."""

import numpy as np
import pandas as pd
import torch
from torch import nn

import headstart as hs

NAMES = ["corn", "oat", "wheat"]


def world(rows, seed):
    """Arrays of three classes."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, rows)
    return (rng.normal(size=(rows, 4)) + 1.5 * np.eye(4)[y]).astype(np.float32), [NAMES[c] for c in y]


def of_world():
    """A predictor of `world`."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3))
    return hs.fit("ridge-probe", net, world(120, 0))


def frame(rows, seed):
    """A table of two classes."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, rows)
    columns = {"age": rng.normal(size=rows) + 2 * y, "town": rng.choice(["x", "y"], rows)}
    return pd.DataFrame({**columns, "label": np.where(y, "ill", "well")})


def run_of_frame(folder):
    """A run on `frame`."""
    data = hs.data.load(frame(150, 0), name="first")
    more = {"methods": ("logistic-probe",), "budget": 5, "folds": 2, "curve": False}
    return hs.adapt("table", data, out=folder, **more)
