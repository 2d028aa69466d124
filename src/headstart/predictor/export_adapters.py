"""The few percent of a model that are not the backbone, in a file of their own."""

from pathlib import Path

from headstart.core import BadInput
from headstart.nn.adapters.apart import shipped_bytes
from headstart.predictor.predictor import Predictor
from headstart.predictor.save import config_of, save_adapters


def export_adapters(predictor: Predictor, file: str | Path) -> int:
    """Write the adapters of a model, what learned along, its head and what they mean, without the backbone.

    Args:
        predictor: of a model that was fitted by `lora`, `ia3`, `conv-adapters` or `bottleneck-adapters`.
        file: its ending is `.safetensors`; an older one is replaced.

    Returns:
        The bytes of its tensors.

    Raises:
        BadInput: another ending; or the model has no adapters, or its weights were changed after they were
            folded in.
        CannotWrite: no space or no right.
    """
    file, model = Path(file), predictor.model
    if file.suffix != ".safetensors":
        raise BadInput(f"{file} ends in {file.suffix!r}; adapters are written as .safetensors.")
    config = config_of(model, predictor.classes, predictor.decision, predictor.label_kind)
    if not save_adapters(model, config, file):
        raise BadInput(
            "This model has no adapters that could be shipped alone. Fit one by lora, ia3, conv-adapters or "
            "bottleneck-adapters."
        )
    return shipped_bytes(model)
