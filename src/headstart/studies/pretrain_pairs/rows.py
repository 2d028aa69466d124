"""Which pairs can be read, which of them are one group, and which are held out."""

from dataclasses import replace

import numpy as np

from headstart.core import BadData, derive_seed
from headstart.data.check import Look, dependent_rows, look_at_rows
from headstart.data.image_text_pairs import ImageTextPairs
from headstart.data.samples import Rows
from headstart.data.splits import holdout


def keep_readable(pairs: ImageTextPairs) -> tuple[ImageTextPairs, list[Look], list[str]]:
    """The pairs whose picture can be read, what was seen of these, and a note on the others.

    Raises:
        BadData: none can be read.
    """
    looks = look_at_rows(pairs.pictures)
    fine = np.array([row for row, look in enumerate(looks) if not look.problem], dtype=np.int64)
    bad = [row for row, look in enumerate(looks) if look.problem]
    if not len(fine):
        raise BadData(f"None of the {len(pairs)} pictures of {pairs.name} can be read. {looks[0].problem}")
    notes = []
    if bad:
        notes.append(pairs.pictures.modality.unreadable(len(bad), len(pairs), looks[bad[0]].problem)[1])
    kept, seen = pairs.subset(fine), [looks[row] for row in fine]
    return replace(kept, pictures=kept.pictures.knowing(tuple(look.digest for look in seen))), seen, notes


def readable_pairs(pairs: ImageTextPairs) -> tuple[ImageTextPairs, Rows, list[str]]:
    """The pairs whose picture can be read, the groups (n,) of equal or nearly equal pictures, and notes.

    Raises:
        BadData: none can be read.
    """
    kept, seen, notes = keep_readable(pairs)
    groups = dependent_rows(kept.pictures, seen)
    count = len(np.unique(groups))
    if count < len(kept):
        notes.append(
            f"{len(kept)} pairs have {count} pictures that differ: copies, nearly equal ones and captions "
            "of one "
            "picture are all trained on or all held out."
        )
    return kept, groups, notes


def split_pairs(pairs: ImageTextPairs, groups: Rows, share: float, seed: int) -> tuple[Rows, Rows]:
    """Rows to train on and rows that are held out; no group is on both sides.

    Raises:
        BadData: one side has fewer than two pairs.
    """
    everyone = np.zeros(len(pairs), np.int64)
    learn, held = holdout(everyone, groups, share, derive_seed(seed, "pairs"))
    if min(len(learn), len(held)) < 2:
        raise BadData(
            f"{pairs.name} has {len(pairs)} pairs of {len(np.unique(groups))} pictures that differ: too "
            "few to "
            "train on some and test on others. Give more."
        )
    return learn, held
