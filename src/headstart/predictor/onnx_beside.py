"""The `model.onnx` of a saved model, by which it is answered without torch."""

from collections.abc import Callable
from pathlib import Path

from headstart.predictor.export import export_model
from headstart.predictor.exportable import Exportable
from headstart.runtime.metadata import BESIDE, ONNX, digest_of

TOLERANCE = 1e-5  # of probabilities; of numbers, in units of the largest


def write_beside(
    predictor: Exportable,
    folder: Path,
    show: Callable[[float], None] = lambda _share: None,
    *,
    quick: bool = False,
) -> None:
    """Write `model.onnx` into the folder of a saved model, with the digest of what it was made of.

    Args:
        predictor: what was saved there.
        folder: with `model.safetensors` and `config.json`.
        show: is told which share of the work is done, in [0, 1].
        quick: whether the exporter by dynamo, which takes ten times as long, is left out.

    Raises:
        HeadstartError: as `export_model`; the folder is as it was.
    """
    told = {BESIDE: digest_of(folder)}
    export_model(predictor, folder / ONNX, show, tolerance=TOLERANCE, more=told, quick=quick)
