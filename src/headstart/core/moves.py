"""Moves: a method is a list of moves per step, which the training loop carries out.

`Descend` takes one gradient step on one loss. `Do` changes parts without a gradient.
One step of a run carries out every move once, in the order written.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, Literal

import torch
from torch import Tensor, nn

from .batches import B
from .errors import BadInput

Parts = nn.ModuleDict  # every tensor that outlives a step lives in here


@dataclass(frozen=True)
class Ctx:
    """Read-only view of the run that a move gets."""

    step: int  # steps already done
    progress: float  # step / steps, in [0, 1)
    gather: Callable[[Tensor], Tensor]  # rows of all processes in rank order, differentiable
    rank: int = 0  # of this process
    # by this `embed` computes, last of all, what needs no gradient: it is not computed again where rows are
    once: Callable[[Callable[[], Tensor]], Tensor] = lambda compute: compute()

    def own(self, rows: Tensor) -> slice:
        """Where this process's `rows` (n, ...) lie in `gather(rows)`."""
        counts: list[int] = self.gather(torch.tensor([len(rows)], device=rows.device)).tolist()
        first = sum(counts[: self.rank])
        return slice(first, first + len(rows))


@dataclass(frozen=True)
class Loss:
    """A loss and its terms; `total` is the mean over the rows of the batch."""

    total: Tensor  # ()
    terms: Mapping[str, Tensor]  # each (), for the log
    outputs: Tensor | None = None  # prediction of an online method for this batch

    @classmethod
    def sum(cls, outputs: Tensor | None = None, /, **terms: Tensor) -> "Loss":
        """The unweighted sum of named terms, each ()."""
        return cls(torch.stack(list(terms.values())).sum(), terms, outputs)


def everything(_name: str, _module: nn.Module) -> bool:
    """Select every parameter."""
    return True


def outside_batch_norms(_name: str, module: nn.Module) -> bool:
    """Whether a parameter is of another module than a batch normalisation."""
    return not isinstance(module, nn.modules.batchnorm._BatchNorm)


def members_of(part: nn.Module, blocks: slice | None) -> list[str]:
    """Names of the modules of a part that are some of its blocks: blocks and the norms that belong to them.

    Args:
        part: a backbone, or any module.
        blocks: which; None: the part itself, "".
    """
    if blocks is None:
        return [""]
    names: tuple[str, ...] = getattr(part, "blocks", ())
    members: Mapping[str, tuple[str, ...]] = getattr(part, "members", {})
    return [member for name in names[blocks] for member in members.get(name, (name,))]


@dataclass(frozen=True)
class On:
    """The parameters of one part that a move may change, and their optimisation settings.

    Attributes:
        part: the name of the part.
        keep: whether a parameter learns, by its name in the part and the module that owns it; also
            called for the buffers of modules without parameters.
        blocks: of a backbone, only what is in these of its blocks, such as slice(-2, None).
        lr: factor on the recipe's learning rate, >= 0.
        weight_decay: of these parameters; None takes the recipe's.
        since: the progress in [0, 1) from which they learn; before it they are frozen.
        decay: factor on `lr` from one block to the one below it, > 0: the last block has `lr`, the one
            below it `lr * decay`, and so on (arXiv:1801.06146).
        spread: progress over which the blocks begin, from the last one at `since` down to the first
            one at `since + spread`, which is < 1, at equal distances.
        statistics: running statistics of the part's batch normalisations: "follow" updates them where
            something in them learns, "frozen" keeps them although their weights may learn.
        chosen: function of the parts that gives the index of the one backbone block that learns now;
            while it is None, all that is selected gets gradients, and the part is in evaluation mode.
    """

    part: str
    keep: Callable[[str, nn.Module], bool] = everything
    blocks: slice | None = None
    lr: float = 1.0
    weight_decay: float | None = None
    since: float = 0.0
    decay: float = 1.0
    spread: float = 0.0
    statistics: Literal["follow", "frozen"] = "follow"
    chosen: Callable[[Parts], int | None] | None = None

    def __call__(self, parts: Parts) -> list[nn.Parameter]:
        """The selected parameters, in the order of the modules, without the part's `frozen_parameters`."""
        part = parts[self.part]
        frozen: frozenset[str] = getattr(part, "frozen_parameters", frozenset())
        return [
            parameter
            for root in members_of(part, self.blocks)
            for path, module in part.get_submodule(root).named_modules(prefix=root)
            for name, parameter in module.named_parameters(recurse=False)
            if self.keep(full := f"{path}.{name}" if path else name, module) and full not in frozen
        ]

    def split(self, parts: Parts, mine: list[nn.Parameter]) -> "list[tuple[On, list[nn.Parameter]]]":
        """`mine`, and where blocks differ in rate or start a group for each, the last block first.

        Blocks in which none of `mine` is do not count. What is in no block goes with the block that is
        defined before it, and with the first block if there is none, such as a position embedding.
        """
        if self.decay == 1 and not self.spread:
            return [(self, mine)]
        ids, levels = set(map(id, mine)), dict[int, list[nn.Parameter]]()
        for depth, parameter in _by_block(parts[self.part]):
            if id(parameter) in ids:
                ids.remove(id(parameter))
                levels.setdefault(depth, []).append(parameter)
        below = max(len(levels) - 1, 1)
        return [
            (
                replace(
                    self,
                    lr=self.lr * self.decay**depth,
                    since=self.since + self.spread * depth / below,
                    decay=1.0,
                    spread=0.0,
                ),
                levels[block],
            )
            for depth, block in enumerate(sorted(levels, reverse=True))
        ]


