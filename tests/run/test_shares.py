"""A step that reads rows through a frozen backbone says which share of them is read."""

import numpy as np
import torch
from torch import nn

import headstart as hs
from headstart.data.load import load
from headstart.models.backbone import backbone
from headstart.run.progress import Progress
from headstart.run.recipe import Recipe
from headstart.session.scoring import outputs_of
from headstart.session.session import Session


class Shown(Progress):
    """Knows the shares that were drawn."""

    def __init__(self):
        super().__init__()
        self.shares = []

    def _draw(self, done):
        self.shares.append(done)


def task(rows):
    x = torch.randn(rows, 6, generator=torch.Generator().manual_seed(0))
    net = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 3))
    return load((x.numpy(), np.arange(rows) % 2)), backbone(net, example=x[:2])


def test_recorded_features_are_shown_a_chunk_at_a_time(tmp_path):
    """150 rows are three chunks of 64, 64 and 22."""
    data, base = task(150)
    shown = Shown()
    session = Session(base, data, cache=tmp_path, show=shown.share)
    session.fit(hs.methods.RidgeProbe(), np.arange(150), Recipe(steps=1))
    assert shown.shares == [0.0, 64 / 150, 128 / 150, 1.0]
    session.fit(hs.methods.RidgeProbe(), np.arange(150), Recipe(steps=1))
    assert len(shown.shares) == 4  # all is there


def test_outputs_are_shown_a_batch_at_a_time():
    data, base = task(70)
    shown = Shown()
    session = Session(base, data)
    rows = np.arange(70)
    with torch.inference_mode():
        outputs = outputs_of(base, session.source_in(None), rows, torch.device("cpu"), done=shown.advance(70))
    assert len(outputs) == 70
    assert len(shown.shares) == 3  # batches of 32 rows at most
    assert shown.shares[-1] == 1.0
