"""Plain networks of linear layers."""

from itertools import pairwise

from torch import nn


def dense(inputs: int, units: int, layers: int, outputs: int) -> nn.Sequential:
    """Hidden layers with rectifiers, then a linear layer: (..., inputs) -> (..., outputs).

    Args:
        inputs: numbers of an input.
        units: of each hidden layer.
        layers: hidden ones, >= 0; 0 leaves one linear layer.
        outputs: numbers of an output.
    """
    widths = [inputs, *[units] * layers]
    hidden = [
        module for before, after in pairwise(widths) for module in (nn.Linear(before, after), nn.ReLU())
    ]
    return nn.Sequential(*hidden, nn.Linear(widths[-1], outputs))
