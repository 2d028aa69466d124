"""New pictures as arrays and tensors, in the layouts that `load` takes."""

from typing import Any

from headstart.core import BadInput
from headstart.data.plain_arrays import as_array, is_tensor
from headstart.data.samples import pixels_last


def listed_pictures(items: Any) -> Any:
    """Arrays and tensors (n, h, w), (n, h, w, 1 | 3 | 4) or (n, 1 | 3, h, w) with colours last.

    Raises:
        BadInput: the bytes of one picture, or another shape.
    """
    if isinstance(items, bytes):
        raise BadInput("predict takes a list of pictures; these are the bytes of one. Write [picture].")
    values = as_array(items, "items") if hasattr(items, "__array__") else None
    if values is None or values.dtype.kind not in "biuf" or len(values) == 0:
        return items
    return pixels_last(values)


def as_picture(item: Any) -> Any:
    """A tensor (h, w), (h, w, 1 | 3 | 4) or (1 | 3, h, w) as an array, colours last; all else as it is."""
    if not is_tensor(item):
        return item
    pixels = pixels_last(as_array(item, "a picture")[None])
    return item if pixels is None else pixels[0]
