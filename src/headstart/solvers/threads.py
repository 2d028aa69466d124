"""Thread count for small problems, where synchronisation costs more than it saves."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

SMALL = 2**21  # numbers; about 1,600 rows of 1,280 features


@contextmanager
def threads_for(numbers: int) -> Iterator[None]:
    """Context in which torch uses one thread if the problem has few `numbers`."""
    before = torch.get_num_threads()
    if numbers <= SMALL:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
