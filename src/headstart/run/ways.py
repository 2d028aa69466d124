"""Whether tasks are computed one by one or at once: timed, and checked against the loop's gradient."""

import time
from collections.abc import Callable, Hashable

import torch
from torch import Tensor

from headstart.nn.task_weights import Way

UNDECIDED, LOOP, VMAP, FAILED, DIFFERS = range(5)  # what `Start.choice` holds
WORTH = 1.15  # times that vmap must be faster
NEAR, NEAR_BF16 = 1e-3, 5e-2  # largest relative difference of the gradients
NOTES = {
    FAILED: "Tasks are computed one by one: torch.func.vmap can't batch this network.",
    DIFFERS: "Tasks are computed one by one: torch.func.vmap and the loop differ in the gradient.",
}

_chosen: dict[Hashable, int] = {}  # so that equal trainings in one process give equal bytes


def choose_way(gradient: Callable[[Way], list[Tensor]], key: Hashable) -> int:
    """The better way for a step of meta-training, of which each is computed twice; see `NOTES`.

    Args:
        gradient: the meta-gradient, computed in a way.
        key: what the choice depends on.
    """
    if key not in _chosen:
        with torch.random.fork_rng(list(range(torch.cuda.device_count()))):
            _chosen[key] = _compare(gradient)
    return _chosen[key]


def way_of(choice: int) -> Way:
    """The way that a choice means."""
    return "vmap" if choice == VMAP else "loop"


def _compare(gradient: Callable[[Way], list[Tensor]]) -> int:
    first = gradient("loop")
    try:
        other = gradient("vmap")
    except (RuntimeError, ValueError, TypeError):
        return FAILED
    if not _near(other, first):
        return DIFFERS
    loop, together = (_seconds(gradient, way) for way in ("loop", "vmap"))
    return VMAP if loop > WORTH * together else LOOP


def _near(mine: list[Tensor], theirs: list[Tensor]) -> bool:
    """Whether gradients agree as one vector."""
    near = NEAR_BF16 if torch.is_autocast_enabled(mine[0].device.type) else NEAR
    apart = torch.stack([(a - b).norm() for a, b in zip(mine, theirs, strict=True)]).norm()
    size = torch.stack([b.norm() for b in theirs]).norm()
    return bool(apart <= near * size)


def _seconds(gradient: Callable[[Way], list[Tensor]], way: Way) -> float:
    begun = time.perf_counter()
    gradient(way)[0].sum().item()  # waits for a GPU
    return time.perf_counter() - begun
