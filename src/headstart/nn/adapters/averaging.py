"""The mean of several sets of adapters: that of their parameters."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from headstart.core import BadInput

from .adapter import Adapter
from .described import describe, rebuild


@torch.no_grad()
def averaged(
    model: nn.Module,
    of: Mapping[str, float],
    sets: Mapping[str, Mapping[str, Adapter]],
    own: Mapping[str, Mapping[str, Tensor]],
) -> tuple[dict[str, Adapter], dict[str, Tensor]]:
    """Adapters, and own tensors, with the weighted mean of the parameters of sets.

    Args:
        model: that they are for.
        of: weights by the names of the sets.
        sets: adapters of each, by the paths of layers.
        own: parameters and buffers of each that stand in for the model's, by name.

    Raises:
        BadInput: the sets differ in more than numbers, or the weights do not add up to 1.
    """
    if not of or abs(sum(of.values()) - 1) > 1e-6:
        raise BadInput(f"The weights of {', '.join(of) or 'no sets'} add up to {sum(of.values()):g}, not 1.")
    first, *others = of
    plans = {one: (describe(sets[one]), own[one].keys()) for one in of}
    if different := [one for one in others if plans[one] != plans[first]]:
        raise BadInput(f"{first} and {different[0]} have other adapters or layers, so they have no mean.")
    adapters = rebuild(model, plans[first][0])
    for path, adapter in adapters.items():
        states = {one: sets[one][path].state_dict() for one in of}
        adapter.load_state_dict({key: sum(of[one] * states[one][key] for one in of) for key in states[first]})
    return adapters, {key: _mean([(of[one], own[one][key]) for one in of]) for key in own[first]}


def _mean(parts: Sequence[tuple[float, Tensor]]) -> Tensor:
    """A weighted mean; of whole numbers, such as a count of batches, the first."""
    _, first = parts[0]
    if not first.is_floating_point():
        return first.clone()
    found = torch.stack([weight * value.detach() for weight, value in parts]).sum(0)
    return nn.Parameter(found) if isinstance(first, nn.Parameter) else found
