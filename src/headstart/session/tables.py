"""A backbone for the rows of a table, made by the training rows."""

from collections.abc import Iterator

from torch import nn

from headstart.core import BadData, BadInput
from headstart.data.dataset import Dataset
from headstart.data.schemas import encoded, schema_of
from headstart.models.backbone import AnyBackbone, backbone
from headstart.models.encoders import is_encoder
from headstart.models.tables import TableEncoder

NAME = "table"  # of the backbone that is made for a table
MOST = 20  # columns that were left out of which is told

Base = str | nn.Module | None


def table_backbone(data: Dataset, base: Base, weights: str | None = None) -> TableEncoder:
    """A backbone for the columns of `data`, which is a table: made by its rows, or the one that is given.

    Raises:
        BadData: `base` takes something else, or no column varies.
        BadInput: there are `weights`, which a backbone for a table has none of.
    """
    if weights is not None:
        raise BadInput(f"weights is {weights!r}, but the backbone of a table has none to load. Leave it out.")
    if is_encoder(base):
        base = backbone(str(base))
    if isinstance(base, TableEncoder):
        return base
    if base is not None and base != NAME:
        called = base if isinstance(base, str) else type(base).__name__
        raise BadData(
            f"{data.name} is a table, which the backbone {called} does not take. Leave the backbone out, "
            f"name {NAME!r}, or give the columns as an array of numbers."
        )
    assert data.table is not None
    made = TableEncoder(schema_of(data.table))
    made.provisional = True
    return made


def by_training_part(mapping: AnyBackbone, train: Dataset) -> AnyBackbone:
    """The backbone; one that was made by all rows is made again by those of the training part alone."""
    if train.table is None or not isinstance(mapping, TableEncoder) or not mapping.provisional:
        return mapping
    return TableEncoder(schema_of(train.table))


def about_columns(mapping: AnyBackbone, test: Dataset) -> Iterator[str]:
    """What the training part says nothing of: columns left out, names that only test rows have."""
    if test.table is None or not isinstance(mapping, TableEncoder):
        return
    for column, why in list(mapping.schema.dropped.items())[:MOST]:
        yield f"The column {column!r} was left out: in the training part {why}."
    for column, count in encoded(test.table, mapping.schema).unseen.items():
        rows = "1 test row has" if count == 1 else f"{count} test rows have"
        yield f"{rows} a name in the column {column!r} that no training row had; all such names count as one."
