"""The rows of a target that look least like the source, as people can look at them."""

import base64
import io

import numpy as np
from numpy.typing import NDArray

from headstart.data.dataset import Dataset
from headstart.studies.shift import LeastSimilarRow

SHOWN = 12
THUMBNAIL = 96  # pixels
LETTERS = 240  # of a text


def least_similar(
    target: Dataset, probability: NDArray[np.float64], inside: NDArray[np.bool_]
) -> list[LeastSimilarRow]:
    """The rows that the classifier is surest of, one of those that are the same.

    Args:
        target: n rows.
        probability: (n,) that each is of the target.
        inside: (n,) whether the source has rows there.
    """
    found: list[LeastSimilarRow] = []
    seen: set[int] = set()
    groups = np.arange(len(target)) if target.groups is None else target.groups
    for row in np.argsort(-probability, kind="stable").tolist():
        if len(found) == SHOWN:
            break
        if (group := int(groups[row])) not in seen:
            seen.add(group)
            shown = target.items[row], _text(target, row), _picture(target, row)
            found.append(LeastSimilarRow(*shown, float(probability[row]), bool(inside[row])))
    return found


def _text(data: Dataset, row: int) -> str:
    if data.table is not None:
        return data.table.shown(row)
    if data.texts is None:
        return ""
    words = " ".join(data.texts[row].split())
    return words if len(words) <= LETTERS else f"{words[:LETTERS].rstrip()}…"


def _picture(data: Dataset, row: int) -> str:
    picture = data.picture(row)
    if picture is None:
        return ""
    stream = io.BytesIO()
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    picture.save(stream, "WEBP", quality=75)
    return base64.b64encode(stream.getvalue()).decode()
