from dataclasses import dataclass
from typing import final

from headstart.core import About, Backbone, Ctx, Descend, Grouped, Loss, Model, Parts, Task
from headstart.methods.tuning import TuningSettings, tuned_on

from ._groups import group_weighted_loss, grouped_parts


@final
@dataclass(frozen=True, kw_only=True)
class GroupBalanced(TuningSettings[Grouped]):
    """Fine-tune with every group counting the same, however few rows it has.

    A group is a class with a value of the data's attribute, such as cows on sand; of data without
    attributes it is a class.
    """

    about = About(
        "group-balanced",
        "start",
        "mapping",
        Grouped,
        "arXiv:2110.14503",
        label_kinds=("classes",),
        display_name="Group-balanced fine-tuning",
    )

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The backbone, a linear head and the groups."""
        return grouped_parts(self, backbone, task)

    def moves(self) -> tuple[Descend[Grouped]]:
        """One descent on backbone and head."""
        return (Descend(self.loss, on=tuned_on(self)),)

    def loss(self, parts: Parts, batch: Grouped, ctx: Ctx) -> Loss:
        """The label loss, each row weighted by its group."""
        return group_weighted_loss(self, parts, batch)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)
