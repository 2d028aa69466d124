"""What a user gives as numbers, as arrays of NumPy; torch is not imported for it."""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadInput

from .sparse import dense


def is_tensor(values: Any) -> bool:
    """Whether it is a tensor of torch; where torch was never imported, nothing is."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(values, torch.Tensor)


def as_array(values: Any, what: str) -> NDArray[Any]:
    """Convert labels or samples to an array with a row for each sample; `BadInput` if impossible."""
    values = dense(values, what)
    if is_tensor(values):
        values = values.detach().cpu()
        values = (values.float() if str(values.dtype) == "torch.bfloat16" else values).numpy()
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise BadInput(f"{what} is no array: its rows differ in length.") from error
    if array.ndim == 0:
        raise BadInput(f"{what} should be an array with a row for each sample, not {values!r}.")
    return array
