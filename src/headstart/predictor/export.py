"""A model in a format that other programs run, checked there against torch."""

import copy
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from headstart.core import BadInput, CannotWrite, LabelKind, Mismatch, MissingPackage, Model, Schema
from headstart.core.batches import FILL
from headstart.predictor.export_metadata import metadata_of
from headstart.predictor.exportable import Exportable
from headstart.session.scoring import activate

TOLERANCE = 1e-4  # of probabilities; of numbers, in units of the largest
Exporter = Callable[[nn.Module, Tensor, Path, str], None]
TEXTS = ["a", "b b b b", "c c c c c c c c", "d d"]  # of several lengths
OPSET = 18  # of ONNX, as the exporter by dynamo writes


class _WithActivation(nn.Module):
    """Pictures (n, 3, h, w), ids (n, length) or arrays (n, ...) in, probabilities or numbers (n, k) out."""

    def __init__(self, model: Model, label_kind: LabelKind) -> None:
        super().__init__()
        self.model, self.label_kind = model, label_kind

    def forward(self, x: Tensor) -> Tensor:
        return activate(self.model(x), self.label_kind)


def export_model(
    predictor: Exportable,
    file: str | Path,
    show: Callable[[float], None] = lambda _share: None,
    *,
    tolerance: float = TOLERANCE,
    more: Mapping[str, str] | None = None,
    quick: bool = False,
) -> float:
    """Write an ONNX file that takes what `Predictor.samples` gives; normalisation is inside.

    Its `metadata_props` say how inputs are read and what the outputs are, see `metadata_of`.

    Args:
        predictor: what `hs.open` gave.
        file: its ending is `.onnx`.
        show: is told which share of the work is done, in [0, 1]: packages, the graph, the check.
        tolerance: of the difference below, of probabilities; of numbers, in units of the largest.
        more: further `metadata_props`.
        quick: whether the exporter by dynamo, which takes ten times as long, is left out.

    Returns:
        The largest difference of outputs between onnxruntime and torch, on batches of several sizes.

    Raises:
        BadInput: the ending is unknown, or neither of torch's exporters takes the model.
        MissingPackage: onnx, onnxscript or onnxruntime is not installed.
        Mismatch: onnxruntime computes other outputs than torch; no file is written.
    """
    file = Path(file)
    predictor.require_classes()
    show(0.0)
    if file.suffix != ".onnx":
        raise BadInput(f"{file} ends in {file.suffix!r}; only .onnx can be written.")
    try:
        import onnxruntime  # noqa: F401

        if find_spec("onnxscript") is None:  # whose import takes a while, and is seldom needed
            raise ImportError(name="onnxscript")
    except ImportError as error:
        raise MissingPackage(error.name or "onnxruntime", "The export", "export") from error
    model = _WithActivation(_on_cpu(predictor.model), predictor.label_kind).eval()
    samples = _samples(predictor)
    output = "values" if predictor.label_kind == "numbers" else "probabilities"
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        show(0.2)
        exporters = (_traced,) if quick else (_traced, _captured)
        difference = _write_checked(model, samples, temporary, output, tolerance, exporters)
        show(0.8)
        set_metadata(temporary, metadata_of(predictor) | dict(more or {}))
        temporary.replace(file)
        show(1.0)
    except (Mismatch, BadInput) as reason:
        raise type(reason)(f"{str(reason).rstrip('.')}; {file} was not written.") from reason
    except OSError as error:
        raise CannotWrite(f"Can't write {file}: {error.strerror or error}.") from error
    finally:
        temporary.unlink(missing_ok=True)
    return difference


def _on_cpu(model: Model) -> Model:
    """The model on the processor; itself if it is there."""
    return model if model.device.type == "cpu" else copy.deepcopy(model).cpu()


def set_metadata(file: Path, told: Mapping[str, str]) -> None:
    """Replace the `metadata_props` of an ONNX file."""
    import onnx

    model = onnx.load(str(file))
    onnx.helper.set_model_props(model, dict(told))
    onnx.save(model, str(file))


