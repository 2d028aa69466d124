"""Whether the caller's views are used, and what is doubtful about views."""

from typing import Any

from headstart.core import BadInput, Method, Seeded, SeededLabelled
from headstart.face import spell
from headstart.methods.mapping.pretraining._views import ViewSettings
from headstart.nn.views.views import Views
from headstart.run.state import Run


def draws_views(method: Method[Any]) -> bool:
    """Whether a method makes views or masks of plain samples by itself."""
    return issubclass(method.about.needs, Seeded | SeededLabelled)


def require_view_use(method: Method[Any], views: object) -> None:
    """Raise if there are views of the caller's, and no stage of the method compares views.

    Raises:
        BadInput: so it is.
    """
    if views is not None and not any(isinstance(stage, ViewSettings) for stage in method.stages()):
        raise BadInput(
            f"There are {spell('views')}, but {method.about.name} makes no random views. Leave them out, "
            "or take a method that compares views, such as simclr."
        )


def view_cautions(run: Run[Any]) -> list[str]:
    """What is doubtful about the views of a run, as sentences."""
    return [part.caution for part in run.parts.modules() if isinstance(part, Views) and part.caution]
