"""The networks that few-shot learning is usually measured with: four convolutions, and a perceptron."""

import math

from torch import nn

from headstart.core import BadInput

CHANNELS = 32  # of each convolution; the paper's 64 take four times as long
UNITS = 40  # of each hidden layer
LEAST = 4  # pixels a side


def conv4(shape: tuple[int, ...], channels: int = CHANNELS) -> nn.Sequential:
    """Four convolutions with batch normalisation and pooling (Vinyals et al. 2016, arXiv:1606.04080).

    The last poolings are left out where a map has a single pixel.

    Args:
        shape: channels, height and width of one input.
        channels: of each convolution.

    Raises:
        BadInput: the shape is not of pictures, or their sides are under 4 pixels.
    """
    if len(shape) != 3 or min(shape[1:]) < LEAST:
        raise BadInput(
            f"conv4 takes (channels, height, width) of {LEAST} pixels or more a side, not inputs of shape "
            f"{shape}. mlp takes any."
        )
    side, before, layers = min(shape[1:]), shape[0], []
    for _ in range(4):
        layers += [nn.Conv2d(before, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.ReLU()]
        if side >= 2:
            layers.append(nn.MaxPool2d(2))
        before, side = channels, side // 2
    return nn.Sequential(*layers, nn.Flatten())


def perceptron(shape: tuple[int, ...], units: int = UNITS) -> nn.Sequential:
    """Two hidden layers, as in the sinusoids of Finn, Abbeel and Levine (2017, arXiv:1703.03400).

    Args:
        shape: of one input, which is flattened.
        units: of each layer.
    """
    return nn.Sequential(
        nn.Flatten(), nn.Linear(math.prod(shape), units), nn.ReLU(), nn.Linear(units, units), nn.ReLU()
    )
