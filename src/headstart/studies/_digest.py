"""A text that stands for an input, so that a resumed study is given the same."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn

from headstart.data.dataset import Dataset
from headstart.models.backbone import AnyBackbone
from headstart.predictor.predictor import Predictor
from headstart.run.cache import key_of


def digest(value: Any) -> str:
    """A text that changes whenever an input does; "" for none."""
    if isinstance(value, Dataset):  # all that the user gave
        groups = None if value.groups is None else value.groups.tolist()
        return key_of({}, value.content, str(groups), str(value.split))
    if isinstance(value, list) and value and all(isinstance(one, Dataset) for one in value):
        return " ".join(map(digest, value))  # a list of one is that one
    if isinstance(value, Predictor):
        return key_of(value.model.state_dict(), str(list(value.classes)))
    if isinstance(value, nn.Module):
        return key_of(
            value.state_dict(),
            str(value.source) if isinstance(value, AnyBackbone) else _without_places(value),
        )
    return "" if value is None else _plain_digest(value)


def _plain_digest(value: Any) -> str:
    """The same of arrays, collections and plain values."""
    if isinstance(value, Tensor):
        return key_of({"": value}, "")
    if isinstance(value, np.ndarray):
        return key_of({}, f"{value.dtype} {value.shape} {hashlib.sha256(value.tobytes()).hexdigest()}")
    if is_dataclass(value):
        value = [getattr(value, field.name) for field in fields(value)]
    elif isinstance(value, Mapping):
        value = [*value, *value.values()]
    if isinstance(value, list | tuple):
        return key_of({}, str([digest(item) for item in value]))
    if callable(value):  # by its name and settings; what it computes can't be told
        return key_of({}, _without_places(value))
    return key_of({}, str(value.resolve() if isinstance(value, Path) else value))


def _without_places(value: Any) -> str:
    """What Python writes for an object, without where it lies in memory, which differs in each process."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", str(value))
