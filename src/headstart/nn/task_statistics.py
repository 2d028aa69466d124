"""Statistics of normalisations in networks that learn a task of few: of the rows in hand, or of others."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm
from torch.overrides import TorchFunctionMode

from headstart.core import BadInput

BatchNorm = nn.modules.batchnorm._BatchNorm
TRACKING = (BatchNorm, nn.modules.instancenorm._InstanceNorm)


def forget_running_statistics(network: nn.Module) -> None:
    """Let all normalisations of a network take the statistics of the rows in hand, in either mode.

    They neither keep nor read running statistics afterwards, so that a forward changes nothing; their weights
    stay. The network itself is changed: pass a copy.
    """
    for module in network.modules():
        if isinstance(module, TRACKING):
            module.track_running_stats = False
            module.running_mean = module.running_var = module.num_batches_tracked = None


def batch_norms(network: nn.Module) -> dict[str, BatchNorm]:
    """The batch normalisations that take the statistics of the rows in hand in evaluation mode, by name."""
    return {
        name: module
        for name, module in network.named_modules()
        if isinstance(module, BatchNorm) and module.running_mean is None
    }


def takes_batch_statistics(network: nn.Module) -> bool:
    """Whether what a network gives for a row depends on the rows beside it, in evaluation mode."""
    return bool(batch_norms(network))


class MeasuredStatistics(nn.Module):
    """Gives the statistics of the rows in hand at each of `batch_norms`, in their order, in place of outputs.

    Args:
        network: it keeps its modules, and is not changed.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        """Means, then variances, of all channels of the first, then those of the second: (numbers,)."""
        norms = batch_norms(self.network)
        with _Normalising({}).during(norms) as mode:
            self.network(x)
        return torch.cat([part for name in norms for part in mode.known[name]])


class GivenStatistics(nn.Module):
    """A network whose batch normalisations take the statistics of other rows.

    Gradients go through the statistics, also twice.

    Args:
        network: it keeps its modules, and is not changed.
    """

    statistics: Tensor

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("statistics", torch.empty(0))  # of `MeasuredStatistics`, put in for a forward

    def forward(self, x: Tensor) -> Tensor:
        """What the network gives with the statistics."""
        norms = batch_norms(self.network)
        with _Normalising(_apart(norms, self.statistics)).during(norms):
            outputs: Tensor = self.network(x)
        return outputs


def keep_statistics(network: nn.Module, statistics: Tensor) -> None:
    """Let batch normalisations keep statistics (numbers,) as their running ones, as a plain network does."""
    norms = batch_norms(network)
    for name, (mean, variance) in _apart(norms, statistics).items():
        norms[name].track_running_stats = True
        norms[name].running_mean, norms[name].running_var = mean.clone(), variance.clone()


class _Normalising(TorchFunctionMode):
    """Normalises by statistics that are known by name; those that are not are measured of the rows in hand.

    Args:
        known: mean and variance (channels,) each.
    """

    def __init__(self, known: dict[str, tuple[Tensor, Tensor]]) -> None:
        super().__init__()
        self.known, self.measures, self.name = known, not known, ""

    @contextmanager
    def during(self, norms: dict[str, BatchNorm]) -> Iterator["_Normalising"]:
        """While the modules of a network are called."""
        with ExitStack() as stack:
            for name, module in norms.items():
                hook = module.register_forward_pre_hook(partial(self._begin, name))
                stack.callback(hook.remove)
            yield stack.enter_context(self)

    def _begin(self, name: str, _module: nn.Module, _inputs: Any) -> None:
        if self.measures and name in self.known:
            raise BadInput(
                f"The network calls its batch normalisation {name} twice, which has statistics of its own "
                "each time. Take norm=batch, or a network with two of them."
            )
        self.name = name

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Batch normalisation of the module that is called by its statistics; all else as it is."""
        if func is not batch_norm or not self.name:
            return func(*args, **(kwargs or {}))
        name, self.name = self.name, ""
        return self._normalised(name, *args, **(kwargs or {}))

    def _normalised(
        self,
        name: str,
        x: Tensor,
        running_mean: None,
        running_var: None,
        weight: Tensor | None = None,
        bias: Tensor | None = None,
        eps: float = 1e-5,
        **_: Any,
    ) -> Tensor:
        wide = x if x.dtype is torch.float64 else x.float()
        if self.measures:
            self.known[name] = _measured(wide)
        mean, variance = self.known[name]
        scale = (variance + eps).rsqrt() * (1.0 if weight is None else weight)
        shift = (0.0 if bias is None else bias) - mean * scale
        shape = (-1, *[1] * (x.ndim - 2))
        return torch.addcmul(shift.view(shape), wide, scale.view(shape)).to(x.dtype)


def _measured(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance (channels,) of x (n, channels, ...).

    Raises:
        ValueError: there is one value of a channel, as torch says it.
    """
    if x.numel() == x.shape[1]:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {x.shape}")
    axes = [axis for axis in range(x.ndim) if axis != 1]
    variance, mean = torch.var_mean(x, axes, correction=0)
    return mean, variance


def _apart(norms: dict[str, BatchNorm], statistics: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
    """Means and variances (channels,) by name of a normalisation."""
    sizes = [norm.num_features for norm in norms.values() for _ in range(2)]
    parts = iter(torch.split(statistics, sizes))
    return {name: (next(parts), next(parts)) for name in norms}
