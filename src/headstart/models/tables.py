"""Backbone for table rows: standardised numbers, one-hot categories, missing indicators."""

import copy
from collections.abc import Mapping
from typing import Any, NoReturn, Self

import torch
from torch import Tensor, nn

from headstart.core import BadInput
from headstart.core.schema import Schema
from headstart.face import spell
from headstart.nn.columns import Encode
from headstart.nn.texts_beside import EncodeBeside

from .anatomy import Anatomy
from .layout import Layout, Tap
from .untrained import reset, seeded
from .wrapped import AnyBackbone

_AXES = Layout(0, 1)
SIZES = {"table": (64, 0), "table-mlp": (256, 128)}  # hidden units and width of a backbone by its name
SHOWN = 4  # columns that a message names
TABLE, MLP = "table", "table-mlp"  # names of the backbones that are made for a table
BESIDE = "+table"  # after the name of the backbone that reads the texts of a table


def without_table(name: str) -> str:
    """The name of a backbone that is one by itself.

    Raises:
        BadInput: it is made for the columns of a table.
    """
    if name in SIZES or name.endswith(BESIDE):
        raise BadInput(
            f"The backbone {name!r} is made for the columns of a table, so it is none by itself. Give its "
            f"name and the table together, as in hs.fit(method, {name!r}, table)."
        )
    return name


