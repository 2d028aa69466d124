"""Detect the row and feature axes of an output; other axes are averaged."""

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

Pooling = Literal["mean", "first", "last", "max"]


class Layout(NamedTuple):
    """Axes of an output with at least two."""

    rows: int
    features: int


class Tap(NamedTuple):
    """Where to read a block's output: the module and its axes."""

    module: str
    layout: Layout


def pool(x: Tensor, layout: Layout, there: Tensor | None = None, how: Pooling = "mean") -> Tensor:
    """Pool every axis but rows and features: x (...) -> (n, d).

    Args:
        x: output of a part of a model.
        layout: which of its axes are rows and features.
        there: bool (n, tokens); of an x (n, tokens, d), only tokens that are there count.
        how: the mean; of tokens also the first, the last, or the largest of each feature. What has no
            tokens has a mean alone.
    """
    if how != "mean" and x.ndim == 3 and layout == (0, 2):
        return _pool_tokens(x, x.new_ones(x.shape[:2], dtype=torch.bool) if there is None else there, how)
    if there is not None and x.ndim == 3 and layout == (0, 2):
        share = there.to(x.dtype).unsqueeze(2)
        return (x * share).sum(1) / share.sum(1)
    if x.ndim == 2:
        return x
    if x.ndim < 2:
        return x.reshape(x.shape[0], -1)
    rest = [axis for axis in range(x.ndim) if axis not in layout]
    x = x.mean(rest)
    return x if layout.rows < layout.features else x.T


def _pool_tokens(x: Tensor, there: Tensor, how: Pooling) -> Tensor:
    """(n, d) of tokens x (n, tokens, d), of which those that are `there` (n, tokens) count."""
    if how == "max":
        return x.masked_fill(~there[..., None], -torch.inf).amax(1)
    place = there.int().argmax(1) if how == "first" else there.shape[1] - 1 - there.flip(1).int().argmax(1)
    return x.gather(1, place[:, None, None].expand(-1, 1, x.shape[2]))[:, 0]


def layout(shape: tuple[int, ...], rows: int, made_by: nn.Module | None, inner: int) -> Layout:
    """Infer the axes of an output of `shape`, of a model called on `rows` samples.

    The features axis is the one whose length is the last layer's number of channels, which
    distinguishes (n, c, h, w), (n, h, w, c) as in Swin, (n, tokens, c) and (n, c, length).

    Args:
        shape: of the output, two axes or more.
        rows: samples in the call.
        made_by: the last layer with parameters that ran before the output.
        inner: the number of axes of that layer's own output; it breaks ties.
    """
    if len(shape) <= 2:
        return Layout(0, 1)
    row = 0 if shape[0] == rows or rows not in shape[:2] else 1
    channels = _channels(made_by)
    axes = [axis for axis, size in enumerate(shape) if axis != row and size == channels]
    if len(axes) == 1:
        return Layout(row, axes[0])
    maps = isinstance(made_by, _CHANNELS_FIRST) and inner == len(shape)
    if maps or (not axes and len(shape) > 3):
        return Layout(row, 1 - row if row else 1)
    return Layout(row, len(shape) - 1)


_CHANNELS_FIRST = (nn.modules.conv._ConvNd, nn.modules.batchnorm._NormBase, nn.GroupNorm)


def _channels(module: nn.Module | None) -> int | None:
    """Number of output features of a layer, by the attribute names of torch's layers."""
    for name in ("out_features", "out_channels", "num_features", "num_channels", "embedding_dim"):
        size = getattr(module, name, None)
        if isinstance(size, int):
            return size
    if isinstance(module, nn.RNNBase):
        size = module.proj_size or module.hidden_size
        return size * 2 if module.bidirectional else size
    normalized = getattr(module, "normalized_shape", None)
    if isinstance(normalized, (tuple, list)) and normalized:
        return int(normalized[-1])
    size = getattr(module, "embed_dim", None)
    return size if isinstance(size, int) else None
