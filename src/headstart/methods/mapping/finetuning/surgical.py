from dataclasses import dataclass, replace
from typing import Any, Literal, final

import torch
from torch import Tensor, nn

from headstart.core import About, Backbone, BadInput, Ctx, Descend, Do, Labelled, Loss, Model, On, Parts, Task
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts, tuning_loss


class Choice(nn.Module):
    """What was seen of each block, and the one that was chosen."""

    ratios: Tensor  # (blocks,) sums over the steps of the look
    block: Tensor  # () number of the chosen one, -1 as long as none is

    def __init__(self, blocks: int) -> None:
        super().__init__()
        self.register_buffer("ratios", torch.zeros(blocks))
        self.register_buffer("block", torch.tensor(-1))


@final
@dataclass(frozen=True, kw_only=True)
class Surgical(TuningSettings[Labelled]):
    """Fine-tune one block and the head: the block that the change of the data asks for.

    With block="auto" the head learns alone during a look, in which each block's relative gradient
    norms ||g|| / ||w|| are summed up; then the block with the largest sum learns too.

    Attributes:
        block: which of the backbone's blocks learns, from 0, or from the end if negative; "auto"
            chooses one.
        look: progress in (0, 1) at which "auto" chooses.
        last: among how many of the last blocks "auto" chooses; None: all.
    """

    about = About(
        "surgical",
        "start",
        "mapping",
        Labelled,
        "arXiv:2210.11466",
        selects_parameters=True,
        display_name="Surgical fine-tuning",
    )
    block: int | Literal["auto"] = "auto"
    look: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("block", self.block == "auto" or isinstance(self.block, int), "a number, or 'auto'")
        self.check("look", 0 < self.look < 1, "in (0, 1)")
        self.check("last", self.last is None or self.block == "auto", "None if the block is given")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The choice too, if there is one to make."""
        parts = tuned_parts(self, backbone, task)
        if self.block != "auto":
            return parts
        if not self._on_backbone()(parts):
            raise BadInput("surgical: the backbone has no block in which something learns; take fine-tune.")
        return Parts({**parts, "choice": Choice(len(backbone.blocks))})

    def moves(self) -> tuple[Any, ...]:
        """One descent on the head and a block; before it the choice, if there is one to make."""
        on = (tuned_on(self)[0], self._on_backbone())
        if self.block != "auto":
            return (Descend(self.loss, on),)
        return (Do(self.choose, changes=("choice",)), Descend(self.loss, on, gradient=self.measure))

    def choose(self, parts: Parts, _batch: Labelled, ctx: Ctx) -> None:
        """When the look is over: the block with the largest relative gradients."""
        choice = _choice(parts)
        if choice.block < 0 and ctx.progress >= self.look:
            choice.block.copy_(choice.ratios.argmax())

    def measure(self, parts: Parts, _learning: list[nn.Parameter]) -> None:
        """Sum up what the look sees, and take the gradients away, so that no optimiser sees them."""
        choice = _choice(parts)
        if choice.block >= 0:
            return
        for number in range(len(choice.ratios)):
            mine = [p for p in self._on_block(number)(parts) if p.grad is not None]
            size, slope = (_norm(mine), _norm([p.grad for p in mine])) if mine else (0.0, 0.0)
            choice.ratios[number] += slope / size if size else 0.0
        for parameter in parts["backbone"].parameters():
            parameter.grad = None

    def loss(self, parts: Parts, batch: Labelled, ctx: Ctx) -> Loss:
        """The label loss."""
        return tuning_loss(parts, batch, self.smoothing)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)

    def _on_backbone(self) -> On:
        """The block, or all blocks that it is chosen from."""
        if self.block == "auto":
            among = slice(-self.last if self.last else None, None)
            return replace(tuned_on(self)[1], blocks=among, chosen=_chosen)
        return self._on_block(self.block)

    def _on_block(self, block: int) -> On:
        return replace(tuned_on(self)[1], blocks=slice(block, block + 1 or None))


def _chosen(parts: Parts) -> int | None:
    """The number of the block; None as long as there is none."""
    found = int(_choice(parts).block)
    return found if found >= 0 else None


def _choice(parts: Parts) -> Choice:
    choice = parts["choice"]
    assert isinstance(choice, Choice)
    return choice


def _norm(tensors: list[Any]) -> float:
    return nn.utils.get_total_norm([tensor.detach().float() for tensor in tensors]).item()
