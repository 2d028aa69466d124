"""Name the shape of samples that a model can't be run on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor

from headstart.core import BadData


@contextmanager
def shapes_named(backbone: Any, samples: Tensor) -> Iterator[None]:
    """A run of a model on samples (n, ...), which may have another shape than its example.

    Raises:
        BadData: the run fails, and they have; the text names both shapes.
    """
    try:
        yield
    except RuntimeError as reason:
        example = getattr(backbone, "example", None)
        if example is None or tuple(samples.shape[1:]) == tuple(example.shape[1:]):
            raise
        why = (str(reason).splitlines() or [""])[0]
        raise BadData(
            f"The samples have the shape {tuple(samples.shape[1:])}, and the model takes such as "
            f"{tuple(example.shape[1:])}: {why}"
        ) from reason
