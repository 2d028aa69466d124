"""Training a few kinds of parameters of the backbone, and the head."""

from typing import Any

from headstart.core import Backbone, BadInput, Parts, Task
from headstart.methods.tuning import Keep, TuningSettings, selected_on, tuned_parts


def selected_parts(settings: TuningSettings[Any], backbone: Backbone, task: Task, keep: Keep) -> Parts:
    """The backbone and a linear head.

    Raises:
        BadInput: `keep` selects no parameter of the backbone.
    """
    parts, last = tuned_parts(settings, backbone, task), settings.last
    if not selected_on(settings, keep)[1](parts):
        where = "" if last is None else f" in the last {last} of its {len(backbone.blocks)} blocks"
        raise BadInput(
            f"{settings.about.name}: the backbone has no parameter of the kind that learns{where}. "
            f"Take a way that trains others, such as fine-tune:last=1."
        )
    return parts
