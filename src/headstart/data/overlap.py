"""Rows of one data set that stand in another one too, exactly or nearly."""

import numpy as np
from numpy.typing import NDArray

from headstart.data.near_duplicates import THUMBNAIL, Pair, near_pairs
from headstart.data.parallel import parallel_map

from .dataset import Dataset
from .decode import prepare
from .texts import essence


def copies(source: Dataset, target: Dataset) -> tuple[list[Pair], list[Pair]]:
    """Pairs (row of the source, row of the target) with the same content, and other pairs that are nearly so.

    Nearly the same are pictures of another size, compression or brightness, and texts with other spaces, case
    or punctuation. A row of the source has one exact copy at most here, but may have several near ones.

    Args:
        source: of readable rows.
        target: of readable rows of the same kind.
    """
    known = {digest: row for row, digest in reversed(list(enumerate(target.digests)))}
    exact = [(row, known[digest]) for row, digest in enumerate(source.digests) if digest in known]
    found = {row for row, _ in exact}
    return exact, [pair for pair in _near(source, target) if pair[0] not in found]


def _near(source: Dataset, target: Dataset) -> list[Pair]:
    if source.is_images and target.is_images:
        mine, theirs = _thumbnails(source), _thumbnails(target)
        pairs = near_pairs(np.concatenate([theirs, mine]))
        return [(j - len(theirs), i) for i, j in pairs if i < len(theirs) <= j]
    if source.texts is not None and target.texts is not None:
        known = {essence(text): row for row, text in reversed(list(enumerate(target.texts)))}
        places = ((row, known.get(essence(text))) for row, text in enumerate(source.texts))
        return [(row, other) for row, other in places if other is not None]
    return []


def _thumbnails(data: Dataset) -> NDArray[np.uint8]:
    """(n, 32, 32, 3), squashed."""

    def small(row: int) -> NDArray[np.uint8]:
        made: NDArray[np.uint8] = (
            prepare(data.raw(row), THUMBNAIL, name=data.items[row]).permute(1, 2, 0).numpy()
        )
        return made

    return np.stack(list(parallel_map(small, range(len(data)))))
