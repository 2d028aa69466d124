"""Translators as objects: rows of one domain as another's, and a model that is given them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import BadInput, Model, Preprocess
from headstart.data.dataset import Dataset
from headstart.data.samples import Array
from headstart.data.sources import Arrays, Pictures
from headstart.models.backbone import AnyBackbone
from headstart.nn.translation import Translation, in_front
from headstart.predictor.predictor import Predictor
from headstart.predictor.save import save_model
from headstart.studies.translate import TranslationReport

Way = Callable[[Tensor], Tensor]  # samples as they lie in `Ways.samples`
SHARE = 256  # rows that are translated together


@dataclass(frozen=True, eq=False)
class Ways:
    """Both directions between two domains.

    Attributes:
        fronts: the modules, by "to_target" and "to_source"; none if nothing was learned.
        ways: functions of samples, likewise.
        preprocess: how pictures become samples; None for arrays of numbers.
    """

    ways: dict[str, Way]
    fronts: dict[str, Translation]
    preprocess: Preprocess | None

    def to_target(self, x: Any) -> NDArray[Any]:
        """Samples as they would look in the target; see `to_source`."""
        return self._there(x, "to_target")

    def to_source(self, x: Any) -> NDArray[Any]:
        """Samples as they would look in the source.

        Args:
            x: uint8 pictures (n, h, w), (n, h, w, 3) or (n, 3, h, w) of any size, or numbers (n, ...); not
                changed.

        Returns:
            uint8 (n, side, side, 3), or float32 (n, ...).
        """
        return self._there(x, "to_source")

    def samples(self, data: Dataset) -> Tensor:
        """All rows of a dataset as translators take them: uint8 (n, 3, side, side) or float32 (n, ...)."""
        return samples_of(data, self.preprocess)

    def dataset(self, data: Dataset, direction: str = "to_target") -> Dataset:
        """A dataset with all rows translated; labels, items, groups and split are kept.

        Any method can be trained on it: training rows that look like the target.
        """
        if direction not in self.ways:
            raise BadInput(f"direction is {direction!r}; it must be to_target or to_source.")
        made = _shown(self._all(self.samples(data), direction))
        return replace(data, name=f"{data.name}, {direction}", samples=Array(made, made.dtype == np.uint8))

    def _there(self, x: Any, direction: str) -> NDArray[Any]:
        array = np.asarray(x)
        pictures = self.preprocess is not None
        if pictures and (array.dtype != np.uint8 or array.ndim not in (3, 4)):
            raise BadInput(f"These translators take uint8 pictures, not {array.dtype} of {array.shape}.")
        if pictures and array.ndim == 4 and array.shape[1] in (1, 3) and array.shape[3] not in (1, 3):
            array = array.transpose(0, 2, 3, 1)
        samples = Array(array, pictures)
        rows = tuple(f"row {row}" for row in range(len(array)))
        labels = np.zeros(len(array), dtype=np.int64)
        return _shown(self._all(self.samples(Dataset("rows", ("",), labels, rows, samples)), direction))

    def _all(self, x: Tensor, direction: str) -> Tensor:
        if not len(x):
            return x
        way = self.ways[direction]
        return way(x) if not self.fronts else torch.cat([way(some) for some in torch.split(x, SHARE)])


@dataclass(frozen=True, eq=False)
class Translator(Ways):
    """What `translate` returns: both directions, and what was measured of them.

    Attributes:
        result: the record.
    """

    result: TranslationReport

    def report(self) -> TranslationReport:
        """What was measured: cycle errors, diversity, label flips, accuracies and what the guards say."""
        return self.result


class Translated(Predictor):
    """F = f o G: a model and, in front of it, what makes target rows look like its training rows.

    It answers like any predictor, and `save` writes a folder that `hs.open` opens. The model given is
    not changed.
    """

    def __init__(self, f: Predictor, g: Translator | Translation) -> None:
        """Put a translator in front of a model.

        Args:
            f: the model, as `hs.fit`, `hs.adapt` or `hs.open` gave it.
            g: what `hs.translate` gave, of which `to_source` is taken; or one such module.

        Raises:
            BadInput: there is nothing learned that could stand in front, or the model takes other samples.
        """
        front = g
        if isinstance(g, Ways):
            if "to_source" not in g.fronts:
                raise BadInput(
                    "The look of whole sets of rows is computed: there is no translator to put in front of a "
                    "model. Take cyclegan or cycada, or train on its dataset(source)."
                )
            front = g.fronts["to_source"]
        assert isinstance(front, Translation)
        mapping = f.model.backbone
        if not isinstance(mapping, AnyBackbone):
            raise BadInput("f has to be made by headstart: hs.fit, hs.adapt or hs.open.")
        shape = tuple(mapping.preprocess.size) if mapping.preprocess else tuple(mapping.example.shape[1:])
        mine = front.shape[1:] if mapping.preprocess else front.shape
        if shape != tuple(mine):
            raise BadInput(
                f"The model takes samples of {shape} and the translator of {tuple(mine)}. Learn it with "
                "model=f."
            )
        model = Model(in_front(mapping, fitted_to(front, mapping)), f.model.head)
        super().__init__(model, f.classes, f.preprocess, f.abstain, f.label_kind)

    def __call__(self, x: Tensor) -> Tensor:
        """Outputs (n, outputs) for samples (n, ...) as the model takes them; differentiable for floats."""
        found: Tensor = self.model(x)
        return found

    def save(self, folder: str | Path) -> None:
        """Write a folder that `hs.open` opens; the translator's weights are among the model's.

        Raises:
            CannotWrite: no space or no right.
        """
        card = "# A translator and a model\n\nRows are made to look like the training rows, then answered.\n"
        save_model(self.model, Path(folder), self.classes, self.abstain, card, self.label_kind)


def fitted_to(front: Translation, mapping: AnyBackbone) -> Translation:
    """The same translation in the units of a backbone that normalises pictures otherwise."""
    made = Translation(**front.settings)
    made.load_state_dict(front.state_dict())
    if mapping.preprocess is not None:
        mean, std = mapping.mean, mapping.std
        with torch.no_grad():
            made.units.centre.copy_((0.5 - mean) / std)
            made.units.scale.copy_(0.5 / std)
    return made.eval()


def samples_of(data: Dataset, preprocess: Preprocess | None) -> Tensor:
    """All rows as samples: uint8 (n, 3, h, w) or float32 (n, ...)."""
    rows = np.arange(len(data))
    source = Arrays(data) if preprocess is None else Pictures(data, preprocess, None)
    return source.fetch(rows, np.full(len(rows), -1)).contiguous()


def _shown(x: Tensor) -> NDArray[Any]:
    """uint8 (n, h, w, 3) or float32 (n, ...)."""
    found: NDArray[Any] = (x.permute(0, 2, 3, 1) if x.dtype == torch.uint8 else x).contiguous().numpy()
    return found
