"""Rows of a table as features: standardised, one feature for each category, and for what is missing."""

import copy
from collections.abc import Mapping
from typing import Any, Self

import torch
from torch import Tensor, nn

from headstart.core import BadInput
from headstart.core.schema import Schema
from headstart.nn.columns import Encode

from .anatomy import Anatomy
from .layout import Layout, Tap
from .untrained import reset, seeded
from .wrapped import AnyBackbone

_AXES = Layout(0, 1)


class Residual(nn.Module):
    """x + what two layers make of it (arXiv:2106.11959), which is nothing at first."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, hidden)
        self.down = nn.Linear(hidden, width)
        with torch.no_grad():
            self.down.weight.zero_()
            self.down.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        """(n, width) to (n, width)."""
        found: Tensor = x + self.down(torch.relu(self.up(self.norm(x))))
        return found


class TableEncoder(AnyBackbone):
    """A backbone for the rows of tables: x (n, columns), as `headstart.data` encodes them, to features.

    What it knows is the scale of each column. With `hidden` units there is one block of two layers, which
    leaves the features as they are until it is tuned; trained from scratch it starts at random.

    Attributes:
        schema: the columns, as the training rows had them.
        provisional: whether it was made by all rows of some data; a study makes it again by the training
            part alone.
    """

    def __init__(self, schema: Schema, hidden: int = 64) -> None:
        """Make it for the columns of `schema`; `hidden` = 0 leaves nothing that can be tuned.

        Raises:
            BadInput: `hidden` is negative, or no column gives a feature.
        """
        encode = Encode(schema)
        if hidden < 0 or encode.width == 0:
            what = f"hidden is {hidden}, it must be >= 0" if hidden < 0 else "no column gives a feature"
            raise BadInput(f"TableEncoder: {what}.")
        inner = nn.Sequential()
        inner.add_module("encode", encode)
        if hidden:
            with seeded(0):
                inner.add_module("block", Residual(encode.width, hidden))
        blocks = ("block",) if hidden else ()
        parts = Anatomy(
            order=tuple(f"block.{name}" for name in ("norm", "up", "down") if hidden),
            head=None,
            width=encode.width,
            blocks=blocks,
            unused=(),
            shared=(),
            outside=(),
            taps={block: Tap(block, _AXES) for block in blocks},
            output=_AXES,
        )
        source = {"kind": "table", "name": "table", "schema": schema.settings(), "hidden": hidden}
        super().__init__(inner.eval(), parts, "table", source, None, _example(schema))
        self.schema = schema
        self.provisional = False

    @property
    def reader(self) -> Schema:
        """The columns, by which rows are encoded."""
        return self.schema

    @classmethod
    def rebuilt(cls, source: Mapping[str, Any]) -> "TableEncoder":
        """The same encoder of its `source`, also after a trip through JSON."""
        return cls(Schema.from_settings(source["schema"]), int(source["hidden"]))

    def untrained(self, seed: int) -> Self:
        """The same columns, with random weights in the block."""
        fresh = copy.deepcopy(self)
        for block in fresh.blocks:
            reset(fresh.get_submodule(block), seed)
        return fresh


def _example(schema: Schema) -> Tensor:
    """Two rows of medians and first categories."""
    return torch.tensor([[column.median for column in schema.columns]] * 2, dtype=torch.float32)
