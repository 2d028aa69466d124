"""A model in a folder: weights, what they mean, and a card; no pickle, whole or not at all."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import save

from headstart.core import CannotWrite, LabelKind, Model
from headstart.models.backbone import AnyBackbone
from headstart.models.encoders import ENCODER, save_encoder
from headstart.models.saved import ADAPTERS, STATISTICS, TOKENIZER
from headstart.nn.adapters import describe
from headstart.nn.adapters.adapter_file import write_set
from headstart.nn.adapters.apart import AdapterSet, set_of
from headstart.predictor.training import Training
from headstart.runtime.predictions import Decision

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
    like inside it, where that is known; `adapters.safetensors` has the adapters that are folded in.

    An older folder is replaced at once.

    Raises:
        CannotWrite: no space or no right; an older folder is left as it was.
    """
    mapping, config = model.backbone, config_of(model, classes, decision, label_kind)
    assert isinstance(mapping, AnyBackbone)
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
        save_adapters(model, config, fresh / ADAPTERS)
        old = folder.with_name(f".{folder.name}.old.tmp")
        shutil.rmtree(old, ignore_errors=True)
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise CannotWrite(f"Can't write the model to {folder}: {error.strerror or error}.") from error


def config_of(
    model: Model, classes: tuple[str, ...], decision: Decision, label_kind: LabelKind
) -> dict[str, Any]:
    """What the tensors of a model mean, as JSON values."""
    mapping, head = model.backbone, model.head
    assert isinstance(mapping, AnyBackbone)
    return {
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


def save_adapters(model: Model, config: Mapping[str, Any], file: Path) -> bool:
    """Write adapters, what learned along, and the head, without the backbone; whether there are any."""
    found = set_of(model.backbone)
    if found is None:
        return False
    told = dict(config) | {"backbone": _without(config["backbone"], found)}
    head = {f"head.{key}": value for key, value in model.head.state_dict().items()}
    write_set(file, found, head, {"config": json.dumps(told)})
    return True


def _without(source: Mapping[str, Any], found: AdapterSet) -> dict[str, Any]:
    """The source of the backbone that a set is for, without the operation that attaches the set."""
    operations = list(source.get("operations", ()))
    if operations and operations[-1] == {"do": "adapt", "layers": describe(found.adapters)}:
        operations.pop()
    kept = {key: value for key, value in source.items() if key != "operations"}
    return kept | ({"operations": operations} if operations else {})


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


def save_alone(encoder: AnyBackbone, folder: Path) -> None:
    """Write an encoder without a head into a folder, which is a backbone then.

    Raises:
        CannotWrite: something else is in the folder, or there is no space or no right.
    """
    if folder.exists() and (not folder.is_dir() or {path.name for path in folder.iterdir()} - {ENCODER}):
        raise CannotWrite(f"{folder} is there and holds more than an encoder. Name a new folder.")
    save_encoder(encoder, folder / ENCODER)


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
