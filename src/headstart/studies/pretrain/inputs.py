"""What `pretrain` is given: rows with labels or without, more rows beside, a backbone."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from headstart.core import BadData, derive_seed
from headstart.data.check import check, dependent_rows, readable_rows
from headstart.data.dataset import Dataset
from headstart.data.maybe_labelled import is_labelled, load_maybe_labelled
from headstart.data.modalities.pictures import sampled_sizes
from headstart.data.random_draws import shuffled
from headstart.data.splits import holdout
from headstart.data.train_test_split import Rows, train_and_test
from headstart.data.unlabelled import without_labels
from headstart.face import spell
from headstart.models import small_convnet
from headstart.session.inputs import default_backbone
from headstart.studies._runner import UNLABELLED, load_backbone, load_target
from headstart.studies.distil.inputs import without_test_rows
from headstart.studies.pretrain import PretrainSettings

SMALL = 32  # most pixels of a side of pictures that are small


def load_pretraining(
    given: Mapping[str, Any], settings: PretrainSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """The inputs by name; what begins with `_` is no input."""
    data, notes = load_maybe_labelled(given["data"], columns)
    shared = {name: value for name, value in columns.items() if name in UNLABELLED}
    more, named, weights = (given.get(name) for name in ("unlabelled", "backbone", "weights"))
    if named is None and weights in (None, "random") and (why := why_small(data, settings.size)):
        named = small_convnet.NAME
        notes.append(f"No backbone was named, so it is {named}, {why}.")
    return {
        "data": data,
        "unlabelled": None if more is None else load_target(more, data, shared),
        "backbone": load_backbone(named, data, settings, weights),
        "views": given.get("views"),
        "_notes": notes,
        "_random": weights == "random",
    }


def why_small(data: Dataset, size: int | None) -> str:
    """Why the small network suits pictures or arrays where none is named; "" if it does not.

    Args:
        data: any.
        size: that pictures are brought to; None: their own.
    """
    if data.array is not None and data.kind == "numbers":
        shape = data.array.shape
        fits = len(shape) == 4 and min(shape[2:]) >= small_convnet.LEAST
        return "which reads arrays (rows, channels, height, width)" if fits else ""
    if not data.is_images:
        return ""
    sides = [max(one) for one in sampled_sizes(data)]
    side = size or (int(np.median(sides)) if sides else SMALL + 1)
    if side > SMALL:
        return ""
    other = spell("backbone", default_backbone(data))
    return f"a quick one for small pictures: these have {side} pixels a side. {other} takes a large one"


def has_classes(data: Dataset) -> bool:
    """Whether rows have classes of their own."""
    return data.label_kind == "classes" and is_labelled(data)


class Parts(NamedTuple):
    """Readable data, and the rows that are learned from and held out."""

    data: Dataset
    train: Rows
    test: Rows
    notes: list[str]


def split(data: Dataset, settings: PretrainSettings, reader: Any) -> Parts:
    """Check the data and hold out a part: with labels the one that `adapt` tests on.

    Raises:
        BadData: fewer than two rows are left to learn from.
    """
    if is_labelled(data):
        try:
            checked = check(data, reader=reader).dataset
            return Parts(checked, *train_and_test(checked, settings.test, settings.seed), [])
        except BadData as error:
            said = f"The labels of {data.name} can't be used, so nothing is classified on the way: {error}"
    else:
        said = ""
    bare, looks, notes = readable_rows(without_labels(data))
    bare = replace(bare, groups=dependent_rows(bare, looks))
    train, test = holdout(bare.labels, bare.groups, settings.test, derive_seed(settings.seed, "holdout"))
    if len(train) < 2:
        raise BadData(
            f"{data.name} leaves {len(train)} of {len(bare)} rows to learn from, and the rest is held out: "
            "copies and rows of a group stay together. Give more rows."
        )
    return Parts(bare, train, test, [*([said] if said else []), *notes])


def more_rows(unlabelled: Dataset | None, test: Dataset) -> tuple[Dataset | None, list[str]]:
    """The rows without labels of which no copy is held out, and notes."""
    return (None, []) if unlabelled is None else without_test_rows(unlabelled, test)


def some(rows: Rows, most: int, seed: int) -> Rows:
    """At most so many of the rows, in their order, always the same."""
    return rows if len(rows) <= most else rows[sorted(shuffled(len(rows), seed, "some")[:most])]
