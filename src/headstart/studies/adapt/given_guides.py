"""Guides of the backbone's weights that a run is given."""

from typing import Any

from headstart.core import Guides
from headstart.core.guides import open_guides


def load_guides(given: Any, backbone: Any) -> Guides | None:
    """The guides in a file or folder, which must be of the backbone; None of none."""
    if given is None:
        return None
    guides = given if isinstance(given, Guides) else open_guides(given)
    guides.require_base(backbone)
    return guides


def about_guides(guides: Guides | None) -> list[str]:
    """That weights take a share of their updates alone, if they do."""
    if guides is None:
        return []
    share = f"the share of its updates that its guide says, {guides.mean:.2f} on average"
    return [f"Where a method trains the backbone, each weight takes {share}."]
