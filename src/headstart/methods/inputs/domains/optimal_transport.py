from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from headstart.core import About, Backbone, BadInput, Domains, Parts, Task
from headstart.methods.outputs.probing.linear_probe import select_penalty
from headstart.solvers.class_transport import class_transport
from headstart.solvers.penalty_selection import spread
from headstart.solvers.transport import barycentric_map, squared_distances

from ._mapping import FeatureMapping, domain_banks

TOLERANCE = 1e-3  # shares of the mass


@final
@dataclass(frozen=True, kw_only=True)
class OptimalTransport(FeatureMapping):
    """Move the source's frozen features onto the target's by the cheapest plan, then fit a linear probe.

    Each source row goes to the mean of the target rows that an entropic plan sends it to.

    Attributes:
        epsilon: of the plan's entropy, in units of the mean squared distance of the domains, > 0: the
            smaller, the nearer to the exact plan and the slower.
        classes: price of target rows that several classes are sent to, in the same units, >= 0; 0: none.
        most: rows of each domain that the plan is made for, >= 2; of more, every so-many-th is taken, and
            other source rows go with the nearest of those.
    """

    about = About(
        "optimal-transport",
        "mapping",
        "inputs",
        Domains,
        "arXiv:1507.00504",
        closed_form=True,
    )
    epsilon: float = 0.05
    classes: float = 0.0
    most: int = 1000

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("epsilon", 0 < self.epsilon < float("inf"), "> 0")
        self.check("classes", 0 <= self.classes < float("inf"), ">= 0")
        self.check("most", self.most >= 2, ">= 2")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The frozen backbone, and banks of features.

        Raises:
            BadInput: classes are to be kept apart and the labels are of another kind.
        """
        if self.classes and task.kind != "classes":
            raise BadInput(
                f"optimal-transport: classes is {self.classes:g}, which keeps classes apart; {task.kind} "
                "have none."
            )
        return domain_banks(backbone, task)

    def find_penalty(self, source: Tensor, moved: Tensor, labels: Tensor, outputs: int) -> float | None:
        """Selected on the source's rows where they were, in units of how far rows are spread.

        A plan brings rows of a class together, so on moved rows the weakest penalty looks best; and all of
        them nearer to each other, where a penalty weighs more.
        """
        if not self.weight:
            return None
        return select_penalty(source, labels, outputs) * spread(moved) / spread(source)

    def move(self, source: Tensor, labels: Tensor, target: Tensor) -> Tensor:
        """Onto the barycentres of the plan."""
        few, onto = source[spaced(len(source), self.most)], target[spaced(len(target), self.most)]
        cost = squared_distances(few, onto)
        unit = float(cost.mean()) or 1.0
        groups = (
            labels[spaced(len(source), self.most)]
            if self.classes
            else torch.zeros(len(few), dtype=torch.int64, device=few.device)
        )
        plan = class_transport(
            cost, groups, self.epsilon * unit, self.classes * unit, tolerance=TOLERANCE
        ).plan
        moved = barycentric_map(plan, onto)
        if len(few) == len(source):
            return moved
        nearest = torch.cdist(source, few).argmin(1)
        return source + (moved - few)[nearest]


def spaced(rows: int, most: int) -> Tensor:
    """At most `most` of the numbers of `rows` rows, evenly spaced."""
    return torch.linspace(0, rows - 1, min(rows, most)).round().long()
