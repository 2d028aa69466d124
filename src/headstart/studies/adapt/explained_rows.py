"""A few answers on the test part, right and wrong, explained; and what columns are worth there."""

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import Model
from headstart.data.dataset import Dataset
from headstart.metrics.tags import THRESHOLD
from headstart.metrics.thresholds import Threshold
from headstart.predictor.attributions import PERMUTATIONS
from headstart.predictor.examples import Examples
from headstart.predictor.importance import column_importance
from headstart.predictor.predictor import Predictor
from headstart.records.explanation import EXPLANATIONS, ColumnImportance, Explanation, RunExplanations
from headstart.session.scoring import as_predictions
from headstart.studies._runner import Job
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt.fixed_costs import SHARE
from headstart.studies.adapt.kept_examples import affordable
from headstart.studies.explain.pictures import save_pictures

EACH = 2  # answers of those that are right, and of those that are wrong
PATCHES = 8  # of a picture each way, that do not overlap
REPEATS = 5  # permutations of each column
MOST = 200_000  # inputs whose values are asked for, where no budget says how many


def explain_rows(
    job: Job[AdaptSettings],
    model: Model,
    test: Dataset,
    outputs: tuple[Tensor, Threshold | None],
    read: float,
) -> None:
    """Write the explanations and their pictures, as far as a share of the budget allows; else nothing.

    Args:
        job: whose folder is written to.
        model: the final one.
        test: the test part.
        outputs: (n, outputs) of the model for it, and the threshold of two classes, if it has one.
        read: seconds that the backbone takes for a row.
    """
    (job.folder.path / EXPLANATIONS).unlink(missing_ok=True)  # of a former sitting
    backbone: Any = model.backbone
    predictor = Predictor(model, test.classes, backbone.preprocess, label_kind=test.label_kind)
    logits, threshold = outputs
    if threshold is not None:
        predictor.positive, predictor.threshold = test.classes[threshold.positive], threshold.value
    inputs = _inputs(test, predictor)
    if not inputs:
        return
    room = min(affordable(job.settings, read), MOST)
    started, examples = time.perf_counter(), Examples.beside(job.folder.path)
    found: list[tuple[int, Explanation]] = []
    for row in job.progress.count(_shown(test, predictor, as_predictions(logits, test.label_kind))):
        room -= inputs
        late = not job.settings.epochs and time.perf_counter() - started > SHARE * job.settings.seconds
        if room < 0 or late:
            break
        found.append((row, _explained(predictor, test, row, examples)))
    importance: tuple[float | None, list[ColumnImportance]] = (None, [])
    metric = job.artefacts["metric"]
    if predictor.schema is not None and room >= len(test) * len(predictor.schema.names) * REPEATS:
        importance = column_importance(predictor, test, metric, REPEATS, job.settings.seed)
    if not found and not importance[1]:
        return
    explanations = [each for _, each in found]
    if predictor.preprocess is not None:
        seen = [predictor.samples(_item(test, row))[0] for row, _ in found]
        save_pictures(job.folder.path, seen, explanations)
    truths = [test.said(row) for row, _ in found]
    record = RunExplanations(
        test.kind, test.label_kind, explanations, truths, metric if importance[1] else "", *importance
    )
    job.folder.write(record, EXPLANATIONS)


def _inputs(test: Dataset, predictor: Predictor) -> int:
    """How many inputs the explanation of a row asks for, about; 0 where there is none."""
    if predictor.schema is not None:
        return PERMUTATIONS * (len(predictor.schema.names) + 1)
    if predictor.tokens is not None and test.texts is not None:
        return int(np.median([len(text.split()) for text in test.texts])) + 1
    return (PATCHES + 1) ** 2 if predictor.preprocess is not None else 0


def _shown(test: Dataset, predictor: Predictor, predicted: NDArray[np.float64]) -> list[int]:
    """Rows: the surest wrong ones, then the surest right ones; of numbers the largest errors."""
    if test.label_kind == "numbers":
        order = np.argsort(-np.abs(predicted - test.labels).max(1), kind="stable")
        return list(dict.fromkeys([*order[:EACH].tolist(), *order[::-1][:EACH].tolist()]))
    if test.label_kind == "tags":
        wrong = ((predicted >= THRESHOLD) != test.labels).any(1)
    else:
        wrong = np.array(
            [
                getattr(answer, "label", "") != test.classes[truth]
                for answer, truth in zip(predictor.predictions(predicted), test.labels, strict=True)
            ]
        )
    order = np.argsort(-predicted.max(1), kind="stable")
    return [row for part in (True, False) for row in order[wrong[order] == part][:EACH].tolist()]


def _item(test: Dataset, row: int) -> Any:
    """A row as the predictor takes it."""
    if test.table is not None:
        return test.table.take(np.array([row]))
    if test.texts is not None:
        return [test.texts[row]]
    return [test.raw(row)]


def _explained(predictor: Predictor, test: Dataset, row: int, examples: Examples | None) -> Explanation:
    patch = None
    if predictor.preprocess is not None:
        patch = max(1, max(predictor.preprocess.size) // PATCHES)
    found = predictor.explain(_item(test, row), train=examples, patch=patch, stride=patch)[0]
    return Explanation(**{**vars(found), "item": test.items[row]})
