"""The folder of a saved model: its config, tensors and tokenizer, read without executing anything."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import SafetensorError
from torch import Tensor, nn

from headstart.core import BadInput, Mismatch, Model
from headstart.core.model_folder import ENCODER, model_folder
from headstart.core.tensor_file import read_tensors

TOKENIZER = "tokenizer.json"
ADAPTERS = "adapters.safetensors"  # those that are folded in, what learned along, and the head
STATISTICS = "statistics.safetensors"  # of training rows inside the model, for streams


class Saved(NamedTuple):
    """What such a folder holds."""

    config: dict[str, Any]
    tensors: dict[str, Tensor]
    tokenizer: str | None
    statistics: dict[str, Tensor] | None


def is_run(name: object) -> bool:
    """Whether it is a folder that `adapt` or `save` wrote, and not one of transformers'."""
    if not isinstance(name, str | Path):
        return False
    for file in (Path(name) / "model" / "config.json", Path(name) / "config.json"):
        if file.is_file():
            try:
                return bool({"schema", "backbone"} <= json.loads(file.read_text("utf-8")).keys())
            except (OSError, ValueError, AttributeError):
                return False
    return False


def adapters_of(folder: str | Path) -> Path | None:
    """The file of adapters that the model of a run, or in a folder, keeps apart; None if there is none."""
    file = model_folder(folder) / ADAPTERS
    return file if file.is_file() else None


def model_in(base: Any) -> Any:
    """The model of a predictor; anything else as it is."""
    model = getattr(base, "model", None)
    return model if isinstance(model, Model) and not isinstance(base, nn.Module) else base


def read_saved(folder: Path, own: Any = None) -> Saved:
    """What is in a folder with `config.json` and `model.safetensors`.

    Args:
        folder: of the model.
        own: an instance of the user's own module, where the model was made from one.

    Raises:
        BadInput: there is no model, it can't be read, or it needs `own`.
    """
    path = folder / "config.json"
    if not path.exists() and (folder / ENCODER).is_file():
        raise BadInput(
            f"{folder} holds a pre-trained encoder, which predicts nothing yet. Fit it to labelled data: "
            f"headstart adapt DATA --backbone {folder}, or hs.adapt({str(folder)!r}, data)."
        )
    if not path.exists():
        raise BadInput(f"No model in {folder}: there is no config.json. Give a folder that `adapt` wrote.")
    try:
        config: dict[str, Any] = json.loads(path.read_text("utf-8"))
        tensors, _ = read_tensors(folder / "model.safetensors")
        read = config["backbone"].get("texts") or config["backbone"]  # of a table, the backbone of its texts
        texts = bool(read.get("tokens"))
        tokenizer = (folder / TOKENIZER).read_text("utf-8") if texts else None
    except (OSError, ValueError, SafetensorError) as error:
        raise BadInput(f"The model in {folder} can't be read: {error}. Copy or make it again.") from error
    statistics = None
    with suppress(OSError, SafetensorError):
        statistics = read_tensors(folder / STATISTICS)[0]
    if read["kind"] == "own" and own is None:
        raise BadInput(
            f"The model in {folder} was made from your own module {read['name']}, which is not saved. "
            f"Give an instance: hs.open({str(folder)!r}, backbone=...)."
        )
    return Saved(config, tensors, tokenizer, statistics)


def fill(model: Model, saved: Saved, folder: Path) -> None:
    """Load the tensors of a folder into a model, and the statistics of its training rows, if any.

    Raises:
        Mismatch: they don't fit the architecture; the keys are named.
    """
    tensors, wanted = saved.tensors, model.state_dict()
    wrong = sorted(
        (wanted.keys() ^ tensors.keys())
        | {k for k in wanted.keys() & tensors.keys() if wanted[k].shape != tensors[k].shape}
    )
    if wrong:
        raise Mismatch(
            f"The weights in {folder} belong to another architecture: {len(wrong)} keys differ, "
            f"such as {', '.join(wrong[:5])}."
        )
    model.load_state_dict(tensors)
    model.source_statistics = saved.statistics
