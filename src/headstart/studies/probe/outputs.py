"""What all blocks of a frozen backbone give for some rows, from one pass over the data."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headstart.data.train_test_split import Rows
from headstart.models.layout import Layout, pool
from headstart.models.places import MOST, Places, places
from headstart.models.tracing import quiet
from headstart.run.progress import Progress
from headstart.session.session import Session

BATCH = 16
NUMBERS = 2**27  # kept of the places of a block; wide blocks of many rows keep fewer places


@dataclass(frozen=True)
class Outputs:
    """Outputs of a block for n rows, in their order.

    Attributes:
        block: its name.
        features: (n, d), averaged over places.
        by_place: (n, p, d) on the disk, and which places are no padding; None: not kept.
    """

    block: str
    features: Tensor
    by_place: Places | None = None

    @classmethod
    def empty(cls, block: str, rows: int, features: Tensor, some: Places | None, file: Path) -> "Outputs":
        """Room for as many rows, shaped like the features and places of some of them; `file` for places."""
        room = features.new_empty(rows, features.shape[1])
        if some is None:
            return cls(block, room)
        value = np.lib.format.open_memmap(file, "w+", np.float32, (rows, *some.value.shape[1:]))
        there = torch.zeros(rows, some.there.shape[1], dtype=torch.bool)
        return cls(block, room, Places(torch.from_numpy(value), there))

    def fill(self, rows: Rows, features: Tensor, some: Places | None) -> None:
        """Write the outputs for some of the rows."""
        index = torch.from_numpy(rows)
        self.features[index] = features
        if self.by_place is not None and some is not None:
            self.by_place.value[index], self.by_place.there[index] = some

    @property
    def width(self) -> int:
        """Features per row."""
        return self.features.shape[1]

    @property
    def many(self) -> int:
        """Places that there are at most in a row, >= 1."""
        return 1 if self.by_place is None else int(self.by_place.there.any(0).nonzero().max()) + 1

    def places(self) -> Places:
        """All places, in memory."""
        assert self.by_place is not None
        value, there = self.by_place
        return Places(value[:, : self.many].clone(), there[:, : self.many])


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
    blocks: dict[str, Outputs] = {}
    device, backbone = session.engine.device, session.backbone
    if device.type != "cpu":
        backbone = copy.deepcopy(backbone).to(device)
    take = _taker(folder is not None, len(rows))
    for share in (progress or Progress()).count(_in_turn(session, rows)):
        with quiet(backbone), torch.inference_mode():
            samples = session.samples(rows[share]).to(device)
            outputs = backbone.features(samples, backbone.anatomy.blocks, take)
        for number, (block, (features, by_place)) in enumerate(outputs.items()):
            if block not in blocks:
                file = (folder or Path()) / f"{number}.npy"
                blocks[block] = Outputs.empty(block, len(rows), features, by_place, file)
            blocks[block].fill(share, features, by_place)
    return list(blocks.values())


def _in_turn(session: Session, rows: Rows) -> list[Rows]:
    """Shares of the places in `rows`, as they are computed soonest: texts by length."""
    where = {int(row): place for place, row in enumerate(rows)}
    order = np.array([where[int(row)] for row in session.quickest(rows)], np.int64)
    return np.array_split(order, -(-len(order) // BATCH))


def most_places(rows: int, width: int) -> int:
    """How many places of a block are kept, so that those of all rows fit into memory."""
    return min(MOST, max(1, NUMBERS // (rows * width)))


def _taker(also_places: bool, rows: int) -> Callable[[Tensor, Layout, Tensor | None], Any]:
    def take(x: Tensor, layout: Layout, there: Tensor | None) -> tuple[Tensor, Places | None]:
        features = pool(x, layout, there).float().cpu()
        if not also_places:
            return features, None
        kept = places(x, layout, there, most_places(rows, features.shape[1]))
        return features, Places(kept.value.float().cpu(), kept.there.cpu())

    return take
