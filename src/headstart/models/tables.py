"""Rows of a table as features: standardised, one feature for each category, and for what is missing."""

import copy
from collections.abc import Mapping
from typing import Any, Self

import torch
from torch import Tensor, nn

from headstart.core import BadInput
from headstart.core.schema import Schema

from .anatomy import Anatomy
from .layout import Layout, Tap
from .untrained import reset, seeded
from .wrapped import AnyBackbone

TOTAL = 1e4  # to which each row of counts is brought
_AXES = Layout(0, 1)


class Encode(nn.Module):
    """Numbers and codes (n, columns) to features (n, width), by what training rows had; nothing is learned.

    The features are the standardised numbers, then a 0 or 1 for each category of each column and
    one for all other categories, then a 1 for what is missing in the columns where training rows had that
    too. A missing number counts as the median of its column. Raw counts are brought to a total of 10,000 a
    row and x becomes log(1 + x), before they are standardised.
    """

    median: Tensor
    mean: Tensor
    deviation: Tensor
    numbers: Tensor
    shown: Tensor
    slots: Tensor
    codes: Tensor
    gaps: Tensor

    def __init__(self, schema: Schema) -> None:
        super().__init__()
        columns = schema.columns
        self.counts = schema.counts
        numeric = [place for place, one in enumerate(columns) if one.kind == "numeric"]
        shown = [place for place, number in enumerate(numeric) if columns[number].deviation > 0]
        codes = [
            (place, code)
            for place, one in enumerate(columns)
            if one.kind == "categorical"
            for code in range(len(one.categories) + 1)
        ]
        gaps = [place for place, one in enumerate(columns) if one.missing]
        self.width = len(shown) + len(codes) + len(gaps)
        self._whole("numbers", numeric)
        self._whole("shown", shown)
        self._whole("slots", [place for place, _ in codes])
        self._whole("codes", [code for _, code in codes])
        self._whole("gaps", gaps)
        for name in ("mean", "deviation"):
            values = [getattr(columns[numeric[place]], name) for place in shown]
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32))
        medians = [columns[place].median for place in numeric]
        self.register_buffer("median", torch.tensor(medians, dtype=torch.float32))

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, width) of x (n, columns); NaN: nothing there."""
        missing = x.isnan()
        numbers = x[:, self.numbers].float()
        numbers = torch.where(missing[:, self.numbers], self.median, numbers)
        if self.counts:
            totals = numbers.sum(1, keepdim=True)
            numbers = torch.log1p(numbers * (TOTAL / torch.where(totals > 0, totals, 1.0)))
        standard = (numbers[:, self.shown] - self.mean) / self.deviation
        named = (x[:, self.slots] == self.codes).to(standard.dtype)
        return torch.cat([standard, named, missing[:, self.gaps].to(standard.dtype)], dim=1)

    def _whole(self, name: str, values: list[int]) -> None:
        self.register_buffer(name, torch.tensor(values, dtype=torch.int64), persistent=False)


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
