"""Places of a backbone that features are read from, alone and joined."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

import torch
from torch import Tensor

from headstart.models.backbone import AnyBackbone
from headstart.models.layout import Pooling
from headstart.models.readout import OUTPUT, FeatureSource, Readout
from headstart.report.text import pluralise
from headstart.solvers.penalty_selection import spread

SINGLE = 3  # blocks that are read by themselves
DEEPEST = 6  # blocks whose features are joined at most
POOLINGS: tuple[Pooling, ...] = ("first", "last", "max")  # of tokens, beside the mean
SAME = 1e-6  # relative difference of features that are counted as equal


def sources_of(mapping: AnyBackbone) -> list[FeatureSource]:
    """The places where features are read: the output, of texts pooled in all ways, and the last blocks."""
    outputs = [FeatureSource()]
    if mapping.tokens is not None and mapping.anatomy.output == (0, 2):
        outputs += [FeatureSource(OUTPUT, pooling) for pooling in POOLINGS]
    tapped = [block for block in mapping.anatomy.blocks if block in mapping.anatomy.taps]
    return outputs + [FeatureSource(block) for block in tapped[::-1][:DEEPEST]]


def readouts(
    features: Mapping[FeatureSource, Tensor], usual: Readout | None = None
) -> Iterator[tuple[str, Readout]]:
    """Readouts by name of sources with features (n, d): one alone, and the last ones joined.

    The first is the `usual` one, that of the backbone itself. What is joined is scaled so that the features
    of each source have a mean squared distance of 1 from their mean. A block that gives the output is no
    source of its own.
    """
    own = features[FeatureSource()]
    joined = [replace(FeatureSource(), scale=_scale(own))]
    outputs = [Readout((source,)) for source in features if source.block == OUTPUT]
    for readout in sorted(outputs, key=lambda one: one != (usual or Readout())):
        yield _named(readout.sources[0].pooling, usual), readout
    for source, x in features.items():
        if source.block == OUTPUT or _is_same(x, own):
            continue
        if len(joined) <= SINGLE:
            yield f"block {len(joined)} before the output ({source.block})", Readout((source,))
        joined.append(replace(source, scale=_scale(x)))
        yield f"output and {pluralise(len(joined) - 1, 'block')} before it", Readout(tuple(joined))


def _named(pooling: Pooling, usual: Readout | None) -> str:
    """What the output pooled in a way is called."""
    if pooling == "mean":
        return "output" if usual is None else "output, mean"
    return f"output, {pooling} token" if pooling != "max" else "output, maximum"


def join(features: Mapping[FeatureSource, Tensor]) -> Tensor:
    """The means of the output and of all blocks that are read, scaled alike: (n, width)."""
    means = (x for source, x in features.items() if source.pooling == "mean")
    return torch.cat([x / _scale(x) for x in means], 1)


def _scale(x: Tensor) -> float:
    return math.sqrt(spread(x))


def _is_same(x: Tensor, other: Tensor) -> bool:
    return x.shape == other.shape and bool((x - other).abs().max() <= SAME * other.abs().max())
