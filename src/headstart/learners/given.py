"""What callers give a trained learner: arrays, and states of other rows. What is wrong with them is said."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from headstart.core import BadData, BadInput
from headstart.learners.learner import State
from headstart.run.descent import out_of_memory


def tensor_of(name: str, value: Any) -> Tensor:
    """A tensor or array of finite numbers as a tensor.

    Raises:
        BadData: it can't be read as one, or holds NaN or infinity.
    """
    try:
        read = torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise BadData(f"{name} can't be read as an array of numbers: {error}.") from error
    if not bool(read.isfinite().all()):
        raise BadData(f"{name} holds NaN or infinity. Fill them in or leave these rows out.")
    return read


def require_tasks(x: Tensor, state: State) -> None:
    """Raise `BadData` if a state is of another number of tasks than inputs are."""
    for value in state.values():
        if len(value) != len(x):
            raise BadData(f"The state is of {len(value)} tasks, and x of {len(x)}: each task has its own.")


def require_state(state: Any) -> None:
    """Raise `BadInput` if something is no state, or an empty one."""
    if not (hasattr(state, "values") and state and all(isinstance(one, Tensor) for one in state.values())):
        raise BadInput(f"The state is {state!r:.60}: give what the learner's `adapt` returned.")


@contextmanager
def reading(name: str, state: State | None) -> Iterator[None]:
    """Say so where a state is not one of the learner that reads it.

    Args:
        name: of the learner.
        state: what it goes on from; None leaves errors as they are.

    Raises:
        BadInput: the learner can't read the state.
    """
    try:
        yield
    except (KeyError, IndexError, RuntimeError, ValueError) as error:
        if state is None or isinstance(error, (BadInput, BadData)) or out_of_memory(error):
            raise
        missing = f"it holds no {error}" if isinstance(error, KeyError) else str(error).splitlines()[0]
        raise BadInput(
            f"{name} can't read this state: {missing}. Give what its own `adapt` returned."
        ) from error
