"""Why a predictor gives an answer: its inputs taken apart by `attribution`, and what it learned from."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.attribution.coalitions import Attributed, Floats
from headstart.attribution.log_odds import margins
from headstart.attribution.maps import PlaceMap, integrated_gradients, mean_colour, occlusion
from headstart.core import BadInput, LabelKind, Model, Reader, Schema, Tokens, Unknown
from headstart.data.dataset import Dataset
from headstart.data.modality import Modality
from headstart.data.new_items import sequence_of, several
from headstart.data.table_rows import rows_of
from headstart.face import spell
from headstart.models.lengths import by_length
from headstart.predictor.attributions import PERMUTATIONS, Attribution, Attributions
from headstart.predictor.examples import Examples
from headstart.predictor.parts import column_names, column_values, columns_in, number_of, pieces_of
from headstart.predictor.training import OUTPUTS
from headstart.records.explanation import Contribution, Explanation, HeatMap
from headstart.runtime.prediction_files import names_of
from headstart.runtime.predictions import PredictedClass, PredictedTags, Prediction
from headstart.session.scoring import as_predictions

BATCH = 32
ROWS = 1024  # of a table that are computed together


class Explainable(Protocol):
    """What explaining asks of a predictor."""

    model: Model
    classes: tuple[str, ...]
    label_kind: LabelKind
    tokens: Tokens | None
    schema: Schema | None
    folder: Path | None

    @property
    def reader(self) -> Reader | None:
        """How items become inputs."""

    @property
    def modality(self) -> Modality[Dataset]:
        """The kind of items."""

    def samples(self, items: Any, *, allow_unseen: bool = False) -> Tensor:
        """Items as the model takes them."""

    def predictions(self, outputs: NDArray[np.float64]) -> list[Prediction]:
        """Rows of probabilities or numbers as predictions."""


class Explains:
    """A predictor that says why."""

    def explain(  # noqa: PLR0913  # an option is an argument
        self: Explainable,
        items: Any,
        class_name: str | None = None,
        *,
        attribution: Attribution | None = None,
        permutations: int = PERMUTATIONS,
        patch: int | None = None,
        stride: int | None = None,
        train: Dataset | Examples | None = None,
        neighbours: int = 3,
        seed: int = 0,
    ) -> list[Explanation]:
        """Why the model gives its answer for each item; see `hs.explain` for a page of it.

        Contributions to a class or a tag are in log-odds, those to a number in its own unit.

        Args:
            items: see `predict`.
            class_name: the class, tag or column of numbers to explain; None: the predicted class, the most
                probable tag, the first column.
            attribution: of pictures "occlusion" or "integrated-gradients", of texts "leave-one-out"
                or "shapley", of tables and rows of numbers "shapley" or "leave-one-out"; None: the first.
            permutations: of the parts of an item, for Shapley values, >= 2.
            patch: side of what is covered by occlusion in pixels, >= 1; None: a seventh of the longer side.
            stride: pixels from one patch to the next, >= 1; None: half a patch.
            train: what the model learned from, for the nearest training examples and for what columns are
                replaced by; None: what the run folder keeps.
            neighbours: how many nearest training examples are named, >= 0.
            seed: of what is drawn.

        Raises:
            Unknown: the model has no such class, tag or column.
            BadInput: an option that does not suit the items, or integrated gradients of a model without
                gradients; of tables, no training rows are known.
            BadData: see `predict`.
        """
        examples = Examples.of(self.model, train) if isinstance(train, Dataset) else train
        examples = Examples.beside(self.folder) if examples is None else examples
        how = Attributions(attribution, permutations, patch, stride, seed)
        items, x = _read(self, items)
        names, features = names_of(items, len(x)), _features(self, x)
        near = examples.nearest(features, neighbours) if examples and neighbours else [[] for _ in names]
        outputs = _outputs(self, x)
        answers = self.predictions(outputs)
        chosen = [_chosen(self, *pair, class_name) for pair in zip(outputs, answers, strict=True)]
        explainer = _explainer(self, items, x, how, examples)
        found = []
        for row, (name, output) in enumerate(zip(names, chosen, strict=True)):
            parts, places, value, base = explainer(row, output)
            explanation = Explanation(
                name,
                _said(answers[row]),
                self.classes[output],
                value,
                base,
                how.way,
                parts,
                places,
                near[row],
                None if self.label_kind == "numbers" else float(outputs[row, output]),
            )
            found.append(explanation)
        return found


Explained = tuple[list[Contribution], HeatMap | None, float, float | None]


def _explainer(
    model: Explainable, items: Any, x: Tensor, how: Attributions, examples: Examples | None
) -> Callable[[int, int], Explained]:
    """A function of an item's number and an output's."""
    if model.tokens is not None:
        how.settle("texts")
        return lambda row, output: _words(model, items[row], output, how, row)
    if model.schema is not None or x.ndim == 2:
        how.settle("columns")
        if examples is None or examples.rows is None:
            raise BadInput(
                "To leave a column out, its value is replaced by those of training rows, and none are kept "
                f"with this model. Give what it learned from: {spell('train', ..., stands='DATA')}."
            )
        rows = examples.rows
        return lambda row, output: _columns(model, items, x[row], rows, output, how, row)
    if x.ndim != 4:
        raise BadInput(
            f"The samples have the shape {tuple(x.shape[1:])}. Explained are pictures (channels, height, "
            "width), texts, tables and rows of numbers."
        )
    how.settle("pictures")
    return lambda row, output: _places(model, x[row], output, how)


def _words(model: Explainable, text: str, output: int, how: Attributions, row: int) -> Explained:
    pieces = pieces_of(text)
    tokens = model.tokens
    assert tokens is not None

    def value(masks: NDArray[np.bool_], _: NDArray[np.int64]) -> Floats:
        kept = ["".join(p for p, there in zip(pieces, mask, strict=True) if there) for mask in masks]
        return _margins(model, tokens(kept), output)

    found = how.attributed(value, len(pieces), 1, row)
    parts = _contributions([piece.strip() for piece in pieces], [""] * len(pieces), found)
    return parts, None, found.value, found.base


def _columns(
    model: Explainable, items: Any, x: Tensor, rows: Tensor, output: int, how: Attributions, row: int
) -> Explained:
    names, groups = column_names(model.schema, len(x)), columns_in(model.schema, len(x))
    number = number_of(groups, len(x))

    def value(masks: NDArray[np.bool_], drawn: NDArray[np.int64]) -> Floats:
        there = torch.from_numpy(masks[:, number])
        return _margins(model, torch.where(there, x, rows[torch.from_numpy(drawn)].to(x)), output)

    found = how.attributed(value, len(groups), len(rows), row)
    parts = _contributions(names, column_values(items, x, names, row), found)
    return parts, None, found.value, found.base


def _contributions(names: Sequence[str], values: Sequence[str], found: Attributed) -> list[Contribution]:
    errors = [None] * len(names) if found.errors is None else found.errors.tolist()
    cells = zip(names, values, found.contributions.tolist(), errors, strict=True)
    return [Contribution(*cell) for cell in cells]


def _places(model: Explainable, picture: Tensor, output: int, how: Attributions) -> Explained:
    if how.way == "occlusion":
        found = occlusion(lambda x: _margins(model, x, output), picture, how.patch, how.stride)
    else:
        found = _gradients(model, picture, output)
    height, width = picture.shape[1:]
    places = HeatMap(
        found.contributions.tolist(), found.tops, found.lefts, [*found.size], [int(height), int(width)]
    )
    return [], places, found.value, found.base


def _gradients(model: Explainable, picture: Tensor, output: int) -> PlaceMap:
    normalised: Any = getattr(model.model.backbone, "normalised", torch.Tensor.float)
    x = normalised(picture[None].to(model.model.device))[0]

    def values(some: Tensor) -> Tensor:
        return margins(model.model(some).double(), model.label_kind, output)

    return integrated_gradients(values, x, mean_colour(x))


# --- the model on inputs


def _read(model: Explainable, items: Any) -> tuple[Any, Tensor]:
    """The items in the layout of their kind, and as the model takes them."""
    if model.schema is not None:
        items = rows_of(items, model.schema)
        return items, model.samples(items, allow_unseen=True)
    pictures = model.reader is not None and model.tokens is None
    items = model.modality.listed(sequence_of(several(items, pictures)))
    return items, model.samples(items)


def _outputs(model: Explainable, x: Tensor) -> Floats:
    """Probabilities or numbers (n, outputs)."""
    return as_predictions(forward(model, x, model.model), model.label_kind)


def _margins(model: Explainable, x: Tensor, output: int) -> Floats:
    """What contributions add up to (n,): log-odds of a class or tag, or numbers."""
    return margins(forward(model, x, model.model).double(), model.label_kind, output).numpy()


def _features(model: Explainable, x: Tensor) -> Tensor:
    """Features (n, width)."""
    return forward(model, x, model.model.backbone).flatten(1)


def forward(model: Explainable, x: Tensor, module: torch.nn.Module) -> Tensor:
    """Outputs (n, ...) on the CPU of a model, or of a part that takes the same inputs (n, ...)."""
    device = model.model.device
    with torch.inference_mode():
        if model.tokens is not None:
            return by_length(lambda some: module(some.to(device)), x).float().cpu()
        shares = torch.split(x, ROWS if x.ndim == 2 else BATCH)
        return torch.cat([module(some.to(device)).float().cpu() for some in shares])


def _chosen(model: Explainable, outputs: Floats, predicted: Prediction, name: str | None) -> int:
    """The number of the output that is explained."""
    if name is not None:
        if name not in model.classes:
            raise Unknown(f"{OUTPUTS[model.label_kind]} of this model", name, model.classes)
        return model.classes.index(name)
    if isinstance(predicted, PredictedClass) and predicted.label in model.classes:  # it may be "unsure"
        return model.classes.index(predicted.label)
    return 0 if model.label_kind == "numbers" else int(outputs.argmax())


def _said(predicted: Prediction) -> str:
    if isinstance(predicted, PredictedClass):
        return predicted.label
    if isinstance(predicted, PredictedTags):
        return ", ".join(predicted.tags) or "no tag"
    return ", ".join(f"{name} = {value:.6g}" for name, value in predicted.values.items())
