"""A saved model in the place of a source: what can be done for a target without a row of the source."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from headstart.core import BadInput, Head
from headstart.data.dataset import Dataset
from headstart.data.unlabelled import load_unlabelled
from headstart.models.backbone import AnyBackbone
from headstart.predictor.predictor import Predictor, open_model
from headstart.studies.align import AlignSettings

UNSEEN = ("im", "bnm", "snd")  # scores that need no row of a source


@dataclass(frozen=True)
class Saved:
    """A model whose source is gone.

    Attributes:
        mapping: its backbone, which knows how samples become inputs.
        head: its head.
        predictor: both.
        like: rows of the target as if they were labelled by the model's classes; the labels mean nothing.
    """

    mapping: AnyBackbone
    head: Head
    predictor: Predictor
    like: Dataset


def holds_model(source: Any) -> bool:
    """Whether it is a run folder or a folder with a model in it."""
    if not isinstance(source, str | Path):
        return False
    folder = Path(source).expanduser()
    return (folder / "config.json").is_file() or (folder / "model" / "config.json").is_file()


def saved_in(source: Any, target: Any, settings: AlignSettings) -> Saved | None:
    """The model, if the source is a `Predictor` or a folder that holds one; else None.

    Raises:
        BadInput: it tells no classes, or what is chosen by needs rows of a source.
    """
    predictor = source if isinstance(source, Predictor) else None
    if holds_model(source):
        predictor = open_model(Path(source).expanduser())
    if predictor is None:
        return None
    if predictor.label_kind != "classes":
        raise BadInput(
            f"The saved model tells {predictor.label_kind}; without its source only classes can be adapted."
        )
    if settings.select not in UNSEEN:
        raise BadInput(
            f"select is {settings.select!r}, which needs rows of the source, and there is only a saved "
            f"model. Take one of {', '.join(UNSEEN)}."
        )
    mapping: Any = predictor.model.backbone
    rows = load_unlabelled(target)
    labels = np.arange(len(rows), dtype=np.int64) % len(predictor.classes)
    name = f"the model in {source}" if isinstance(source, str | Path) else "the saved model"
    like = replace(rows, name=name, classes=predictor.classes, labels=labels, split=None)
    return Saved(mapping, predictor.model.head, predictor, like)