def _samples(predictor: Exportable) -> Tensor:
    """Four samples of the kind that the model takes, none like another."""
    if predictor.tokens is not None:
        return predictor.tokens(TEXTS)
    g = torch.Generator().manual_seed(0)
    if predictor.preprocess is not None:
        return torch.randint(0, 256, (4, 3, *predictor.preprocess.size), dtype=torch.uint8, generator=g)
    mapping: Any = predictor.model.backbone
    rows = torch.randn(len(TEXTS), *mapping.example.shape[1:], generator=g)
    reader = predictor.reader
    if isinstance(reader, Schema) and reader.tokens is not None:
        places = [place for place, column in enumerate(reader.columns) if column.token]
        ids = reader.tokens(TEXTS)[:, : len(places)]
        rows[:, places] = torch.nn.functional.pad(ids, (0, len(places) - ids.shape[1]), value=FILL).float()
    return rows


@contextmanager
def _out_of_place(model: nn.Module, samples: Tensor) -> Iterator[None]:
    """Let activations write new tensors: undoing what they write in place takes the exporter long.

    They stay as they are if that changes an output: one may be read where an activation writes into it later.
    """
    inside: list[Any] = [module for module in model.modules() if getattr(module, "inplace", False) is True]

    def set_all(inplace: bool) -> None:
        for module in inside:
            module.inplace = inplace

    try:
        with torch.inference_mode():
            expected = model(samples)
            set_all(False)
            if not torch.equal(model(samples), expected):
                set_all(True)
        yield
    finally:
        set_all(True)


def _write_checked(
    model: nn.Module,
    samples: Tensor,
    file: Path,
    output: str,
    tolerance: float,
    exporters: Sequence[Exporter],
) -> float:
    """Write the graph by the first exporter whose file answers as torch does.

    Tracing takes for constant what depends on the batch in some models, which the check on batches of other
    sizes finds; either exporter fails on some architectures.

    Returns:
        The largest difference of outputs.
    """
    reason: Exception | None = None
    for write in exporters:
        try:
            # the exporters warn about what a user can do nothing about
            with warnings.catch_warnings(), _out_of_place(model, samples):
                warnings.simplefilter("ignore")
                write(model, samples, file, output)
            return _difference(model, samples, file, tolerance)
        except Exception as error:  # of any type, as the model may be any module
            reason = error
    if isinstance(reason, Mismatch):
        raise reason
    said = (str(reason).strip().splitlines() or [type(reason).__name__])[0]
    raise BadInput(f"No exporter of torch takes this model: {said.rstrip('.')}.") from reason


def _difference(model: nn.Module, samples: Tensor, file: Path, tolerance: float) -> float:
    """The largest difference of outputs between onnxruntime and torch, on batches of several sizes.

    Raises:
        Mismatch: it is larger than the tolerance.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what fails is said by the exception
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    worst = 0.0
    for x in _batches(samples):
        exported = session.run(None, {"x": x.numpy()})[0]
        with torch.inference_mode():
            expected = model(x).numpy()
        difference = float(np.abs(exported - expected).max())
        if not difference <= tolerance * max(1.0, float(np.abs(expected).max())):
            raise Mismatch(f"onnxruntime's outputs differ from torch's by {difference:.2g}.")
        worst = max(worst, difference)
    return worst


def _batches(samples: Tensor) -> Iterator[Tensor]:
    """The samples, one alone and more than there are; of texts, also shorter ones."""
    yield samples
    yield samples[:1].contiguous()
    yield torch.cat([samples, samples.flip(0), samples[:1]])
    if _are_ids(samples):
        yield samples[:1, : int((samples[0] >= 0).sum())].contiguous()


def _are_ids(samples: Tensor) -> bool:
    return not samples.is_floating_point() and samples.ndim == 2


def _traced(model: nn.Module, samples: Tensor, file: Path, output: str) -> None:
    axes = {0: "n", 1: "length"} if _are_ids(samples) else {0: "n"}
    torch.onnx.export(
        model,
        (samples,),
        str(file),
        input_names=["x"],
        output_names=[output],
        dynamic_axes={"x": axes, output: {0: "n"}},
        opset_version=OPSET,
        dynamo=False,
    )


def _captured(model: nn.Module, samples: Tensor, file: Path, output: str) -> None:
    axes = {0: torch.export.Dim("n", min=1)}
    if _are_ids(samples):
        axes |= {1: torch.export.Dim("length", min=1)}
    torch.onnx.export(
        model,
        (samples,),
        str(file),
        input_names=["x"],
        output_names=[output],
        dynamic_shapes={"x": axes},
        dynamo=True,
        external_data=False,
        verbose=False,
    )
