"""Guides of the backbone's weights that a run is given."""

from typing import Any

from headstart.core import Guides
from headstart.core.guides import Use, open_guides
from headstart.data.dataset import Dataset

DOES: dict[Use, str] = {
    "update": "each weight takes the share of its updates that its guide says",
    "gradient": "each gradient is scaled by its guide, which under Adam does nothing but where a guide is 0",
    "anchor": "each weight is drawn back to its start, the more the smaller its guide",
}


def load_guides(given: Any, backbone: Any, data: Dataset) -> Guides | None:
    """The guides in a file or folder; None of none.

    Raises:
        Mismatch: they are of another backbone.
        BadInput: their scouts learned from rows of the data.
    """
    if given is None:
        return None
    guides = given if isinstance(given, Guides) else open_guides(given)
    guides.require_base(backbone)
    guides.require_unseen(data.name, data.digests)
    return guides


def about_guides(guides: Guides | None) -> list[str]:
    """What guides do to the weights, if there are any."""
    if guides is None:
        return []
    if guides.mean == 0 and guides.use == "update":
        return ["All guides are 0: the weights of the backbone stay as they are, and new layers alone learn."]
    return [
        f"Where a method trains the backbone, {DOES[guides.use]}; guides are {guides.mean:.2f} on average."
    ]
