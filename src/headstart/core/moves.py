"""A method is a short programme of moves, and the loop is its only interpreter.

`Descend` takes one gradient step on one loss. `Do` changes parts without a gradient.
One step of a run carries out every move once, in the order written.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic

import torch
from torch import Tensor, nn

from .batches import B

Parts = nn.ModuleDict  # every tensor that outlives a step lives in here


@dataclass(frozen=True)
class Ctx:
    """What a move may know of the run; nothing here can be written to."""

    step: int  # steps already done
    progress: float  # step / steps, in [0, 1)
    gather: Callable[[Tensor], Tensor]  # rows of all processes in rank order, differentiable


@dataclass(frozen=True)
class Loss:
    """A loss and its terms; `total` is the mean over the rows of the batch."""

    total: Tensor  # ()
    terms: Mapping[str, Tensor]  # each (), for the log
    outputs: Tensor | None = None  # what an online method predicted for this batch

    @classmethod
    def sum(cls, outputs: Tensor | None = None, /, **terms: Tensor) -> "Loss":
        """The plain sum of named terms, each ()."""
        return cls(torch.stack(list(terms.values())).sum(), terms, outputs)


def everything(_name: str, _module: nn.Module) -> bool:
    """Keep every parameter."""
    return True


@dataclass(frozen=True)
class On:
    """The parameters of one part that a move may change, and how they learn.

    Attributes:
        part: the name of the part.
        keep: whether a parameter learns, told its name in the part and the module that owns it.
        blocks: of a backbone, only what is in these of its blocks, such as slice(-2, None).
        lr: factor on the recipe's learning rate, >= 0.
        weight_decay: of these parameters; None takes the recipe's.
        since: the progress in [0, 1) from which they learn; before it they are frozen.
    """

    part: str
    keep: Callable[[str, nn.Module], bool] = everything
    blocks: slice | None = None
    lr: float = 1.0
    weight_decay: float | None = None
    since: float = 0.0

    def __call__(self, parts: Parts) -> list[nn.Parameter]:
        """The selected parameters, in the order of the modules."""
        part = parts[self.part]
        names: list[str] = [""] if self.blocks is None else list(getattr(part, "blocks", ())[self.blocks])
        return [
            parameter
            for root in names
            for path, module in part.get_submodule(root).named_modules(prefix=root)
            for name, parameter in module.named_parameters(recurse=False)
            if self.keep(f"{path}.{name}" if path else name, module)
        ]


@dataclass(frozen=True)
class Descend(Generic[B]):
    """One gradient step of one loss on named parameters.

    A parameter that several `on` select belongs to the first of them, found by identity.
    """

    loss: Callable[[Parts, B, Ctx], Loss]
    on: tuple[On, ...]
    name: str = "main"  # names the optimiser and the log entries
    gradient: Callable[[Parts, list[nn.Parameter]], None] | None = None  # edits .grad in place

    def groups(self, parts: Parts) -> list[tuple[On, list[nn.Parameter]]]:
        """Each `On` with the parameters that belong to it; none is in two groups."""
        taken: set[int] = set()
        groups = []
        for on in self.on:
            mine = list(dict.fromkeys(p for p in on(parts) if id(p) not in taken))
            taken.update(map(id, mine))
            groups.append((on, mine))
        return groups

    def parameters(self, parts: Parts) -> list[nn.Parameter]:
        """All parameters that this move may ever change."""
        return [parameter for _, group in self.groups(parts) for parameter in group]


@dataclass(frozen=True)
class Do(Generic[B]):
    """A change of parts without a gradient."""

    update: Callable[[Parts, B, Ctx], None]
    changes: tuple[str, ...] = ()  # the parts that it writes to
    train: tuple[str, ...] = ()  # parts in training mode meanwhile; the rest are in evaluation mode


Move = Descend[B] | Do[B]
