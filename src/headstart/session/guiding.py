"""Guides of the backbone's weights in a fit: for which stages, and what is said of them."""

from typing import Any

from headstart.core import Guides, Method
from headstart.session.fitted import Fitted
from headstart.session.session_data import SessionData


def require_guides(session: SessionData) -> None:
    """Raise `Mismatch` unless the guides, if there are any, are of the session's backbone."""
    if session.guides is not None:
        session.guides.require_base(session.backbone)


def guides_of(session: SessionData, method: Method[Any]) -> Guides | None:
    """The guides for a stage; None for one that descends nothing."""
    return None if method.about.closed_form else session.guides


def about_guides(session: SessionData, method: Method[Any], fitted: Fitted) -> list[str]:
    """That guides change nothing, if they do not."""
    if session.guides is None or fitted.run.guided:
        return []
    if method.about.transfers == "nothing":
        return [f"{method.about.title}: it begins with weights of its own, which have no guides."]
    said = "the guides change nothing, as none of the weights that have guides below 1 is trained"
    return [f"{method.about.title}: {said}."]
