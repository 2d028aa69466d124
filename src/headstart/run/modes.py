"""Which modules learn: training mode, gradients and nothing else for the rest."""

from torch import nn

from headstart.core import Parts


def let_learn(parts: Parts, learning: list[nn.Parameter]) -> None:
    """Put what learns into training mode and all else into evaluation mode, and say so to autograd.

    A module learns if a learning parameter is in it; a module without parameters goes with the
    module that it is in. So a frozen BatchNorm keeps its statistics and a frozen block its
    dropout off, whatever `.train()` was called before.
    """
    parts.requires_grad_(False)
    for parameter in learning:
        parameter.requires_grad_(True)
    ids = {id(parameter) for parameter in learning}
    for part in parts.values():
        _set(part, ids, among=False)


def rest(parts: Parts, train: tuple[str, ...] = ()) -> None:
    """Evaluation mode for all parts but those named."""
    for name, part in parts.items():
        part.train(name in train)


def _set(module: nn.Module, learning: set[int], among: bool) -> None:
    own = [id(parameter) for parameter in module.parameters()]
    module.training = any(number in learning for number in own) if own else among
    for child in module.children():
        _set(child, learning, module.training)
