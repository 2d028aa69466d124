"""The shipped student as an int8 ONNX file: its bytes, times and answers, where that pays."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from headstart.core import BadInput, Mismatch, MissingPackage
from headstart.data.dataset import Dataset
from headstart.predictor.predictor import Predictor
from headstart.predictor.quantise import Outputs, Quantised, onnx_outputs, onnx_session, quantise_model
from headstart.session.scoring import selection_score
from headstart.studies.distil.measures import time_in_turn
from headstart.studies.evaluate.int8 import CALIBRATION, MEASURED, evenly, logits_of, samples_of

DROP = 0.01  # of the metric on the rows that decide, at most
SLOWER = 0.9  # of the speed of the float32 file, at least


@dataclass(frozen=True)
class Measured:
    """What is known of the int8 file."""

    outputs: Tensor  # (n, k) for the test rows
    bytes: int
    seconds: dict[int, float]  # by rows at once
    found: Quantised


def measure_int8(
    predictor: Predictor, train: Dataset, decide: Dataset, test: Dataset, metric: str, repeats: int
) -> "Measured | str":
    """The int8 file of a model, or why it is left out.

    Args:
        predictor: of pictures, sounds or texts.
        train: rows that ranges of activations are taken from.
        decide: rows on which the metric may drop by 0.01 at most; not those of the test.
        test: rows that outputs are wanted of.
        metric: that must not drop.
        repeats: times that it is timed.
    """
    with TemporaryDirectory() as folder:
        file, rows = Path(folder) / "int8.onnx", evenly(decide, MEASURED)

        def score(outputs: Outputs) -> float:
            return selection_score(logits_of(outputs, rows), rows.labels, metric)

        calibration = samples_of(predictor, evenly(train, CALIBRATION))
        try:
            found = quantise_model(predictor, file, samples_of(predictor, rows), score, calibration, DROP)
        except (BadInput, Mismatch, MissingPackage) as error:
            return f"int8 is left out: {str(error).replace(str(file), 'the file')}"
        if found.faster < SLOWER:
            return (
                f"int8 is left out: it takes {1 / found.faster:.1f} times the time of the float32 ONNX file "
                f"on this machine, for {found.smaller:.1f} times fewer bytes."
            )
        session, samples = onnx_session(file, torch.get_num_threads()), samples_of(predictor, test)

        def forward(x: Tensor) -> Any:
            return session.run(None, {"x": x.numpy()})

        seconds = time_in_turn({"int8": (forward, samples[:32])}, repeats)["int8"]
        outputs = logits_of(onnx_outputs(session, samples), test)
        return Measured(outputs, file.stat().st_size, seconds, found)
