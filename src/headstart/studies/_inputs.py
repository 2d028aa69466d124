"""Inputs of studies: from what the user named to data sets, backbones and models, and their digests."""

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn

from headstart.data.dataset import Dataset
from headstart.data.load import load as load_data
from headstart.data.unlabelled import load_unlabelled
from headstart.models.backbone import AnyBackbone
from headstart.predictor.predictor import Predictor, open_model
from headstart.records.settings import StudySettings
from headstart.run.cache import key_of
from headstart.session.inputs import build_backbone, default_backbone, fit_to_data
from headstart.studies._spec import Input, Study

UNLABELLED = ("path_column", "text_column", "label_column", "group_column", "split_column", "categorical")


def load(
    spec: Study, given: Mapping[str, Any], settings: StudySettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """The inputs by name, data first, since backbones are built for them.

    Args:
        spec: the study.
        given: values by name of the input; `weights` goes with the backbone.
        settings: of the study; `size` and `fit` go with the backbone.
        columns: of files, as `hs.data.load` takes them.
    """
    inputs: dict[str, Any] = {}
    for item in sorted(spec.inputs, key=lambda item: item.kind == "backbone"):
        inputs[item.name] = _load(item, given, inputs, settings, columns)
    return inputs


def _load(
    item: Input,
    given: Mapping[str, Any],
    loaded: Mapping[str, Any],
    settings: StudySettings,
    columns: Mapping[str, Any],
) -> Any:
    value = given.get(item.name)
    if item.kind == "backbone":
        data = next(one for one in loaded.values() if isinstance(one, Dataset))
        return load_backbone(value, data, settings, given.get("weights"))
    if value is None or item.kind in ("value", "backbones"):
        return value
    if item.kind == "model":
        return value if isinstance(value, Predictor) else open_model(value)
    if item.kind == "target":
        source = next(one for one in loaded.values() if isinstance(one, Dataset))
        return load_target(value, source, columns)
    return load_labelled(value, columns)


def load_labelled(value: Any, columns: Mapping[str, Any]) -> Dataset:
    """A data set as it is, or labelled data as `hs.data.load` takes them."""
    return value if isinstance(value, Dataset) else load_data(value, **columns)


def load_target(value: Any, source: Dataset | None, columns: Mapping[str, Any]) -> Dataset:
    """Rows of the source's kind without their labels, if they have any."""
    kept = {name: column for name, column in columns.items() if name in UNLABELLED}
    return load_unlabelled(value, source, **kept)


def load_backbone(value: Any, data: Dataset, settings: Any, weights: str | None = None) -> AnyBackbone:
    """The backbone that was named, or the built-in one for the data, at the size of the settings."""
    backbone = build_backbone(data, default_backbone(data) if value is None else value, weights)
    return fit_to_data(backbone, data, settings.size, settings.fit) if hasattr(settings, "size") else backbone


def digest(value: Any) -> str:
    """A text that changes whenever an input does; "" for none."""
    if value is None:
        return ""
    if isinstance(value, Dataset):
        return data_digest(value)
    if isinstance(value, AnyBackbone):
        return backbone_digest(value)
    if isinstance(value, Predictor):
        return key_of(value.model.state_dict(), str(list(value.classes)))
    if isinstance(value, nn.Module):
        return key_of(value.state_dict(), str(value))
    return _plain_digest(value)


def _plain_digest(value: Any) -> str:
    """The same of arrays, collections and plain values."""
    if isinstance(value, Tensor):
        return key_of({"": value}, "")
    if isinstance(value, np.ndarray):
        return key_of({}, f"{value.dtype} {value.shape} {hashlib.sha256(value.tobytes()).hexdigest()}")
    items = _items(value)
    if items is not None:
        return key_of({}, str([digest(item) for item in items]))
    return key_of({}, str(value if not isinstance(value, Path) else value.resolve()))


def _items(value: Any) -> list[Any] | None:
    """What a collection or a dataclass holds; None of other values."""
    if is_dataclass(value):
        return [getattr(value, each.name) for each in fields(value)]
    if isinstance(value, Mapping):
        return [*value, *value.values()]
    return list(value) if isinstance(value, list | tuple) else None


def data_digest(data: Dataset) -> str:
    """Of all that the user gave: samples, labels, groups and split."""
    groups = None if data.groups is None else data.groups.tolist()
    return key_of({}, data.content, str(groups), str(data.split))


def backbone_digest(backbone: AnyBackbone) -> str:
    """Of its weights and of how it is made."""
    return key_of(backbone.state_dict(), str(backbone.source))
