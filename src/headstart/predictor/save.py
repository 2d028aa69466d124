"""A model in a folder: weights, what they mean, and a card; no pickle, whole or not at all."""

import json
import shutil
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import save

from headstart.core import BadInput, CannotWrite, LabelKind, Mismatch, Model, Preprocess
from headstart.core.tensor_file import read_tensors
from headstart.models.backbone import AnyBackbone, rebuild
from headstart.nn.heads import make_head
from headstart.predictor.training import Training

SCHEMA = 2
TOKENIZER = "tokenizer.json"
TRAINING = "training.json"


def save_model(
    model: Model,
    folder: Path,
    classes: tuple[str, ...],
    abstain: float,
    card: str,
    label_kind: LabelKind = "classes",
    training: Training | None = None,
) -> None:
    """Write `model.safetensors`, `config.json`, `README.md`, for texts `tokenizer.json`.

    `training.json` says how the model was fitted, where that is known.

    An older folder is replaced at once.

    Raises:
        CannotWrite: no space or no right; an older folder is left as it was.
    """
    mapping, head = model.backbone, model.head
    assert isinstance(mapping, AnyBackbone)
    config = {
        "schema": SCHEMA,
        "backbone": mapping.source,
        "preprocess": mapping.preprocess.settings() if mapping.preprocess else None,
        "head": {"name": type(head).__name__, "settings": dict(head.settings)},
        "label_kind": label_kind,
        "classes": list(classes),
        "abstain_below": abstain,
    }
    fresh = folder.with_name(f".{folder.name}.tmp")
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        tensors = {
            name: value.detach().cpu().contiguous().clone() for name, value in model.state_dict().items()
        }
        (fresh / "model.safetensors").write_bytes(save(tensors))
        (fresh / "config.json").write_text(json.dumps(config, indent=1) + "\n", "utf-8")
        (fresh / "README.md").write_text(card, "utf-8", "backslashreplace")
        if mapping.tokens is not None:
            (fresh / TOKENIZER).write_text(mapping.tokens.tokenizer, "utf-8")
        if training is not None:
            (fresh / TRAINING).write_text(training.to_json(), "utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise CannotWrite(f"Can't write the model to {folder}: {error.strerror or error}.") from error


def is_model(folder: Path) -> bool:
    """Whether `save_model` wrote the folder."""
    return (folder / "config.json").is_file() and (folder / "model.safetensors").is_file()


def load_training(folder: Path) -> Training | None:
    """How the model in a folder was fitted; None if the folder does not say."""
    try:
        return Training.read(folder / TRAINING)
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def load_model(folder: Path, own: Any = None) -> tuple[Model, dict[str, Any]]:
    """The model in a folder that `save_model` wrote, and its config.

    Args:
        folder: with `config.json` and `model.safetensors`.
        own: an instance of the user's own module, where the model was made from one.

    Raises:
        BadInput: there is no model, or it needs `own`.
        Mismatch: the weights don't fit the architecture; the keys are named.
    """
    path = folder / "config.json"
    if not path.exists():
        raise BadInput(f"No model in {folder}: there is no config.json. Give a folder that `adapt` wrote.")
    try:
        config: dict[str, Any] = json.loads(path.read_text("utf-8"))
        tensors, _ = read_tensors(folder / "model.safetensors")
        texts = bool(config["backbone"].get("tokens"))
        tokenizer = (folder / TOKENIZER).read_text("utf-8") if texts else None
    except (OSError, ValueError, SafetensorError) as error:
        raise BadInput(f"The model in {folder} can't be read: {error}. Copy or make it again.") from error
    preprocess = Preprocess.from_settings(config["preprocess"]) if config["preprocess"] else None
    kind = config["backbone"]
    if kind["kind"] == "own" and own is None:
        raise BadInput(
            f"The model in {folder} was made from your own module {kind['name']}, which is not saved. "
            f"Give an instance: hs.open({str(folder)!r}, backbone=...)."
        )
    mapping = rebuild(kind, own, tokenizer)
    mapping.preprocess = preprocess
    model = Model(mapping, make_head(config["head"]["name"], config["head"]["settings"]))
    wanted = model.state_dict()
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
    return model.eval(), config
