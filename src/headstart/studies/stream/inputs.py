"""What a stream is given: a model of any kind, samples of any kind; both are checked and never changed."""

import copy
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from headstart.core import Backbone, BadData, BadInput, Batch, Model, Unlabelled
from headstart.models.classifier import classifier
from headstart.predictor.predictor import Predictor, open_model

ModelLike = Predictor | Model | nn.Module | str | Path
SHARE = 64  # rows of source samples that are given to a method at once


def as_predictor(model: ModelLike) -> Predictor:
    """A predictor with a copy of the model, in evaluation mode.

    Raises:
        BadInput: it is none, or answers with tags or numbers.
    """
    if isinstance(model, str | Path):
        model = open_model(model)
    if isinstance(model, Predictor):
        if model.label_kind != "classes":
            raise BadInput(
                f"This model predicts {model.label_kind}, and a stream adapts models of classes alone."
            )
        return Predictor(copy.deepcopy(model.model), model.classes, model.preprocess, model.abstain)
    if isinstance(model, Backbone):
        raise BadInput("A backbone without a head answers nothing. Give a model with its head.")
    if not isinstance(model, nn.Module):
        raise BadInput(f"A stream adapts a model: a run folder, a Predictor or an nn.Module, not {model!r}.")
    own = copy.deepcopy(model) if isinstance(model, Model) else classifier(model)
    with torch.no_grad():
        at = next((p for p in own.head.parameters()), None)
        blank = torch.zeros(1, own.backbone.width, device=None if at is None else at.device)
        many = own.eval().head(blank).shape[1]
    return Predictor(own, [str(number) for number in range(many)], getattr(own.backbone, "preprocess", None))


def as_tensor(items: Any, reader: Predictor) -> Tensor:
    """A batch as the model takes it, on the CPU or where it lies; whatever was given stays as it is.

    Raises:
        BadData: there are no rows, or numbers among them are missing or infinite.
        BadInput: labels came with it, or it is no batch of samples.
    """
    x = _read(without_labels(items), reader)
    if x.ndim < 2 and not (x.ndim == 1 and not len(x)):
        raise BadInput(f"A batch of samples has the shape (n, ...), not {tuple(x.shape)}; one is x[None].")
    if not len(x):
        raise BadData("This batch has no rows. Leave it out of the stream.")
    if x.is_floating_point() and not bool((ok := x.isfinite().flatten(1).all(1)).all()):
        bad = (~ok).nonzero().flatten()[:5].tolist()
        raise BadData(
            f"{int((~ok).sum())} of {len(x)} rows hold missing or infinite numbers, such as row "
            f"{', '.join(map(str, bad))} of the batch; nothing was adapted. Mend or leave them out."
        )
    return x


def without_labels(items: Any) -> Any:
    """Samples without anything beside them."""
    if isinstance(items, Unlabelled):
        return items.x
    labelled = isinstance(items, Batch)
    if isinstance(items, tuple | list) and len(items) == 2:
        labelled = isinstance(items[0], Tensor | np.ndarray) and isinstance(items[1], Tensor | np.ndarray)
        labelled = labelled and np.ndim(items[1]) <= 1 and np.ndim(items[0]) > 1
    if labelled:
        raise BadInput(
            "A stream is given samples alone, and this batch comes with labels, which no method may see. "
            "Give x of (x, y); hs.prequential keeps the labels apart and tells the accuracy."
        )
    return items


def _read(items: Any, reader: Predictor) -> Tensor:
    if isinstance(items, Tensor):
        like = next((p for p in reader.model.parameters() if p.is_floating_point()), None)
        known = like is not None and items.is_floating_point()
        return items.detach().to(like.dtype) if known and like is not None else items.detach()
    if isinstance(items, str | Path) and reader.schema is None:
        raise BadInput(f"A batch is a list of items; write [{str(items)!r}].")
    try:
        if len(items) == 0 and reader.schema is None:
            return torch.zeros(0)
        return reader.samples(items)
    except (TypeError, ValueError, AttributeError) as reason:
        if isinstance(reason, BadData | BadInput):
            raise
        why = (str(reason).splitlines() or [""])[0]
        raise BadInput(
            f"A batch can't be made of {type(items).__name__} ({why}). Give x (n, ...)."
        ) from reason


def source_batches(source: Any, reader: Predictor) -> Iterator[Tensor]:
    """Batches of source samples: from one tensor or array of all, or from batches."""
    if isinstance(source, Tensor | np.ndarray):
        yield from torch.split(as_tensor(source, reader), SHARE)
        return
    if not isinstance(source, Iterable):
        raise BadInput(
            "source is a tensor (n, ...) of samples that the model was trained on, or batches of it."
        )
    for batch in source:
        yield as_tensor(batch, reader)
