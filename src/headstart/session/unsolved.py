"""Equations without a solution in numbers: a failure of the method that set them up, and of no other."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from headstart.core import Diverged

NUMERICAL: tuple[type[Exception], ...] = (
    np.linalg.LinAlgError,
    torch.linalg.LinAlgError,  # type: ignore[attr-defined]
    FloatingPointError,
    ZeroDivisionError,
)


@contextmanager
def unsolved_as_diverged() -> Iterator[None]:
    """Inside, a solver that fails in its numbers raises `Diverged`, which studies leave out."""
    try:
        yield
    except NUMERICAL as error:
        raise Diverged(f"its equations have no solution in numbers ({error}).") from error
