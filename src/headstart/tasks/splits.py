"""Disjoint classes to learn from, to choose by and to test with."""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from headstart.core import BadInput, derive_seed
from headstart.core.draws import orders
from headstart.data.dataset import Dataset
from headstart.data.load import load
from headstart.face import spell
from headstart.tasks.examples import Examples, Rows, examples_of


class Split(NamedTuple):
    """Rows of disjoint classes: no class of one part is in another."""

    train: Examples
    validation: Examples
    test: Examples


def split_classes(  # noqa: PLR0913  # three shares
    data: Any,
    *,
    train: float = 0.6,
    validation: float = 0.2,
    test: float = 0.2,
    seed: int = 0,
    least: int = 1,
    new_groups: bool = False,
    size: int | None = None,
) -> Split:
    """Deal the classes of labelled data to three parts, at random.

    Args:
        data: anything that `hs.data.load` takes, or `Examples`.
        train: share of the classes to learn from, from 0 to 1.0, or how many, as a whole number.
        validation: to choose by, likewise.
        test: to test with, likewise.
        seed: of the choice.
        least: rows that a class must have; classes with fewer are left out.
        new_groups: deal the groups too, by the same shares: rows of a part are then of its classes and of its
            groups, and the others are left out. They are the groups of the data, or else the values of
            their attribute, such as fonts.
        size: of pictures, as `examples_of` takes it.

    Raises:
        BadInput: the labels are no classes, the shares are more than all, or there are no groups.
    """
    loaded = data if isinstance(data, Examples | Dataset) else load(data)
    if (loaded.kind if isinstance(loaded, Examples) else loaded.label_kind) != "classes":
        raise BadInput(f"The labels of {loaded.name} are no classes, so there are none to split.")
    labels = np.asarray(loaded.y if isinstance(loaded, Examples) else loaded.labels)
    there, counts = np.unique(labels, return_counts=True)
    kept = there[counts >= least]
    if not len(kept):
        raise BadInput(
            f"No class of {loaded.name} has {spell('least', least)} rows; the most is {counts.max()}."
        )
    shares = {"train": train, "validation": validation, "test": test}
    parts = _deal(kept, shares, seed, f"classes of {loaded.name}")
    within = [np.isin(labels, part) for part in parts]
    if new_groups:
        groups = _groups_of(loaded)
        alike = {name: _share(share, len(kept)) for name, share in shares.items()}
        dealt = _deal(np.unique(groups), alike, derive_seed(seed, "groups"), f"groups of {loaded.name}")
        within = [mine & np.isin(groups, part) for mine, part in zip(within, dealt, strict=True)]
    rows = [np.flatnonzero(mine) for mine in within]
    return _parts(loaded, rows, size)


def split_groups(
    data: Any,
    *,
    train: float = 0.6,
    validation: float = 0.2,
    test: float = 0.2,
    seed: int = 0,
    size: int | None = None,
) -> Split:
    """Deal the groups of labelled data, such as hospitals, to three parts, at random, for `GroupTasks`.

    Args:
        data: anything that `hs.data.load` takes, or `Examples`, with groups, or else with an attribute.
        train: share of the groups to learn from, from 0 to 1.0, or how many, as a whole number.
        validation: to choose by, likewise.
        test: to test with, likewise.
        seed: of the choice.
        size: of pictures, as `examples_of` takes it.

    Raises:
        BadInput: there are no groups, or the shares are more than all.
    """
    loaded = data if isinstance(data, Examples | Dataset) else load(data)
    groups = _groups_of(loaded)
    shares = {"train": train, "validation": validation, "test": test}
    dealt = _deal(np.unique(groups), shares, seed, f"groups of {loaded.name}")
    return _parts(loaded, [np.flatnonzero(np.isin(groups, part)) for part in dealt], size)


def _parts(data: Examples | Dataset, rows: list[Rows], size: int | None) -> Split:
    """The rows of each part, scaled by those to learn from."""
    examples = examples_of(data, size, rows[0] if len(rows[0]) else None)
    return Split(*(examples.take(some) for some in rows))


def _groups_of(data: Examples | Dataset) -> Any:
    groups = data.groups
    if groups is None and isinstance(data, Dataset):
        groups = data.attributes
    if groups is None:
        raise BadInput(
            f"{data.name} has no groups to split: load it with {spell('groups', ...)} or "
            f"{spell('attribute', ...)}."
        )
    return np.asarray(groups)


def _deal(values: Rows, shares: dict[str, float], seed: int, what: str) -> list[Rows]:
    """Disjoint parts of the values, by shares or by counts."""
    for name, share in shares.items():
        if not _is_share(share):
            raise BadInput(f"{spell(name, share)} must be a share from 0 to 1.0, or how many {what}.")
    exact = [_share(share, len(values)) * len(values) for share in shares.values()]
    if sum(exact) > len(values) + 1e-9:
        asked = ", ".join(spell(name, share) for name, share in shares.items())
        raise BadInput(f"There are {len(values)} {what}, fewer than are asked for: {asked}.")
    cuts = np.rint(np.cumsum([0.0, *exact])).astype(int)
    order: Tensor = orders(torch.tensor([derive_seed(seed, "split")]), len(values))[0]
    mixed = values[order.numpy()]
    return [np.sort(mixed[start:end]) for start, end in pairwise(cuts)]


def _is_share(share: Any) -> bool:
    if isinstance(share, bool) or not isinstance(share, int | float):
        return False
    return share >= 0 and (isinstance(share, int) or share <= 1)


def _share(share: float, of: int) -> float:
    """A share, of a share or how many."""
    return share / of if isinstance(share, int) and of else float(share)
