"""Which engine answers: ONNX Runtime, which starts in a fraction of a second, or torch."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from headstart.runtime.predicts import Predicts

Engine = Literal["auto", "onnx", "torch"]
PROCESSOR = ("auto", "cpu")  # devices that ONNX Runtime answers for


def open_by_engine(
    run: Path, engine: Engine, device: str, backbone: str | None
) -> "tuple[Predicts, tuple[str, ...]]":
    """The predictor of a run, and a note if it has a `model.onnx` that can't answer.

    Args:
        run: a run folder, a model folder or a file of adapters.
        engine: "auto" takes ONNX Runtime where it can.
        device: of torch; any but the processor is torch's.
        backbone: of a file of adapters, which torch alone opens.

    Raises:
        BadInput: there is no model, or `engine` is "onnx" and it can't answer.
    """
    from headstart.core import BadInput

    reason = _why_torch(engine, device, backbone)
    onnx = engine == "onnx" or run.suffix == ".onnx"
    if onnx and reason:
        raise BadInput(f"{reason}, and {'--engine is onnx' if engine == 'onnx' else f'{run} is not'}.")
    if onnx:
        return _by_onnx(run), ()
    if reason or run.is_file():
        return _by_torch(run, device, backbone), ()
    return _by_either(run, device)


def _why_torch(engine: Engine, device: str, backbone: str | None) -> str:
    """Why only torch can do what the options ask for; "" if they don't ask for it."""
    if engine == "torch":
        return "--engine is torch"
    if device not in PROCESSOR:
        return f"--device {device} is torch's"
    return "--backbone goes with adapters, which torch reads" if backbone is not None else ""


def _by_either(run: Path, device: str) -> "tuple[Predicts, tuple[str, ...]]":
    """By ONNX Runtime if it can, else by torch."""
    from headstart.core import MissingPackage
    from headstart.core.model_folder import model_folder
    from headstart.runtime.metadata import ONNX, NeedsTorch
    from headstart.runtime.onnx_predictor import open_onnx

    if not (model_folder(run) / ONNX).is_file():
        return _by_torch(run, device, None), ()
    try:
        return open_onnx(run), ()
    except (NeedsTorch, MissingPackage) as reason:
        return _by_torch(run, device, None), (f"Torch answers, which takes longer to start. {reason}",)


def _by_onnx(run: Path) -> "Predicts":
    from headstart.runtime.metadata import NeedsTorch
    from headstart.runtime.onnx_predictor import open_onnx

    try:
        return open_onnx(run)
    except NeedsTorch as reason:
        raise NeedsTorch(f"{reason} Let torch answer: leave out --engine onnx.") from reason


def _by_torch(run: Path, device: str, backbone: str | None) -> "Predicts":
    from headstart.predictor.predictor import open_model

    return open_model(run, backbone=backbone).to(device)
