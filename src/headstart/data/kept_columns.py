"""Keep columns that seem to number the rows."""

from collections.abc import Sequence
from dataclasses import replace

from headstart.core import BadInput, Unknown
from headstart.face import spell

from .columns import names_in
from .dataset import Dataset


def keep_columns(data: Dataset, keep: Sequence[str]) -> Dataset:
    """Take columns of a table as input even if they seem to number the rows.

    Args:
        data: a table, if there is anything to keep.
        keep: names of columns.

    Raises:
        BadInput: it is no table, or `keep` is a text.
        Unknown: no column has such a name.
    """
    keep = names_in("keep", keep)
    if not keep:
        return data
    table = data.table
    if table is None:
        raise BadInput(
            f"{spell('keep')} names columns of a table, but {data.name} holds {data.modality.description}."
        )
    for name in keep:
        if name not in table.names:
            raise Unknown("column", name, table.names)
    ids = {name: why for name, why in table.ids.items() if name not in keep}
    return replace(data, samples=replace(table, ids=ids))
