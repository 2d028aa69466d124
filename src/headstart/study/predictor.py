"""A saved model that answers on new data."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from headstart.core import BadInput, Model, Preprocess
from headstart.data.decode import prepare

from .save import load_model

UNSURE = "unsure"


@dataclass(frozen=True)
class Prediction:
    """The answer for one item.

    Attributes:
        label: the most probable class, or "unsure" if its probability is below the threshold.
        probability: of the most probable class, in [0, 1].
        probabilities: of every class; they sum to 1.
    """

    label: str
    probability: float
    probabilities: dict[str, float]


class Predictor:
    """Labels and probabilities for new items.

    Attributes:
        classes: names of the classes, in the order of the model's outputs.
        abstain: the model says "unsure" below this probability, in [0, 1).
        preprocess: of pictures; None if the model takes arrays.
    """

    def __init__(
        self, model: Model, classes: Sequence[str], preprocess: Preprocess | None, abstain: float = 0.0
    ) -> None:
        self.model, self.classes = model.eval(), tuple(classes)
        self.preprocess, self.abstain = preprocess, abstain

    def predict(self, items: Sequence[Any] | NDArray[Any], batch: int = 32) -> list[Prediction]:
        """An answer for each item.

        Args:
            items: paths of pictures, PIL images or arrays (h, w, 3); for a model of arrays (n, ...).
            batch: items that are computed together, >= 1.

        Raises:
            BadData: a picture can't be read; the text names it.
        """
        answers = []
        for shares in self._probabilities(items, batch):
            for row in shares:
                best = int(row.argmax())
                label = self.classes[best] if row[best] >= self.abstain else UNSURE
                named = dict(zip(self.classes, row.tolist(), strict=True))
                answers.append(Prediction(label, float(row[best]), named))
        return answers

    def probabilities(self, items: Sequence[Any] | NDArray[Any], batch: int = 32) -> NDArray[np.float64]:
        """Probabilities (n, classes) of n items; see `predict`."""
        found = list(self._probabilities(items, batch))
        return np.concatenate(found) if found else np.zeros((0, len(self.classes)))

    def samples(self, items: Sequence[Any] | NDArray[Any]) -> Tensor:
        """Items as the model takes them: (n, 3, h, w) uint8 pictures, or float32 arrays."""
        if self.preprocess is None:
            return torch.as_tensor(np.asarray(items, dtype=np.float32))
        return torch.stack([prepare(item, self.preprocess) for item in items])

    def _probabilities(
        self, items: Sequence[Any] | NDArray[Any], batch: int
    ) -> Iterator[NDArray[np.float64]]:
        if isinstance(items, str | Path):
            raise BadInput(f"predict takes a list of items; write [{str(items)!r}].")
        for start in range(0, len(items), batch):
            with torch.inference_mode():
                logits = self.model(self.samples(items[start : start + batch]))
            yield logits.double().softmax(1).numpy()


def open_model(folder: str | Path, *, backbone: nn.Module | None = None) -> Predictor:
    """The predictor in a run folder or its `model` folder.

    Args:
        folder: that `adapt` wrote.
        backbone: an instance of your own module, if the model was made from one.

    Raises:
        BadInput: there is no model in the folder.
        Mismatch: its weights don't fit its architecture.
    """
    folder = Path(folder)
    if not (folder / "config.json").exists() and (folder / "model" / "config.json").exists():
        folder = folder / "model"
    model, config = load_model(folder, backbone)
    mapping: Any = model.backbone
    return Predictor(model, config["classes"], mapping.preprocess, config["abstain_below"])
