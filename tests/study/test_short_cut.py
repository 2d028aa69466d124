"""A short cut of the source: aligning with a target does not cure it, balancing its groups does."""

import numpy as np
import torch
from torch import nn

import headstart as hs
from headstart.run.recipe import Recipe


def rows(n, seed, agree):
    """A weak cue that always holds, a strong one that agrees with the class in a share of the rows."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    cue = np.where(rng.random(n) < agree, y, 1 - y)
    x = rng.normal(0, 1, (n, 4)) + np.stack([1.5 * (2 * y - 1), 4.0 * (2 * cue - 1), 0 * y, 0 * y], 1)
    return x.astype(np.float32), np.array(["no", "yes"])[y], np.array(["a", "b"])[cue]


def net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 2))


def test_alignment_keeps_a_short_cut_and_balanced_groups_do_not():
    x, y, cue = rows(400, 0, 0.97)
    there, truth, _ = rows(400, 1, 0.05)
    recipe = Recipe(steps=200, lr=1e-2)

    def right(method, data):
        model = hs.fit(method, net(), data, recipe)
        return np.mean([one.label == t for one, t in zip(model.predict(there), truth, strict=True)])

    alone = right(hs.methods.FineTune(backbone_lr=1.0), (x, y))
    balanced = right(hs.methods.GroupBalanced(backbone_lr=1.0), hs.data.load((x, y), attribute=cue))
    aligned = [
        right(kind(backbone_lr=1.0), hs.data.Domains((x, y), there))
        for kind in (hs.methods.DeepCORAL, hs.methods.DAN, hs.methods.DANN)
    ]
    assert balanced > alone + 0.15
    assert max(aligned) < alone