class Residual(nn.Module):
    """Residual block, x + two layers of it (arXiv:2106.11959), initially the identity."""

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
    """A backbone for table rows: x (n, columns), as encoded by `headstart.data`, to features.

    It is fitted only to the scale of each column. Texts beside the columns are read by a backbone of texts,
    whose features are concatenated with theirs. With `hidden` units there is one block of two layers, which
    is the identity until it is fine-tuned; trained from scratch it starts at random. With a `width` a linear
    layer, which starts at random, maps the columns to so many features first, and there are two such blocks:
    then what is learned, as by pre-training, is not beside the columns but in their place.

    Attributes:
        schema: the columns of the training rows.
        texts: the backbone that reads the texts; None if there is none.
        provisional: whether it was fitted to all rows of some data; a study refits it to the training
            part only.
    """

    def __init__(
        self, schema: Schema, hidden: int = 64, texts: AnyBackbone | None = None, width: int = 0
    ) -> None:
        """Build it for the columns of `schema`; with `hidden` = 0 there is nothing to train but the `texts`.

        `schema.tokens` are those of `texts`. With `width` = 0 the features are the columns.

        Raises:
            BadInput: `hidden` or `width` is negative, there is a width without hidden units, or no column
                gives a feature.
        """
        encode = Encode(schema) if texts is None else EncodeBeside(schema, texts, texts.width)
        _check(hidden, width, encode.width)
        inner = nn.Sequential()
        inner.add_module("encode", encode)
        with seeded(0):
            layers = _layers(encode.width, hidden, width)
        for block, layer in layers.items():
            inner.add_module(block, layer)
        blocks = tuple(layers)
        parts = Anatomy(
            order=tuple(
                f"{block}.{name}".rstrip(".")
                for block, layer in layers.items()
                for name, one in layer.named_modules()
                if isinstance(one, nn.Linear | nn.LayerNorm)
            ),
            head=None,
            width=width or encode.width,
            blocks=blocks,
            unused=(),
            shared=(),
            outside=(),
            taps={block: Tap(block, _AXES) for block in blocks},
            output=_AXES,
        )
        name = (MLP if width else TABLE) if texts is None else f"{texts.name}{BESIDE}"
        source = {"kind": "table", "name": name, "schema": schema.settings(), "hidden": hidden}
        source |= {"width": width} if width else {}
        if texts is not None:
            source["texts"] = texts.source
        super().__init__(inner.eval(), parts, name, source, None, _example(schema))
        self.schema = schema
        self.provisional = False

    @property
    def reader(self) -> Schema:
        """The schema of columns, which encodes rows."""
        return self.schema

    @property
    def sizes(self) -> tuple[int, int]:
        """Hidden units of a block, and the width that the columns are mapped to; 0: they are not."""
        return int(self.source["hidden"]), int(self.source.get("width", 0))

    @property
    def texts(self) -> AnyBackbone | None:
        """The backbone that reads the texts; None if there is none."""
        encode = self.inner.get_submodule("encode")
        return encode.texts if isinstance(encode, EncodeBeside) else None  # type: ignore[return-value]

    @property
    def tokenizer(self) -> str | None:
        """That of the texts beside the columns; None if there are none."""
        return None if self.schema.tokens is None else self.schema.tokens.tokenizer

    @classmethod
    def rebuilt(
        cls, source: Mapping[str, Any], tokenizer: str | None = None, texts: AnyBackbone | None = None
    ) -> "TableEncoder":
        """Rebuild an encoder from its `source`, also after a trip through JSON, and what reads its texts."""
        schema = Schema.from_settings(source["schema"], tokenizer)
        return cls(schema, int(source["hidden"]), texts, int(source.get("width", 0)))

    def untrained(self, seed: int) -> Self:
        """The same columns, with random weights in the block and in what reads the texts."""
        fresh = copy.deepcopy(self)
        fresh.trained_head = None
        for block in fresh.blocks:
            reset(fresh.get_submodule(block), seed)
        if self.texts is not None:
            fresh.inner.get_submodule("encode").texts = self.texts.untrained(seed)
        return fresh

    @property
    def learned(self) -> bool:
        """Whether a block does anything, as it does after any training, or texts are read."""
        blocks = (self.get_submodule(block) for block in self.blocks)
        downs = [one.down.weight for one in blocks if isinstance(one, Residual)]
        return self.texts is not None or any(bool(down.any()) for down in downs)

    def raw_columns(self) -> "TableEncoder":
        """The encoded columns alone, without the block and what reads the texts; their words are columns."""
        return TableEncoder(self.schema, hidden=0).to(self.mean.device)

    def word_counts(self, method: str) -> NoReturn:
        """Refuse: the words of a table are columns beside others, from which all other methods learn."""
        names = self.schema.names
        texts = [column.name for column in self.schema.columns if column.kind == "text"]
        if texts:
            way = (
                f"The words in {texts[0]!r} are columns beside the others already: take another method, such "
                f"as logistic-probe or ridge-probe. For the texts alone leave out {spell('beside')}."
            )
        else:
            way = (
                "Take another method, such as logistic-probe, ridge-probe or stacking; or if a column holds "
                f"texts, say {spell('text_column', ..., stands='NAME')}."
            )
        columns = ", ".join(map(repr, names[:SHOWN])) + ", ..." * (len(names) > SHOWN)
        raise BadInput(
            f"{method} learns from the words of texts, and the data are a table ({columns}). {way}"
        )


def _check(hidden: int, width: int, encoded: int) -> None:
    """Raise `BadInput` for a size that no encoder of so many encoded columns has."""
    found = {"hidden": hidden, "width": width}
    what = [f"{name} is {value}, it must be >= 0" for name, value in found.items() if value < 0]
    if width > 0 and hidden == 0:
        what.append(f"width is {width} and hidden 0; take hidden >= 1 with a width")
    if encoded == 0:
        what.append("no column gives a feature")
    if what:
        raise BadInput(f"TableEncoder: {what[0]}.")


def _layers(encoded: int, hidden: int, width: int) -> dict[str, nn.Module]:
    """What comes behind the encoded columns, by name."""
    if width:
        blocks = {f"block{number}": Residual(width, hidden) for number in (1, 2)}
        return {"project": nn.Linear(encoded, width), **blocks}
    return {"block": Residual(encoded, hidden)} if hidden else {}


def _example(schema: Schema) -> Tensor:
    """Two example rows of medians and first categories."""
    return torch.tensor([[column.median for column in schema.columns]] * 2, dtype=torch.float32)
