"""The adapters of a model as a folder that PEFT reads, with the head beside."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from headstart.core import BadInput
from headstart.core.tensor_file import write_tensors
from headstart.nn.adapters.apart import set_of
from headstart.nn.adapters.peft_folder import write_folder
from headstart.predictor.predictor import Predictor

HEAD = "head.safetensors"
INNER = "inner."  # of a backbone: the model that it is made of
T = TypeVar("T")


def export_peft(predictor: Predictor, folder: str | Path) -> None:
    """Write the adapters of a model as PEFT's `adapter_config.json` and `adapter_model.safetensors`.

    PEFT reads them for the model that the backbone is made of, such as transformers' own, which gives
    features. `head.safetensors` has the head from features to outputs, and the classes in its metadata.

    Args:
        predictor: of a model that was fitted by `lora` or `ia3`.
        folder: to write.

    Raises:
        BadInput: the model has no adapters, or such as PEFT has not.
        CannotWrite: no space or no right.
    """
    folder, model = Path(folder), predictor.model
    found = set_of(model.backbone)
    if found is None:
        raise BadInput("This model has no adapters that PEFT could read. Fit one by lora or ia3.")
    mapping: Any = model.backbone
    write_folder(folder, mapping.inner, _inside(found.adapters), _inside(found.own))
    head, classes = model.head, json.dumps(list(predictor.classes))
    told = {"name": type(head).__name__, "settings": json.dumps(dict(head.settings)), "classes": classes}
    write_tensors(folder / HEAD, head.state_dict(), told)


def _inside(each: Mapping[str, T]) -> dict[str, T]:
    """What is of the model that a backbone is made of, by its own names."""
    return {path.removeprefix(INNER): one for path, one in each.items() if path.startswith(INNER)}
