"""A model that ONNX Runtime computes; torch is not imported."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core.tokens import padded
from headstart.data.new_arrays import cells_of_rows, floats_of, ids_of, pixels_of
from headstart.data.unseen import Unseen
from headstart.runtime.onnx_predictor import OnnxPredictor
from headstart.runtime.predictions import to_prediction
from headstart.server.forms import form_of
from headstart.server.items import cautions, checked
from headstart.server.served import Engine, Floats, Job, Outcome


class OnnxModel:
    """A model that is served; see `Served`."""

    def __init__(self, name: str, predictor: OnnxPredictor, folder: Path, most_pixels: int) -> None:
        """Of a predictor, which computes for this model alone."""
        self.name, self.folder, self.kind = name, folder, predictor.kind
        self.label_kind, self.classes, self.decision = (
            predictor.label_kind,
            predictor.classes,
            predictor.decision,
        )
        self._predictor = predictor
        self.reads: object = predictor.reader
        self.form = None if predictor.schema is None else form_of(predictor.schema)
        self.engine: Engine = OnnxEngine(predictor)
        self._check = checked(self.kind, most_pixels)

    def prepare(self, item: Any) -> tuple[NDArray[Any], list[str]]:
        """An item as the graph takes it; see `Served`."""
        self._check(item)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            x, unseen = self._read(item)
        return x, cautions(unseen, self._predictor.tokens, item, len(x))

    def predicted(self, outputs: Floats) -> dict[str, Any]:
        """The prediction, as JSON values; see `Served`."""
        return vars(to_prediction(outputs, self.label_kind, self.classes, self.decision))

    def _read(self, item: Any) -> tuple[NDArray[Any], Mapping[str, Unseen]]:
        by = self._predictor
        if by.schema is not None:
            found = cells_of_rows([item], by.schema)
            return found.values[0], found.unseen
        if by.tokens is not None:
            return ids_of([item], by.tokens)[0], {}
        return (floats_of([item]) if by.preprocess is None else pixels_of([item], by.preprocess))[0], {}


class OnnxEngine:
    """A session of ONNX Runtime; see `Engine`."""

    def __init__(self, predictor: OnnxPredictor) -> None:
        """Of a predictor."""
        self._predictor = predictor

    def answer(self, jobs: Sequence[Job]) -> list[Outcome]:
        """One run of the graph for all rows of a shape; of texts, for those of similar length."""
        groups: dict[tuple[int, ...], list[int]] = {}
        for number, job in enumerate(jobs):
            groups.setdefault(() if self._predictor.tokens else job.x.shape, []).append(number)
        found: dict[int, Floats] = {}
        for numbers in groups.values():
            rows = [jobs[number].x for number in numbers]
            x = padded(rows) if self._predictor.tokens else np.stack(rows)
            found |= dict(zip(numbers, self._predictor.outputs(x), strict=True))
        return [Outcome(dict.fromkeys(job.models, found[number])) for number, job in enumerate(jobs)]
