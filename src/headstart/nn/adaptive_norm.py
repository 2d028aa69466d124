"""Batch normalisation with statistics of the stream: the batch's, running ones, or a mixture."""

import copy
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm
from torch.nn.modules.batchnorm import _BatchNorm

from headstart.core import Backbone, BadInput

Statistics = Literal["batch", "running", "mixed"]
STATISTICS: tuple[Statistics, ...] = get_args(Statistics)


def pooled(mean: Tensor, var: Tensor, other_mean: Tensor, other_var: Tensor, share: float) -> list[Tensor]:
    """Mean and variance (c,) of a mixture, in which a `share` in [0, 1] of the rows is the other's.

    The variance of a mixture is the mean of both variances plus the contribution of the means:
    (1 - a) v + a v' + a (1 - a) (m' - m)^2.
    """
    gap = other_mean - mean
    return [mean + share * gap, var + share * (other_var - var) + share * (1 - share) * gap.square()]


class AdaptiveNorm(_BatchNorm):
    """Replaces a batch normalisation of any number of axes, and shares its scale and shift.

    x (n, c, ...) is normalised channel by channel: statistics are over rows and positions. Mixtures are
    weighted by rows, as positions of one row are correlated: a batch of n rows has the share
    n / (n + prior), however many positions a row has.

    A batch with a single value a channel, such as one row (1, c), has no variance: with "batch" it is
    normalised by the stored statistics.

    Args:
        norm: the module to replace; it is not changed, only its parameters are shared.
        statistics: "batch": those of the batch (arXiv:2006.16971). "mixed": the batch's, pooled with
            `prior` rows of the source's. "running": in training mode each batch is pooled with
            the stored statistics as `prior` rows, starting from the source's; the result is stored and
            used. In evaluation mode the stored statistics are used.
        prior: rows >= 0 that the stored statistics count for.

    Raises:
        BadInput: the norm has a custom forward, or has no statistics to mix.
    """

    running_mean: Tensor | None
    running_var: Tensor | None

    def __init__(self, norm: _BatchNorm, statistics: Statistics = "batch", prior: float = 16.0) -> None:
        super().__init__(norm.num_features, norm.eps, norm.momentum, affine=False)
        self.affine = norm.affine
        self.register_parameter("weight", norm.weight)
        self.register_parameter("bias", norm.bias)
        for name, value in norm.named_buffers(recurse=False):
            self.register_buffer(name, value.detach().clone())
        if norm.running_mean is None:
            self.running_mean = self.running_var = self.num_batches_tracked = None
            self.track_running_stats = False
            if statistics != "batch":
                raise BadInput(
                    f"A batch normalisation has no statistics of the source, so statistics={statistics!r} "
                    "has nothing to mix. Take statistics='batch'."
                )
        self.statistics, self.prior = statistics, prior
        self.after = _after(norm)
        self.train(norm.training)

    def extra_repr(self) -> str:
        """With the settings."""
        settings = {"eps": self.eps, "statistics": self.statistics, "prior": self.prior}
        return ", ".join([str(self.num_features), *(f"{name}={value}" for name, value in settings.items())])

    def _check_input_dim(self, input: Tensor) -> None:  # noqa: A002
        if input.ndim < 2:
            raise BadInput(f"A batch normalisation takes (rows, channels, ...), not {tuple(input.shape)}.")

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Normalise input (n, c, ...)."""
        self._check_input_dim(input)
        x = input
        if self.statistics == "batch":
            found = self._by_batch(x)
        elif self.statistics == "running" and not self.training:
            found = self._by(x, self.running_mean, self.running_var)
        else:
            found = self._by_mixture(x)
        for module in self.after:
            found = module(found)
        return found

    def _by(self, x: Tensor, mean: Tensor | None, var: Tensor | None) -> Tensor:
        return batch_norm(x, mean, var, self.weight, self.bias, mean is None, 0.0, self.eps)

    def _by_batch(self, x: Tensor) -> Tensor:
        if x.numel() > x.shape[1]:
            return self._by(x, None, None)
        if self.running_mean is None:
            raise BadInput(
                f"One row {tuple(x.shape)} has no variance, and the batch normalisation has stored none: "
                "take larger batches."
            )
        return self._by(x, self.running_mean, self.running_var)

    def _by_mixture(self, x: Tensor) -> Tensor:
        axes = [axis for axis in range(x.ndim) if axis != 1]
        var, mean = torch.var_mean(x.float(), axes, correction=0)
        assert self.running_mean is not None
        assert self.running_var is not None
        share = len(x) / (len(x) + self.prior)
        mean, var = pooled(self.running_mean, self.running_var, mean, var, share)
        if self.statistics == "running":
            self.running_mean.copy_(mean.detach())
            self.running_var.copy_(var.detach())
        scale = (var + self.eps).rsqrt()
        scale = scale * self.weight if self.affine else scale
        shift = self.bias - mean * scale if self.affine else -mean * scale
        shape = [-1, *[1] * (x.ndim - 2)]
        return torch.addcmul(shift.view(shape), x, scale.view(shape)).to(x.dtype)


def _after(norm: _BatchNorm) -> nn.ModuleList:
    """What a norm of another library applies to its result, such as an activation."""
    kind = type(norm)
    own = kind.forward not in (_BatchNorm.forward, nn.SyncBatchNorm.forward, AdaptiveNorm.forward)
    if own and not all(isinstance(getattr(norm, name, None), nn.Module) for name in ("drop", "act")):
        raise BadInput(
            f"{kind.__name__} is a batch normalisation that computes something of its own, so its statistics "
            "can't be those of a stream. Take a way that needs none, such as lame."
        )
    return nn.ModuleList([norm.get_submodule(name) for name in ("drop", "act")] if own else [])


def adaptive(backbone: Backbone, statistics: Statistics = "batch", prior: float = 16.0) -> Backbone:
    """Copy a backbone with each batch normalisation replaced by an `AdaptiveNorm`; other norms stay.

    Raises:
        BadInput: a batch normalisation has a custom forward, or has no statistics to mix.
    """
    twin = copy.deepcopy(backbone)
    norms = {m: AdaptiveNorm(m, statistics, prior) for m in twin.modules() if isinstance(m, _BatchNorm)}
    for owner in list(twin.modules()):
        for name, child in owner._modules.items():
            if isinstance(child, _BatchNorm) and child in norms:
                owner._modules[name] = norms[child]
    return twin


def watch(module: nn.Module) -> nn.Module:
    """Set the module to evaluation mode except its adaptive norms, which follow the stream; return it."""
    module.eval()
    for each in module.modules():
        if isinstance(each, AdaptiveNorm):
            each.training = True
    return module
