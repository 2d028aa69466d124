"""Random weights for any architecture, as a function of a seed."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from headstart.core import derive_seed


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Context with a seeded CPU generator; the global random state is restored after it."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(derive_seed(seed, "untrained"))
        yield


def reset(model: nn.Module, seed: int) -> None:
    """Reinitialise `model`, in place, as a function of `seed`.

    Layers use their own `reset_parameters`, which for BatchNorm resets the statistics too.
    Parameters of modules without one: a truncated normal of 0.02 with two axes or more (class
    tokens, position embeddings); with one axis or none, 1 for scales (named weight, scale or gamma)
    and 0 for the rest.
    """
    with seeded(seed), torch.no_grad():
        for module in model.modules():
            own = getattr(module, "reset_parameters", None) or getattr(module, "_reset_parameters", None)
            if callable(own):
                own()
                continue
            for name, parameter in module.named_parameters(recurse=False):
                _fill(name, parameter)


def _fill(name: str, parameter: nn.Parameter) -> None:
    if parameter.ndim >= 2:
        nn.init.trunc_normal_(parameter, std=0.02)
    elif any(word in name for word in ("weight", "scale", "gamma")):
        nn.init.ones_(parameter)
    else:
        nn.init.zeros_(parameter)
