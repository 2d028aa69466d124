"""New items as arrays, in the form that a model takes; torch is not imported for it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData, BadInput, Preprocess, Schema, Tokens
from headstart.core.tokens import padded

from .frames import are_tables
from .new_pictures import as_picture
from .plain_arrays import is_tensor
from .schemas import Encoded, encoded
from .table_rows import rows_of
from .unseen import warn_of_gaps


def pixels_of(items: Sequence[Any], preprocess: Preprocess) -> NDArray[np.uint8]:
    """Pictures as uint8 (n, 3, height, width), channels last in memory.

    Raises:
        BadData: one can't be read; it is named.
    """
    from .decode import prepared  # with Pillow, which texts and tables need not wait for
    from .depth_warnings import warn_of_depth

    pictures = [as_picture(item) for item in items]
    for one in pictures:
        warn_of_depth(one, preprocess.window, mixed=preprocess.mixed)
    return np.stack([prepared(one, preprocess) for one in pictures]).transpose(0, 3, 1, 2)


def ids_of(items: Any, tokens: Tokens) -> NDArray[np.int64]:
    """Texts as ids of tokens (n, longest), shorter rows padded with -1.

    Raises:
        BadInput: they are a table, or one is no text.
        BadData: one is empty.
    """
    if are_tables(items):
        raise BadInput("This model takes texts, not a table. Give one column of it, such as table['text'].")
    for place, item in enumerate(items):
        if not isinstance(item, str):
            raise BadInput(f"This model takes texts; item {place} is a {type(item).__name__}.")
        if not item.strip():
            raise BadData(f"Item {place} is an empty text. Leave it out.")
    return padded(tokens.ids(list(items))[0])


def cells_of_rows(items: Any, schema: Schema) -> Encoded:
    """Rows of a table, encoded by the schema of the training rows; see `rows_of` and `encoded`."""
    found = encoded(rows_of(items, schema), schema)
    warn_of_gaps(found.values, schema)
    return found


def floats_of(items: Any) -> NDArray[np.float32]:
    """Finite numbers (n, ...) of one shape.

    Raises:
        BadInput: they are complex, or of several shapes.
        BadData: there are NaN or infinity among them.
    """
    items = items.detach().cpu() if is_tensor(items) else items
    if getattr(items, "dtype", None) is not None and np.iscomplexobj(items):
        raise BadInput("The items are complex numbers. Give real ones.")
    try:
        values = np.asarray(items, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise BadInput(f"The items are no numbers of one shape: {error}. Give an array (n, ...).") from error
    bad = int((~np.isfinite(values.reshape(len(values), -1)).all(axis=1)).sum()) if len(values) else 0
    if bad:
        raise BadData(
            f"{bad} of {len(values)} items hold NaN or infinity. Fill them in or leave these rows out."
        )
    return values
