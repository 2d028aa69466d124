"""Losses of generative models: flow matching, and the density of a decoder."""

import math

from torch import Tensor


def on_path(noise: Tensor, data: Tensor, time: Tensor) -> tuple[Tensor, Tensor]:
    """Points (n, ...) on the straight paths from noise to data, and the velocity there (arXiv:2210.02747).

    Args:
        noise: (n, ...), where the paths are at time 0.
        data: (n, ...), where they are at time 1.
        time: (n,) in [0, 1].
    """
    t = time.view(-1, *(1,) * (data.ndim - 1)).to(data.dtype)
    return (1 - t) * noise + t * data, data - noise


def flow_matching(said: Tensor, velocity: Tensor) -> Tensor:
    """Mean squared error () of velocities (n, ...), over all numbers of all rows."""
    return (said - velocity).square().mean()


def gaussian_nats(said: Tensor, data: Tensor, log_deviation: Tensor) -> Tensor:
    """Negative log density (n,) in nats of data (n, ...) under normals around `said`, of one deviation ()."""
    squares = (said - data).flatten(1).square().sum(1)
    many = said[0].numel()
    return 0.5 * squares * (-2 * log_deviation).exp() + many * (log_deviation + 0.5 * math.log(2 * math.pi))
