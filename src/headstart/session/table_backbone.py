"""A backbone made of the columns of a table, and of one that reads texts beside them."""

from collections.abc import Iterator

import torch
from torch import nn

from headstart.core import BadData, BadInput, Tokens
from headstart.data.dataset import Dataset
from headstart.data.modality import modalities
from headstart.data.schemas import encoded, schema_of
from headstart.data.tables import Table
from headstart.models import minilm
from headstart.models.backbone import AnyBackbone, backbone
from headstart.models.encoders import is_encoder
from headstart.models.sources import BUILT_IN
from headstart.models.tables import BESIDE, SIZES, TableEncoder
from headstart.models.tables import MLP as MLP
from headstart.models.tables import NET as NET
from headstart.models.tables import TABLE as TABLE

MOST = 20  # left-out columns that are named


def table_backbone(data: Dataset, base: str | nn.Module, weights: str | None) -> TableEncoder:
    """A backbone for the columns of `data`, which is a table: made by its rows, or the one that is given.

    A backbone of texts reads the column of texts, if there is one, beside the others.

    Raises:
        BadData: `base` takes something else, or no column varies.
        BadInput: there are `weights`, which a backbone for a table has none of.
    """
    assert data.table is not None
    if "text" in data.table.kinds and (texts := _reads_texts(base, weights)) is not None:
        encoder = TableEncoder(schema_of(data.table, tokens=texts.tokens), texts=texts)
        encoder.provisional = True
        return encoder
    if weights is not None:
        raise BadInput(f"weights is {weights!r}, but the backbone of a table has none to load. Leave it out.")
    given = base
    if is_encoder(base):
        base = backbone(str(base))
    if isinstance(base, TableEncoder):
        return base
    if base not in (None, TABLE, MLP, NET):
        name = type(base).__name__ if isinstance(given, nn.Module) else str(given)
        raise BadData(
            f"{data.name} is a table, which the backbone {name} does not take. Leave the backbone out, "
            f"name {TABLE!r}, {MLP!r} or {NET!r}, or give the columns as an array of numbers."
        )
    encoder = _made_for(data.table, str(base or TABLE))
    encoder.provisional = True
    if "text" in data.table.kinds and (lacking := minilm.lacking()) is not None:
        encoder.notes = (f"Of the texts, words are counted. {lacking}",)
    return encoder


def _made_for(table: Table, name: str) -> TableEncoder:
    """The backbone of that name for the columns of a table, by all of its rows."""
    schema = schema_of(table)
    if name == NET:
        return TableEncoder.beside(schema, torch.from_numpy(encoded(table, schema).values))
    hidden, width = SIZES[name]
    return TableEncoder(schema, hidden, width=width)


def _reads_texts(base: str | nn.Module, weights: str | None) -> AnyBackbone | None:
    """The backbone of texts that `base` is or names, with "+table" or without; None if it is none."""
    if isinstance(base, str):
        base = base.removesuffix(BESIDE)
        if base in (TABLE, MLP, NET) or is_encoder(base):
            return None
        bare = ":" not in base and base not in BUILT_IN
        base = backbone(f"{modalities()[Tokens.kind].hub}:{base}" if bare else base, weights=weights)
    return base if isinstance(base, AnyBackbone) and base.tokens is not None else None


def by_training_part(mapping: AnyBackbone, train: Dataset) -> AnyBackbone:
    """The backbone; one that was made by all rows is made again by those of the training part alone."""
    if train.table is None or not isinstance(mapping, TableEncoder) or not mapping.provisional:
        return mapping
    if mapping.name == NET:
        return _made_for(train.table, NET)
    tokens = None if mapping.texts is None else mapping.texts.tokens
    hidden, width = mapping.sizes
    return TableEncoder(schema_of(train.table, tokens=tokens), hidden, mapping.texts, width)


def about_columns(mapping: AnyBackbone, test: Dataset) -> Iterator[str]:
    """Notes on columns that were left out, and on names that only test rows have."""
    if test.table is None or not isinstance(mapping, TableEncoder):
        return
    for column, why in list(mapping.schema.dropped.items())[:MOST]:
        yield f"The column {column!r} was left out: in the training part {why}."
    for new in encoded(test.table, mapping.schema).unseen.values():
        yield f"{new.text('test rows')}. All such names count as one."
