import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, final

import torch
from torch import Tensor, nn

from headstart.core import About, Backbone, Ctx, Descend, Labelled, Loss, Model, Parts, Task
from headstart.methods.tuning import tuned_on, tuned_parts, tuning_loss

from ._interpolation import interpolate
from ._probed import ProbedSettings


@final
@dataclass(frozen=True, kw_only=True)
class Soup(ProbedSettings):
    """Fine-tune several times from one start at different learning rates, and average the weights.

    Attributes:
        members: how many are tuned, >= 1.
        ratio: of the learning rates of one member and the one before, >= 1; the middle one has the
            recipe's.
        validation: share of the rows that no member learns from and that choose the members, in [0, 1): the
            greedy soup; 0 averages all members.
    """

    about = About("soup", "start", "mapping", Labelled, "arXiv:2203.05482", display_name="Model soup")
    members: int = 3
    ratio: float = 3.0
    validation: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("members", self.members >= 1, ">= 1")
        self.check("ratio", self.ratio >= 1, ">= 1")
        self.check("validation", 0 <= self.validation < 1, "in [0, 1)")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """A backbone and a head for each member, equal in the beginning."""
        one = tuned_parts(self, backbone, task)
        all_of_them: dict[str, nn.Module] = {
            f"{name}{n}": copy.deepcopy(part) for n in range(self.members) for name, part in one.items()
        }
        return Parts(all_of_them | ({"kept": Kept(self.members)} if self.validation else {}))

    def moves(self) -> tuple[Any, ...]:
        """A descent for each member."""
        return tuple(self._descent(n) for n in range(self.members))

    def holdout_fraction(self) -> float:
        """The setting `validation`."""
        return self.validation

    def select_on_holdout(self, parts: Parts, score: Callable[[Model], float]) -> str:
        """Select the best member, then each that makes the average no worse, the better first.

        Of equals, the one whose rate is nearest to the recipe's comes first.
        """
        middle = (self.members - 1) / 2
        alone = [score(self._mean([n], parts)) for n in range(self.members)]
        order = sorted(range(self.members), key=lambda n: (-alone[n], abs(n - middle), n))
        kept, best = order[:1], alone[order[0]]
        for n in order[1:]:
            found = score(self._mean([*kept, n], parts))
            if found >= best:
                kept, best = [*kept, n], found
        flags = _flags(parts)
        flags.zero_()
        flags[kept] = True
        return f"{len(kept)} of {self.members} members are in the average."

    def loss(self, n: int, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """The label loss of member `n`."""
        return tuning_loss(_member(n, parts), batch, self.smoothing)

    def predictor(self, parts: Parts) -> Model:
        """The mean of the members that are kept, tensor by tensor."""
        return self._mean(
            _flags(parts).nonzero().flatten().tolist() if self.validation else range(self.members), parts
        )

    def _mean(self, members: Sequence[int], parts: Parts) -> Model:
        """The mean of some members; they are added up in their order."""
        first, *others = sorted(members)
        mean = Model.of(_member(first, parts))
        for count, n in enumerate(others, 2):
            mean = interpolate(mean, Model.of(_member(n, parts)), 1 / count)
        return mean

    def _descent(self, n: int) -> Descend[Labelled]:
        rate = self.ratio ** (n - (self.members - 1) / 2)
        on = tuple(replace(each, part=f"{each.part}{n}", lr=each.lr * rate) for each in tuned_on(self))
        return Descend(partial(self.loss, n), on, name=f"member{n}")


class Kept(nn.Module):
    """Which members are in the average: all, until they are chosen."""

    flags: Tensor  # (members,) bool

    def __init__(self, members: int) -> None:
        super().__init__()
        self.register_buffer("flags", torch.ones(members, dtype=torch.bool))


def _flags(parts: Parts) -> Tensor:
    found: Tensor = parts.get_buffer("kept.flags")
    return found


def _member(n: int, parts: Parts) -> Parts:
    """One member's parts by their plain names."""
    return Parts({name: parts[f"{name}{n}"] for name in ("backbone", "head")})
