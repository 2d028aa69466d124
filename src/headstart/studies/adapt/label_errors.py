"""Which labels of the training part are probably wrong, by the out-of-fold predictions of a method."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import headstart
from headstart.data.dataset import Dataset
from headstart.data.label_fixes import label_cell
from headstart.metrics.label_errors import FoundErrors, find_label_errors
from headstart.records.label_errors import ClassPair, LabelError, LabelErrors
from headstart.session.scoring import as_predictions
from headstart.studies.adapt.choice import CandidateResult, best
from headstart.studies.adapt.shown_sample import save_sample

LISTED = 200  # rows
PAIRS = 12  # of classes
LIKELIEST = 9  # classes whose probabilities are kept, as many as there are digits


def label_errors_of(
    results: Sequence[CandidateResult],
    chosen: CandidateResult,
    train: Dataset,
    metric: str,
    folder: Path,
    decided: Collection[str],
) -> LabelErrors:
    """The labels of the training part that are probably wrong, with small pictures in `folder`.

    They are found by the predictions of the chosen method; where others were tried on more folds, by those of
    the best of these, so that no row is left out. Rows in groups that are never held out have none.

    Args:
        results: of the cross-validation.
        chosen: one of them.
        train: the training part.
        metric: that tells which is the best.
        folder: for the pictures; its name is kept with theirs.
        decided: names of rows whose labels were decided by label fixes; they are not listed.
    """
    fuller = [result for result in results if len(result.rows) > len(chosen.rows)]
    judge = best(fuller, train.labels, metric) or chosen
    data = train.subset(judge.rows)
    predictions = as_predictions(judge.logits, data.label_kind)
    found = find_label_errors(predictions, data.labels)
    rows = [row for row in found.ranked().tolist() if data.items[row] not in decided]
    return LabelErrors(
        headstart=headstart.__version__,
        task=data.name,
        kind=data.kind,
        label_kind=data.label_kind,
        classes=list(data.classes),
        method=judge.method.title,
        checked=len(data),
        estimated=found.estimated,
        found=len(rows),
        decided=len(set(decided) & set(data.items)),
        pairs=_pairs(found, data),
        rows=[
            _row(data, found, predictions[row], row, folder, number)
            for number, row in enumerate(rows[:LISTED])
        ],
    )


def _pairs(found: FoundErrors, data: Dataset) -> list[ClassPair]:
    """The pairs of a given and a true class that are estimated to be most frequent."""
    names = data.classes
    if data.label_kind == "classes":
        off = found.joint * (1 - np.eye(len(names), dtype=np.int64))
        pairs = [(names[given], names[true], int(off[given, true])) for given, true in np.argwhere(off)]
    else:
        pairs = [
            pair
            for tag, joint in zip(names, found.joint if data.label_kind == "tags" else (), strict=False)
            for pair in ((f"not {tag}", tag, int(joint[0, 1])), (tag, f"not {tag}", int(joint[1, 0])))
        ]
    pairs = sorted((pair for pair in pairs if pair[2]), key=lambda pair: -pair[2])
    return [ClassPair(*pair) for pair in pairs[:PAIRS]]


def _row(
    data: Dataset, found: FoundErrors, predicted: NDArray[np.float64], row: int, folder: Path, number: int
) -> LabelError:
    picture, text = save_sample(data, row, folder, f"label-{number:03d}.webp")
    shown: Any = np.argsort(-predicted, kind="stable")[:LIKELIEST]
    if data.label_kind != "classes":
        shown = range(len(predicted))
    return LabelError(
        item=data.items[row],
        label=label_cell(data.labels[row], data.classes),
        suggestion=label_cell(found.suggested[row], data.classes),
        quality=float(np.where(found.wrong[row], found.quality[row], 1.0).min()),
        predicted={data.classes[place]: float(predicted[place]) for place in shown},
        picture=picture,
        text=text,
    )
