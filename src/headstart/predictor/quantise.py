"""A model as an int8 ONNX file: a quarter of the bytes, written where it predicts held-out rows as well."""

import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import BadInput, Mismatch
from headstart.core.atomic_file import write_atomically
from headstart.face import spell
from headstart.predictor.export import export_model, set_metadata
from headstart.predictor.export_metadata import metadata_of
from headstart.predictor.predictor import Predictor

Outputs = NDArray[np.float64]
Score = Callable[[Outputs], float]
BATCH = 16  # rows at once
EXPORTED, QUANTISED, PREDICTED = 0.5, 0.7, 0.9  # shares of the work that are done by then, about
TIMED = 5  # times that each file is timed, in turn; the quickest counts
CONVOLUTIONS, PRODUCTS = "Conv", ("MatMul", "Gemm")
AFTER = ("Clip", "Relu", "Add")  # else ranges hold what an activation cuts off


@dataclass(frozen=True)
class Quantised:
    """What int8 costs and saves.

    Attributes:
        way: "static", with ranges of activations from training rows, or "dynamic", with those of each batch.
        rows: held-out rows that both files predicted.
        before: the main metric of the float32 file on them; higher is better.
        after: the same of the int8 file.
        agreement: share of the rows with the same class, or of all pairs of a row and a tag; None of numbers.
        smaller: bytes of the float32 file over those of the int8 file.
        faster: seconds of the float32 file over those of the int8 file on this machine, for 16 rows.
    """

    way: str
    rows: int
    before: float
    after: float
    agreement: float | None
    smaller: float
    faster: float


def quantise_model(
    predictor: Predictor,
    file: str | Path,
    held_out: Tensor,
    score: Score,
    calibration: Tensor | None = None,
    most: float = 0.01,
    show: Callable[[float], None] = lambda _share: None,
) -> Quantised:
    """Write an ONNX file with int8 weights that predicts held-out rows as well as the float32 file.

    Networks that are mostly convolutions get static ranges from `calibration` (arXiv:1712.05877), their head
    stays float32; others have int8 matrix products with dynamic ranges. Weights take 7 bits, so that no
    processor's sums saturate.

    Args:
        predictor: of pictures, sounds or texts.
        file: its ending is `.onnx`.
        held_out: samples (n, ...) that nothing was learned from, as `Predictor.samples` gives them.
        score: of outputs (n, k): the main metric; higher is better.
        calibration: training samples (m, ...); without them all ranges are dynamic.
        most: the largest drop of the metric, >= 0.
        show: is told which share of the work is done, in [0, 1].

    Raises:
        BadInput: a model of tables or arrays, one without anything that int8 serves, or another ending.
        Mismatch: the metric drops by more than `most`; no file is written.
        CannotWrite: no space or no right.
    """
    file = Path(file)
    if file.suffix != ".onnx":
        raise BadInput(f"{file} ends in {file.suffix!r}; int8 is written as .onnx alone.")
    kind = predictor.modality.kind
    if predictor.preprocess is None and predictor.tokens is None:
        raise BadInput(f"int8 is for models of pictures, sounds and texts; this one takes {kind}.")
    with TemporaryDirectory() as place:
        whole, small = Path(place) / "float32.onnx", Path(place) / "int8.onnx"
        export_model(predictor, whole, lambda done: show(EXPORTED * done))
        way = _quantise(whole, small, calibration)
        show(QUANTISED)
        set_metadata(small, metadata_of(predictor) | {"quantisation": f"int8, {way}"})
        sessions = onnx_session(whole), onnx_session(small)
        before, after = (onnx_outputs(one, held_out) for one in sessions)
        show(PREDICTED)
        agreement = None
        if predictor.label_kind != "numbers":
            tags = predictor.label_kind == "tags"
            same = (before >= 0.5) == (after >= 0.5) if tags else before.argmax(1) == after.argmax(1)
            agreement = float(same.mean())
        found = Quantised(
            way=way,
            rows=len(held_out),
            before=score(before),
            after=score(after),
            agreement=agreement,
            smaller=whole.stat().st_size / small.stat().st_size,
            faster=_ratio_of_times(*sessions, held_out[:BATCH].numpy()),
        )
        if not found.after >= found.before - most:
            raise Mismatch(
                f"int8 predicts {found.rows} held-out rows worse: {found.after:.3f} instead of "
                f"{found.before:.3f}, and {most:g} less is the most; {file} was not written. Export "
                f"float32, or allow more: {spell('most')}."
            )
        write_atomically(file, small.read_bytes())
        show(1.0)
    return found


def _quantise(whole: Path, small: Path, calibration: Tensor | None) -> str:
    """Write the int8 file; which ranges it has."""
    import onnx
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared = whole.with_name("prepared.onnx")
    quant_pre_process(str(whole), str(prepared), skip_symbolic_shape=True)
    kinds = [node.op_type for node in onnx.load(str(prepared)).graph.node]
    convolutions = kinds.count(CONVOLUTIONS) >= max(1, sum(map(kinds.count, PRODUCTS)))
    weights = {"per_channel": True, "reduce_range": True, "weight_type": quantization.QuantType.QInt8}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if convolutions:
            if calibration is None:
                raise BadInput(
                    "This network is made of convolutions, whose int8 ranges come from training rows. Give "
                    "the data of the run, or data with a split."
                )
            quantization.quantize_static(
                str(prepared),
                str(small),
                _Rows(calibration),
                activation_type=quantization.QuantType.QUInt8,
                op_types_to_quantize=[CONVOLUTIONS, *AFTER],
                **weights,
            )
            return "static"
        if not any(kind in kinds for kind in PRODUCTS):
            raise BadInput("This model has no matrix products that int8 could compute.")
        parts = ["MatMul", "Gather"]  # products, and embeddings of words
        quantization.quantize_dynamic(str(prepared), str(small), op_types_to_quantize=parts, **weights)
    return "dynamic"


class _Rows:
    """What ONNX Runtime calls a CalibrationDataReader: batches of samples, then None."""

    def __init__(self, x: Tensor) -> None:
        self.batches: Iterator[Tensor] = iter(torch.split(x, BATCH))

    def get_next(self) -> dict[str, Any] | None:
        """The next batch."""
        batch = next(self.batches, None)
        return None if batch is None else {"x": batch.numpy()}


def onnx_session(file: Path, threads: int = 0) -> Any:
    """An ONNX file in ONNX Runtime, with so many threads of the processor; 0: as many as it takes."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def onnx_outputs(session: Any, x: Tensor) -> Outputs:
    """Outputs (n, k) of a session for samples (n, ...): probabilities, or numbers."""
    found = [session.run(None, {"x": some.numpy()})[0] for some in torch.split(x, BATCH)]
    return np.concatenate(found).astype(np.float64)


def _ratio_of_times(whole: Any, small: Any, x: NDArray[Any]) -> float:
    best = [np.inf, np.inf]
    for _ in range(TIMED):
        for place, session in enumerate((whole, small)):
            begun = time.perf_counter()
            session.run(None, {"x": x})
            best[place] = min(best[place], time.perf_counter() - begun)
    return float(best[0] / best[1])
