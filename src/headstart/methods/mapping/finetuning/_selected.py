"""Training a few kinds of parameters of the backbone, and the head."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from torch import nn

from headstart.core import Backbone, BadInput, On, Parts, Task
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts

Keep = Callable[[str, nn.Module], bool]  # whether a parameter is trained, by its name and its module


def selected_on(settings: TuningSettings[Any], keep: Keep) -> tuple[On, On]:
    """The head, and the parameters of the backbone that `keep` selects.

    With norm="frozen" only the statistics of batch normalisations are frozen: their weights may learn.
    """
    head, backbone = tuned_on(settings)
    return head, replace(backbone, keep=keep, statistics="frozen" if settings.norm == "frozen" else "follow")


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
