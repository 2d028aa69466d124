"""Open the runs that are to be served, and put those together that share a backbone."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from headstart.core import HeadstartError
from headstart.core.model_folder import model_folder
from headstart.models.saved import ADAPTERS
from headstart.nn.adapters.adapter_file import read_file
from headstart.nn.adapters.fingerprint import fingerprint, named_tensors
from headstart.predictor.adapter_files import base_of
from headstart.predictor.predictor import Predictor, open_model
from headstart.server.torch_models import TorchEngine, TorchModel

READING = "preprocess", "tokens"  # settings of a backbone that say how items are read, not what is computed
Opened = tuple[TorchModel, Predictor, Path]


def one_model(name: str, run: Path, predictor: Predictor, most_pixels: int) -> TorchModel:
    """The model of a predictor alone.

    Args:
        name: of the model.
        run: that it was opened from.
        predictor: of a run.
        most_pixels: of a picture, or samples of a sound.
    """
    model = TorchModel(name, predictor, model_folder(run), most_pixels)
    engine = TorchEngine(predictor.model.backbone)
    engine.add(model)
    engine.make_fast()
    return model


def load_models(
    runs: Sequence[Path], names: Sequence[str], most_pixels: int, device: str = "auto"
) -> list[TorchModel]:
    """Open runs as models of that name.

    Backbones with equal weights are kept once. Of several runs with adapters on one backbone, that is kept
    once, and the adapters beside it.

    Args:
        runs: folders of runs or of models.
        names: of the models.
        most_pixels: of a picture, or samples of a sound.
        device: of torch.

    Raises:
        BadInput: there is no model in a folder.
    """
    engines: list[TorchEngine] = []
    adapted: list[Opened] = []
    models = []
    for run, name in zip(runs, names, strict=True):
        predictor = open_model(run).to(device)
        folder = model_folder(run)
        model = TorchModel(name, predictor, folder, most_pixels)
        models.append(model)
        if len(runs) > 1 and (folder / ADAPTERS).is_file():
            adapted.append((model, predictor, folder / ADAPTERS))
        else:
            _engine_for(predictor, engines).add(model)
        del predictor
    _add_adapted(adapted, engines)
    for engine in engines:
        engine.make_fast()
    return models


def _engine_for(predictor: Predictor, engines: list[TorchEngine]) -> TorchEngine:
    """The engine with an equal backbone, or a new one."""
    backbone = predictor.model.backbone
    for engine in engines:
        if _equal(engine.backbone, backbone):
            return engine
    engines.append(TorchEngine(backbone))
    return engines[-1]


def _equal(first: Any, second: Any) -> bool:
    """Whether two backbones compute the same, bit for bit."""
    if type(first) is not type(second) or _computed(first.source) != _computed(second.source):
        return False
    mine, theirs = named_tensors(first), named_tensors(second)
    return mine.keys() == theirs.keys() and all(
        one.shape == theirs[name].shape and torch.equal(one, theirs[name]) for name, one in mine.items()
    )


def _computed(source: dict[str, Any]) -> str:
    kept = {key: value for key, value in source.items() if key not in READING}
    return json.dumps(kept, sort_keys=True, default=str)


def _add_adapted(adapted: Sequence[Opened], engines: list[TorchEngine]) -> None:
    """Put models with adapters beside their backbone, where several models share that; others as they are."""
    bases = [read_file(file)[1]["model"] for _, _, file in adapted]
    known = {fingerprint(engine.backbone): engine for engine in engines}
    for (model, predictor, file), base in zip(adapted, bases, strict=True):
        engine = known.get(base)
        if engine is None and bases.count(base) > 1:
            engine = _engine_of(file, base, predictor.model.device)
        if engine is None:
            engines.append(TorchEngine(predictor.model.backbone))
            engines[-1].add(model)
        else:
            known[base] = engine
            engine.add(model, file)


def _engine_of(file: Path, base: str, device: torch.device) -> TorchEngine | None:
    """The backbone that adapters were made for, by its name; None where it is not found or another."""
    try:
        found = base_of(file)
    except HeadstartError:
        return None
    return TorchEngine(found.to(device)) if fingerprint(found) == base else None
