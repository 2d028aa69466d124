"""Encoders of learners: networks that turn inputs into features, built-in ones and your own."""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from headstart.core import BadInput, Unknown
from headstart.nn.few_shot_encoders import conv4, perceptron

BUILT_IN: dict[str, Callable[[tuple[int, ...]], nn.Module]] = {
    "conv4": conv4,
    "mlp": perceptron,
    "identity": lambda _shape: nn.Flatten(),  # inputs that are features already
}


class Encoder(nn.Module):
    """A network with the width of what it gives: (n, *shape) -> (n, width).

    Args:
        network: it gives (n, width), or more axes, which are flattened.
        shape: of one input.
        spec: name of a built-in one; "" for a network of the caller's.
    """

    def __init__(self, network: nn.Module, shape: tuple[int, ...], spec: str = "") -> None:
        super().__init__()
        self.network, self.spec = network, spec
        self.width = 0
        training = network.training
        network.eval()
        with torch.no_grad():
            self.width = int(self(torch.zeros(2, *shape)).shape[1])
        network.train(training)

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, width) of inputs (n, *shape)."""
        features: Tensor = self.network(x)
        return features.flatten(1)

    def each(self, x: Tensor) -> Tensor:
        """Features (t, n, width) of the inputs (t, n, *shape) of t tasks, as one batch."""
        features: Tensor = self(x.flatten(0, 1))
        return features.view(*x.shape[:2], self.width)


def make_encoder(encoder: nn.Module | str | None, shape: tuple[int, ...]) -> Encoder:
    """A copy of the caller's network, or a new one.

    Args:
        encoder: a network (n, *shape) -> (n, width), which is not changed; the name of a built-in one:
            "conv4" for pictures, "mlp" for rows of numbers, "identity" for features that stay as they are;
            None: the one of the first two that fits.
        shape: of one input.

    Raises:
        Unknown: there is no built-in encoder of that name.
        BadInput: the network can't take inputs of that shape.
    """
    if isinstance(encoder, nn.Module):
        spec, network = "", copy.deepcopy(encoder)
    else:
        spec = encoder or ("conv4" if len(shape) == 3 else "mlp")
        if not isinstance(spec, str):
            raise BadInput(f"encoder is {spec!r}; it must be a network, or one of {', '.join(BUILT_IN)}.")
        if spec not in BUILT_IN:
            raise Unknown("encoder", spec, BUILT_IN)
        network = BUILT_IN[spec](shape)
    try:
        return Encoder(network, shape, spec)
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        raise BadInput(
            f"The encoder can't take inputs of shape {shape}: {error}. Give one that takes "
            f"(n, {', '.join(map(str, shape))})."
        ) from error
