"""Registry of serialisable heads by name."""

from collections.abc import Mapping
from typing import Any

from headstart.core import Head, LinearHead, Unknown

from .centroid_head import CentroidHead
from .neighbour_head import NeighbourHead
from .voting_head import VotingHead

HEADS: dict[str, type[Head]] = {
    kind.__name__: kind for kind in (LinearHead, CentroidHead, NeighbourHead, VotingHead)
}


def make_head(name: str, settings: Mapping[str, Any]) -> Head:
    """Build a head from `type(head).__name__` and `head.settings`; its tensors are loaded afterwards."""
    if name not in HEADS:
        raise Unknown("head", name, HEADS)
    return HEADS[name](**settings)
