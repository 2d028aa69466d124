"""Where the features of a backbone are read: at which blocks, and pooled how."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, get_args

from headstart.core import BadInput

from .layout import Pooling

OUTPUT = ""  # in place of a block: the output of the whole model


@dataclass(frozen=True)
class FeatureSource:
    """A place where features are read.

    Attributes:
        block: its name in the backbone's `anatomy.blocks`; "" is the output of the model.
        pooling: over the places of the output: "mean"; of tokens also "first" (as that of the class
            token), "last" and "max".
        scale: what its features are divided by, > 0, so that all sources count alike.
    """

    block: str = OUTPUT
    pooling: Pooling = "mean"
    scale: float = 1.0


@dataclass(frozen=True)
class Readout:
    """The features of a sample are those of all sources, one behind the other.

    Attributes:
        sources: one or more.
    """

    sources: tuple[FeatureSource, ...] = (FeatureSource(),)

    def __post_init__(self) -> None:
        if not self.sources:
            raise BadInput("A readout needs a source: Readout() alone reads the output of the model.")
        for each in self.sources:
            if each.pooling not in get_args(Pooling):
                names = ", ".join(get_args(Pooling))
                raise BadInput(f"pooling is {each.pooling!r}; it must be one of {names}.")
            if not each.scale > 0:
                raise BadInput(
                    f"The scale of {each.block or 'the output'} is {each.scale:g}; it must be > 0."
                )

    def settings(self) -> dict[str, Any]:
        """Settings as JSON values, for `from_settings`."""
        return {"sources": [[each.block, each.pooling, each.scale] for each in self.sources]}

    @classmethod
    def from_settings(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `settings`, also after a trip through JSON."""
        return cls(tuple(FeatureSource(*each) for each in values["sources"]))

    def moved(self, prefix: str) -> Self:
        """The same for a model that lies deeper in another, at `prefix`."""
        inside = (replace(each, block=each.block and prefix + each.block) for each in self.sources)
        return replace(self, sources=tuple(inside))