def _by_block(part: nn.Module) -> Iterator[tuple[int, nn.Parameter]]:
    """The parameters in the order of the modules, each with the number of the block it goes with."""
    blocks: tuple[str, ...] = getattr(part, "blocks", ())
    numbers = {
        module: number
        for number in range(len(blocks))
        for root in members_of(part, slice(number, number + 1))
        for module in part.get_submodule(root).modules()
    }
    last = 0
    for module in part.modules():
        last = numbers.get(module, last)
        for parameter in module.parameters(recurse=False):
            yield last, parameter


@dataclass(frozen=True)
class Descend(Generic[B]):
    """One gradient step of one loss on named parameters.

    A parameter that several `on` select belongs to the first of them, by identity. Moves on the same
    parameters name the optimiser that they share: a parameter has one state, such as Adam's moments, or each
    move would be normalised by its own small gradients.

    A loss that compares rows says by `embed` what it compares: tensors (n, ...) for n rows, each row by
    itself. The loss is then called with an `Embedded` in place of the batch. So a batch may be computed in
    parts: the gradient is that of the whole batch, as with a gradient cache (arXiv:2101.06983).
    """

    loss: Callable[[Parts, B, Ctx], Loss]
    on: tuple[On, ...]
    name: str = "main"  # of the log entries
    optimiser: str = ""  # name of the optimiser, shared by all moves that give it; "": the move's own
    gradient: Callable[[Parts, list[nn.Parameter]], None] | None = None  # edits .grad in place
    embed: Callable[[Parts, Any, Ctx], tuple[Tensor, ...]] | None = None  # what the loss compares

    def groups(self, parts: Parts) -> list[tuple[On, list[nn.Parameter]]]:
        """Each `On`, split where its blocks differ, with its parameters; no parameter is in two groups."""
        taken: set[int] = set()
        groups: list[tuple[On, list[nn.Parameter]]] = []
        for on in self.on:
            mine = list(dict.fromkeys(p for p in on(parts) if id(p) not in taken))
            taken.update(map(id, mine))
            groups += on.split(parts, mine)
        return groups

    def parameters(self, parts: Parts) -> list[nn.Parameter]:
        """All parameters that this move may ever change."""
        return [parameter for _, group in self.groups(parts) for parameter in group]


@dataclass(frozen=True)
class Do(Generic[B]):
    """An update of the parts without a gradient.

    The result of `update`, if any, is an online method's prediction for the batch.
    """

    update: Callable[[Parts, B, Ctx], Tensor | None]
    changes: tuple[str, ...] = ()  # the parts that it writes to
    train: tuple[str, ...] = ()  # parts in training mode during the update; the rest are in evaluation mode


Move = Descend[B] | Do[B]


def require_two_rows(name: str, moves: Iterable[Move[Any]], rows: int) -> None:
    """Raise `BadInput` if a method compares the rows of a batch, and a batch has less than two."""
    if rows < 2 and any(isinstance(move, Descend) and move.embed is not None for move in moves):
        raise BadInput(f"{name} compares the rows of a batch, and a batch has {rows}. Take two or more.")
