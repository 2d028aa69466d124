"""Whether the caller's views are used, and what is doubtful about views."""

from typing import Any

from headstart.core import BadInput, Method, Seeded, SeededLabelled
from headstart.face import spell
from headstart.nn.views.callers import CallersViews
from headstart.nn.views.views import Views
from headstart.run.state import Run


def draws_views(method: Method[Any]) -> bool:
    """Whether a method makes views or masks of plain samples by itself."""
    return issubclass(method.about.needs, Seeded | SeededLabelled)


def require_view_use(method: Method[Any], views: object) -> None:
    """Raise if there are views of the caller's, and no stage of the method draws any.

    Raises:
        BadInput: so it is.
    """
    if views is not None and not any(map(draws_views, method.stages())):
        raise BadInput(_unused(method))


def require_views_used(method: Method[Any], run: Run[Any], views: object) -> None:
    """Raise if there are views of the caller's, and the run of a stage draws something else.

    Raises:
        BadInput: so it is.
    """
    used = any(isinstance(part, CallersViews) for part in run.parts.modules())
    if views is not None and draws_views(method) and not used:
        raise BadInput(_unused(method))


def _unused(method: Method[Any]) -> str:
    return (
        f"There are {spell('views')}, but {method.label} makes no random views. Leave them out, or take a "
        "method that compares views, such as simclr."
    )


def view_cautions(run: Run[Any]) -> list[str]:
    """What is doubtful about the views of a run, as sentences."""
    return [part.caution for part in run.parts.modules() if isinstance(part, Views) and part.caution]
