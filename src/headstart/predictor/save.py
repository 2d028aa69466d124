"""A model in a folder: weights, what they mean, and a card; no pickle, whole or not at all."""

import json
import shutil
from pathlib import Path

from safetensors.torch import save

from headstart.core import CannotWrite, LabelKind, Model
from headstart.models.backbone import AnyBackbone
from headstart.models.saved import STATISTICS, TOKENIZER
from headstart.predictor.predictions import Decision
from headstart.predictor.training import Training

SCHEMA = 2
TRAINING = "training.json"


def save_model(
    model: Model,
    folder: Path,
    classes: tuple[str, ...],
    decision: Decision,
    card: str,
    label_kind: LabelKind = "classes",
    training: Training | None = None,
) -> None:
    """Write `model.safetensors`, `config.json`, `README.md`, for texts `tokenizer.json`.

    `training.json` says how the model was fitted and `statistics.safetensors` what its training rows look
    like inside it, where that is known.

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
        "abstain_below": decision.abstain,
        "positive": decision.positive,
        "threshold": decision.threshold,
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
        if mapping.tokenizer is not None:
            (fresh / TOKENIZER).write_text(mapping.tokenizer, "utf-8")
        if training is not None:
            (fresh / TRAINING).write_text(training.to_json(), "utf-8")
        save_statistics(model, fresh)
        old = folder.with_name(f".{folder.name}.old.tmp")
        shutil.rmtree(old, ignore_errors=True)
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise CannotWrite(f"Can't write the model to {folder}: {error.strerror or error}.") from error


def require_replaceable(folder: Path) -> None:
    """Refuse what is there and is neither empty nor a folder that `save_model` wrote.

    Raises:
        CannotWrite: something else is there.
    """
    if folder.is_dir():
        saved = all((folder / name).is_file() for name in ("config.json", "model.safetensors"))
        if saved or not any(folder.iterdir()):
            return
    if folder.exists():
        raise CannotWrite(f"{folder} is there and holds no model. Name a new folder.")


def save_statistics(model: Model, folder: Path) -> None:
    """Write `statistics.safetensors`, if statistics of training rows are known."""
    if model.source_statistics is not None:
        (folder / STATISTICS).write_bytes(save(dict(model.source_statistics)))


def load_training(folder: Path) -> Training | None:
    """How the model in a folder was fitted; None if the folder does not say."""
    try:
        return Training.read(folder / TRAINING)
    except (OSError, ValueError, TypeError, AttributeError):
        return None
