import copy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, final

from headstart.core import About, Backbone, Ctx, Descend, Labelled, Loss, Model, Parts, Task
from headstart.methods.mapping.finetuning._mix import mixed
from headstart.methods.mapping.finetuning._probed import Probed


@final
@dataclass(frozen=True, kw_only=True)
class Soup(Probed):
    """Tune several times from one start, each at another rate, and ship the average of the weights.

    Attributes:
        members: how many are tuned, >= 1.
        ratio: of the learning rates of one member and the one before, >= 1; the middle one has the
            recipe's.
    """

    about = About("soup", "start", "mapping", Labelled, "arXiv:2203.05482", spelled="Model soup")
    members: int = 3
    ratio: float = 3.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("members", self.members >= 1, ">= 1")
        self.check("ratio", self.ratio >= 1, ">= 1")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """A backbone and a head for each member, equal in the beginning."""
        one = super().parts(backbone, task)
        return Parts(
            {f"{name}{n}": copy.deepcopy(part) for n in range(self.members) for name, part in one.items()}
        )

    def moves(self) -> tuple[Any, ...]:
        """A descent for each member."""
        return tuple(self._descent(n) for n in range(self.members))

    def predictor(self, parts: Parts) -> Model:
        """The mean of the members, tensor by tensor."""
        mean = super().predictor(_member(0, parts))
        for n in range(1, self.members):
            mean = mixed(mean, super().predictor(_member(n, parts)), 1 / (n + 1))
        return mean

    def _descent(self, n: int) -> Descend[Labelled]:
        rate = self.ratio ** (n - (self.members - 1) / 2)
        both = (self.on_head(), self.on_backbone())
        on = tuple(replace(each, part=f"{each.part}{n}", lr=each.lr * rate) for each in both)
        return Descend(partial(self._loss, n), on, name=f"member{n}")

    def _loss(self, n: int, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        return super().loss(_member(n, parts), batch, ctx)


def _member(n: int, parts: Parts) -> Parts:
    """One member's parts by their plain names."""
    return Parts({name: parts[f"{name}{n}"] for name in ("backbone", "head")})
