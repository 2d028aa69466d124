"""What all blocks of a frozen backbone give for some rows, from one pass over the data."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.models.layout import Layout, pool
from headstart.models.places import MOST, Places, places
from headstart.models.tracing import quiet
from headstart.run.progress import Progress
from headstart.session.session import Session

BATCH = 16
NUMBERS = 2**27  # kept of the places of a block; wide blocks of many rows keep fewer places

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Outputs:
    """What a block gave for n rows, in their order.

    Attributes:
        block: its name.
        features: (n, d), averaged over places.
        value: (n, p, d) place by place, on the disk; None: not kept.
        there: (n, p) which places are no padding.
    """

    block: str
    features: Tensor
    value: NDArray[np.float32] | None = None
    there: NDArray[np.bool_] | None = None

    @property
    def width(self) -> int:
        """Features per row."""
        return self.features.shape[1]

    @property
    def many(self) -> int:
        """Places that there are at most in a row, >= 1."""
        return 1 if self.there is None else int(np.flatnonzero(self.there.any(0)).max()) + 1

    def places(self) -> Places:
        """All places, in memory."""
        assert self.value is not None
        assert self.there is not None
        value, there = np.array(self.value[:, : self.many]), self.there[:, : self.many]
        return Places(torch.from_numpy(value), torch.from_numpy(there))


def read_blocks(
    session: Session, rows: Rows, folder: Path | None = None, progress: Progress | None = None
) -> list[Outputs]:
    """The outputs of every block that runs, from one pass over the rows.

    Args:
        session: the backbone, which is left as it is, and the data.
        rows: (n,) of the data.
        folder: an empty one, where outputs are kept place by place; None: only their means are kept.
        progress: shows how far the pass is.
    """
    gathered: dict[str, _Block] = {}
    (mapping, device), blocks = _placed(session), session.backbone.anatomy.blocks
    take = _taker(folder is not None, len(rows))
    for share in (progress or Progress()).count(_in_turn(session, rows)):
        with quiet(mapping), torch.inference_mode():
            found = mapping.features(session.samples(rows[share]).to(device), blocks, take)
        for number, (block, (features, there)) in enumerate(found.items()):
            if block not in gathered:
                file = None if folder is None else folder / f"{number}.npy"
                gathered[block] = _Block.like(block, len(rows), features, there, file)
            gathered[block].add(share, features, there)
    return [block.outputs() for block in gathered.values()]


def _in_turn(session: Session, rows: Rows) -> list[Rows]:
    """Shares of the places in `rows`, as they are computed soonest: texts by length."""
    where = {int(row): place for place, row in enumerate(rows)}
    order = np.array([where[int(row)] for row in session.quickest(rows)], np.int64)
    return np.array_split(order, -(-len(order) // BATCH))


def _placed(session: Session) -> tuple[Any, torch.device]:
    """The backbone on the device of the session; a copy of it, if it is not there."""
    device = session.engine.device
    if device.type == "cpu":
        return session.backbone, device
    return copy.deepcopy(session.backbone).to(device), device


def most_places(rows: int, width: int) -> int:
    """How many places of a block are kept, so that those of all rows fit into memory."""
    return min(MOST, max(1, NUMBERS // (rows * width)))


def _taker(also_places: bool, rows: int) -> Callable[[Tensor, Layout, Tensor | None], Any]:
    def take(x: Tensor, layout: Layout, there: Tensor | None) -> tuple[Tensor, Places | None]:
        features = pool(x, layout, there).float().cpu()
        if not also_places:
            return features, None
        found = places(x, layout, there, most_places(rows, features.shape[1]))
        return features, Places(found.value.float().cpu(), found.there.cpu())

    return take


@dataclass
class _Block:
    """What was gathered of a block so far."""

    name: str
    features: Tensor
    value: NDArray[np.float32] | None = None
    there: NDArray[np.bool_] | None = None

    @classmethod
    def like(
        cls, name: str, rows: int, features: Tensor, found: Places | None, file: Path | None
    ) -> "_Block":
        """Room for as many rows of what a block gave for some."""
        room = features.new_empty(rows, features.shape[1])
        if found is None or file is None:
            return cls(name, room)
        kept = np.lib.format.open_memmap(file, "w+", np.float32, (rows, *found.value.shape[1:]))
        return cls(name, room, kept, np.zeros((rows, found.there.shape[1]), np.bool_))

    def add(self, share: Rows, features: Tensor, found: Places | None) -> None:
        """What the block gave for a share of the rows."""
        self.features[torch.from_numpy(share)] = features
        if found is not None and self.value is not None and self.there is not None:
            self.value[share], self.there[share] = found.value.numpy(), found.there.numpy()

    def outputs(self) -> Outputs:
        """All of it."""
        return Outputs(self.name, self.features, self.value, self.there)
