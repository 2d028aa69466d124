"""A run's model as an int8 file: ranges from its training rows, measured on rows left out of training."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headstart.data.dataset import Dataset
from headstart.metrics.kinds import measure_of
from headstart.predictor.predictor import Predictor
from headstart.predictor.quantise import Outputs, Quantised, quantise_model
from headstart.session.inputs import loader_of
from headstart.session.scoring import choose_metric, selection_score
from headstart.studies.evaluate.inputs import labelled, read_data
from headstart.studies.evaluate.run_split import with_run_split

CALIBRATION = 64  # training rows that ranges are taken from, at most
MEASURED = 500  # held-out rows that both files predict, at most


def export_int8(
    predictor: Predictor,
    data: Any,
    file: str | Path,
    columns: Mapping[str, Any],
    most: float = 0.01,
    show: Callable[[float], None] = lambda _share: None,
) -> tuple[Quantised, str]:
    """Write an int8 ONNX file; see `quantise_model`.

    Args:
        predictor: of a run, or any other.
        data: those of the run, whose test part is measured on, or others, of which all rows are. Whatever
            `hs.data.load` takes.
        file: its ending is `.onnx`.
        columns: of files, as `hs.data.load` takes them.
        most: the largest drop of the main metric, >= 0.
        show: is told which share of the work is done, in [0, 1].

    Returns:
        What it costs and saves, and the name of the metric.
    """
    given = labelled(data, predictor, columns)
    given = given if given.split else with_run_split(given, predictor)
    held_out = evenly(read_data(given, predictor, columns, allow_unseen=False).dataset, MEASURED)
    calibration = None
    if given.split is not None:
        swapped = tuple("test" if part != "test" else "train" for part in given.split)
        training = read_data(replace(given, split=swapped), predictor, columns, allow_unseen=False).dataset
        calibration = samples_of(predictor, evenly(training, CALIBRATION))
    metric = choose_metric(held_out.labels, measure_of(held_out.label_kind).main)

    def score(outputs: Outputs) -> float:
        return selection_score(logits_of(outputs, held_out), held_out.labels, metric)

    samples = samples_of(predictor, held_out)
    return quantise_model(predictor, file, samples, score, calibration, most, show), metric


def evenly(data: Dataset, most: int) -> Dataset:
    """At most so many rows, evenly over them all: rows lie by class."""
    if len(data) <= most:
        return data
    return data.subset(np.linspace(0, len(data) - 1, most).astype(int))


def samples_of(predictor: Predictor, data: Dataset) -> Tensor:
    """All rows as a model takes them, (n, ...)."""
    rows = np.arange(len(data))
    return loader_of(data, predictor.model.backbone, None).fetch(rows, np.full(len(rows), -1))  # type: ignore[arg-type]


def logits_of(outputs: Outputs, data: Dataset) -> Tensor:
    """Outputs (n, k) of an ONNX file before their activation, but for a constant a row."""
    found = torch.from_numpy(outputs)
    if data.label_kind == "numbers":
        return found
    found = found.clamp(1e-12, 1 - 1e-12)
    return found.log() if data.label_kind == "classes" else found.logit()
