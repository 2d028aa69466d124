"""Backbone for table rows: standardised numbers, one-hot categories, missing indicators."""

import copy
from collections.abc import Mapping
from typing import Any, NoReturn, Self

import torch
from torch import Tensor, nn

from headstart.core import BadInput
from headstart.core.schema import Schema
from headstart.face import spell
from headstart.nn.columns import Code, Encode
from headstart.nn.in_context.encoder import RowEncoder
from headstart.nn.in_context.pretrained import pretrained_encoder, sizes
from headstart.nn.in_context.reader import ContextRows
from headstart.nn.texts_beside import EncodeBeside

from .anatomy import Anatomy
from .layout import Layout, Tap
from .untrained import reset, seeded
from .wrapped import AnyBackbone

_AXES = Layout(0, 1)
SIZES = {
    "table": (64, 0),
    "table-mlp": (256, 128),
    "tablenet": (0, 0),
}  # hidden units and width of a backbone by its name
SHOWN = 4  # columns that a message names
TABLE, MLP, NET = "table", "table-mlp", "tablenet"  # names of the backbones that are made for a table
CONTEXT, MOST_COLUMNS = 256, 100  # rows that a network reads beside others, and the most columns of them
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
        self,
        schema: Schema,
        hidden: int = 64,
        texts: AnyBackbone | None = None,
        width: int = 0,
        coded: bool = False,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        """Build it for the columns of `schema`; with `hidden` = 0 there is nothing to train but the `texts`.

        `schema.tokens` are those of `texts`. With `width` = 0 the features are the columns; `coded`, with
        nothing to train, as they are: categories as codes, and NaN where something is missing. With a
        `context`, the settings of a `ContextRows`, they are those of the network `tablenet`; its weights and
        rows are loaded then, as `beside` does.

        Raises:
            BadInput: `hidden` or `width` is negative, there is a width without hidden units, or no column
                gives a feature.
        """
        encode = _encoding(schema, texts, coded or context is not None)
        _check(hidden, width, encode.width, context is not None)
        inner = nn.Sequential()
        inner.add_module("encode", encode)
        with seeded(0):
            layers = _layers(encode, hidden, width, context)
        for block, layer in layers.items():
            inner.add_module(block, layer)
        blocks = tuple(layers)
        read = layers.get("read")
        features = read.width if isinstance(read, ContextRows) else width or encode.width
        parts = Anatomy(
            order=tuple(
                f"{block}.{name}".rstrip(".")
                for block, layer in layers.items()
                for name, one in layer.named_modules()
                if isinstance(one, nn.Linear | nn.LayerNorm)
            ),
            head=None,
            width=features,
            blocks=blocks,
            unused=(),
            shared=(),
            outside=(),
            taps={block: Tap(block, _AXES) for block in blocks},
            output=_AXES,
        )
        own = NET if context else MLP if width else TABLE
        name = own if texts is None else f"{texts.name}{BESIDE}"
        source = {"kind": "table", "name": name, "schema": schema.settings(), "hidden": hidden}
        source |= ({"width": width} if width else {}) | ({"coded": True} if coded else {})
        source |= {"context": read.settings} if isinstance(read, ContextRows) else {}
        if texts is not None:
            source["texts"] = texts.source
        super().__init__(inner.eval(), parts, name, source, None, _example(schema))
        self.schema = schema
        self.codes = encode.codes if isinstance(encode, Code) and not context else ()
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
        coded, width = bool(source.get("coded", False)), int(source.get("width", 0))
        return cls(schema, int(source["hidden"]), texts, width, coded, source.get("context"))

    @classmethod
    def beside(cls, schema: Schema, rows: Tensor) -> "TableEncoder":
        """The pretrained network `tablenet`, which reads rows beside some of these (n, columns), encoded.

        Raises:
            BadInput: there are more columns than it knows.
        """
        some = rows[torch.linspace(0, len(rows) - 1, min(CONTEXT, len(rows))).round().long()]
        made = cls(schema, 0, context={"rows": len(some), "sizes": sizes().settings})
        encode, read = made.inner.get_submodule("encode"), made.inner.get_submodule("read")
        assert isinstance(read, ContextRows)
        read.encoder.load_state_dict(pretrained_encoder())
        read.rows.copy_(encode(some))
        return made

    def untrained(self, seed: int) -> Self:
        """The same columns, with random weights in the block and in what reads the texts."""
        fresh = copy.deepcopy(self)
        fresh.trained_head = None
        for block in fresh.blocks:
            reset(fresh.get_submodule(block), seed)
        read = fresh.inner.get_submodule("read") if self.name == NET else None
        if isinstance(read, ContextRows):
            with seeded(seed):
                read.encoder = RowEncoder(read.encoder.sizes)
        if self.texts is not None:
            fresh.inner.get_submodule("encode").texts = self.texts.untrained(seed)
        return fresh

    @property
    def learned(self) -> bool:
        """Whether a block does anything, as it does after any training, or texts are read."""
        blocks = (self.get_submodule(block) for block in self.blocks)
        downs = [one.down.weight for one in blocks if isinstance(one, Residual)]
        return self.name == NET or self.texts is not None or any(bool(down.any()) for down in downs)

    def raw_columns(self) -> "TableEncoder":
        """The encoded columns alone, without the block and what reads the texts; their words are columns."""
        return TableEncoder(self.schema, hidden=0).to(self.mean.device)

    def coded_columns(self) -> "TableEncoder":
        """The columns as they are: categories as codes, NaN where something is missing."""
        return TableEncoder(self.schema, hidden=0, coded=True).to(self.mean.device)

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


def _encoding(schema: Schema, texts: AnyBackbone | None, coded: bool) -> Code | Encode | EncodeBeside:
    """What turns rows into the features that layers read."""
    if texts is not None:
        return EncodeBeside(schema, texts, texts.width)
    return Code(schema) if coded else Encode(schema)


def _check(hidden: int, width: int, encoded: int, in_context: bool) -> None:
    """Raise `BadInput` for a size that no encoder of so many encoded columns has."""
    found = {"hidden": hidden, "width": width}
    what = [f"{name} is {value}, it must be >= 0" for name, value in found.items() if value < 0]
    if width > 0 and hidden == 0:
        what.append(f"width is {width} and hidden 0; take hidden >= 1 with a width")
    if encoded == 0:
        what.append("no column gives a feature")
    if in_context and encoded > MOST_COLUMNS:
        what.append(
            f"{NET} knows tables of up to {MOST_COLUMNS} columns, and this one has {encoded}; take {TABLE!r}"
        )
    if what:
        raise BadInput(f"TableEncoder: {what[0]}.")


def _layers(
    encode: Code | Encode | EncodeBeside, hidden: int, width: int, context: Mapping[str, Any] | None
) -> dict[str, nn.Module]:
    """What comes behind the encoded columns, by name."""
    encoded = encode.width
    if isinstance(encode, Code) and context:
        return {"read": ContextRows(columns=encoded, named=encode.codes, **context)}
    if width:
        blocks = {f"block{number}": Residual(width, hidden) for number in (1, 2)}
        return {"project": nn.Linear(encoded, width), **blocks}
    return {"block": Residual(encoded, hidden)} if hidden else {}


def _example(schema: Schema) -> Tensor:
    """Two example rows of medians and first categories."""
    return torch.tensor([[column.median for column in schema.columns]] * 2, dtype=torch.float32)
