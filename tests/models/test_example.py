"""Examples that a module is run on: what they may be."""

import numpy as np
import pytest
import torch
from torch import nn

from headstart.core import BadInput
from headstart.models import backbone

NET = nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 3))


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_arrays_are_taken(kind):
    made = backbone(NET, example=np.zeros((2, 5), kind))
    assert (made.width, made.example.dtype) == (6, torch.float32)


@pytest.mark.parametrize(
    ("example", "said"),
    [([[0.0] * 5] * 2, "of type list"), (np.array([["a"]]), "an array of <U1")],
)
def test_others_are_refused(example, said):
    with pytest.raises(BadInput, match=f"example is {said}; it must be a tensor or an array of numbers"):
        backbone(NET, example=example)
