"""Translators as objects and files: rows of one domain as another's, and a model behind one."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from headstart.core import BadInput, CannotWrite, Model, Preprocess
from headstart.data.dataset import Dataset
from headstart.data.load import load
from headstart.data.samples import Array
from headstart.data.sources import Arrays, Pictures
from headstart.data.unlabelled import load_unlabelled
from headstart.models.backbone import AnyBackbone
from headstart.nn.front import in_front
from headstart.nn.translation import Translation
from headstart.predictor.predictor import Predictor
from headstart.session.translators import Way
from headstart.studies._shown import ShownResult
from headstart.studies.translate import Pair, TranslationReport

HALF = (0.5, 0.5, 0.5)  # mean and deviation of pictures in [-1, 1]
SHARE = 256  # rows that are translated together
SHOWN = 8  # pairs each way
WIDE = 96  # least width in pixels of each picture of a pair


@dataclass(frozen=True, eq=False)
class Ways:
    """Both directions between two domains."""

    ways: dict[str, Way]  # functions of samples, by "to_target" and "to_source"
    fronts: dict[str, Translation]  # the modules, likewise; none if nothing was learned
    preprocess: Preprocess | None  # how pictures become samples; None for arrays of numbers

    def to_target(self, x: Any) -> NDArray[Any]:
        """Samples as they would look in the target; see `to_source`."""
        return self._translate_array(x, "to_target")

    def to_source(self, x: Any) -> NDArray[Any]:
        """Samples as they would look in the source.

        Args:
            x: uint8 pictures (n, h, w), (n, h, w, 3) or (n, 3, h, w) of any size, or numbers (n, ...); not
                changed.

        Returns:
            uint8 (n, side, side, 3), or float32 (n, ...).
        """
        return self._translate_array(x, "to_source")

    def dataset(self, data: Any, direction: str = "to_target") -> Dataset:
        """A dataset with all rows translated; labels, items, groups and split are kept.

        Any method can be trained on it: training rows that look like the target.

        Args:
            data: whatever `hs.data.load` takes, or what it gave; with "to_source" labels may be missing.
            direction: "to_target" or "to_source".

        Raises:
            BadInput: another direction, or rows of another kind than the domains.
            BadData: nothing readable.
        """
        if direction not in self.ways:
            raise BadInput(f"direction is {direction!r}; it must be to_target or to_source.")
        rows: Dataset = data if isinstance(data, Dataset) else _load(data, direction)
        if rows.is_images != (self.preprocess is not None) or not (rows.is_images or rows.array is not None):
            domains = "pictures" if self.preprocess else "numbers"
            raise BadInput(f"The domains hold {domains}, and {rows.name} holds {rows.modality.description}.")
        array = self._translate(rows, direction)
        return replace(rows, name=f"{rows.name}, {direction}", samples=Array(array, array.dtype == np.uint8))

    def write(self, source: Dataset, target: Dataset, out: Path, direction: str) -> dict[str, list[Pair]]:
        """Write translated rows, and pairs of pictures before and after.

        Args:
            source: labelled rows; with "to-target" they are translated, into folders of their classes.
            target: unlabelled rows; with "to-source" they are, all into one folder.
            out: folder.
            direction: which rows are written.

        Returns:
            The pairs by direction; none of numbers.

        Raises:
            CannotWrite: no space or no permission.
        """
        forth = direction == "to-target"
        rows = self.dataset(source) if forth else self.dataset(target, "to_source")
        try:
            _write_rows(rows, out / "translated", by_class=forth)
            if self.preprocess is None:
                return {}
            (out / "pairs").mkdir(parents=True, exist_ok=True)
            return {
                "to_target": self._write_pairs(source, "to_target", out),
                "to_source": self._write_pairs(target, "to_source", out),
            }
        except OSError as error:
            raise CannotWrite(f"Can't write to {out}: {error.strerror or error}.") from error

    def _write_pairs(self, data: Dataset, direction: str, out: Path) -> list[Pair]:
        some = data.subset(np.linspace(0, len(data) - 1, min(SHOWN, len(data))).astype(int))
        before, after = _to_array(to_samples(some, self.preprocess)), self._translate(some, direction)
        pairs = []
        for row, pictures in enumerate(zip(before, after, strict=True)):
            name = f"pairs/{direction}-{row}.png"
            larger = max(1, WIDE // before.shape[2])
            both = np.concatenate(pictures, axis=1).repeat(larger, 0).repeat(larger, 1)
            Image.fromarray(both).save(out / name)
            pairs.append(Pair(some.items[row], some.said(row) if direction == "to_target" else "", name))
        return pairs

    def _translate_array(self, x: Any, direction: str) -> NDArray[Any]:
        array = np.asarray(x)
        pictures = self.preprocess is not None
        if pictures and (array.dtype != np.uint8 or array.ndim not in (3, 4)):
            raise BadInput(f"These translators take uint8 pictures, not {array.dtype} of {array.shape}.")
        if pictures and array.ndim == 4 and array.shape[1] in (1, 3) and array.shape[3] not in (1, 3):
            array = array.transpose(0, 2, 3, 1)
        items = tuple(f"row {row}" for row in range(len(array)))
        labels = np.zeros(len(array), dtype=np.int64)
        return self._translate(Dataset("rows", ("",), labels, items, Array(array, pictures)), direction)

    def _translate(self, data: Dataset, direction: str) -> NDArray[Any]:
        x, way = to_samples(data, self.preprocess), self.ways[direction]
        if len(x):  # a computed look is that of all rows at once
            x = torch.cat([way(some) for some in torch.split(x, SHARE)]) if self.fronts else way(x)
        return _to_array(x)


def _load(data: Any, direction: str) -> Dataset:
    return load(data) if direction == "to_target" else load_unlabelled(data)


@dataclass(frozen=True, eq=False, repr=False)
class Translator(ShownResult, Ways):
    """What `translate` returns: both directions, and what was measured of them."""

    result: TranslationReport  # cycle errors, diversity, label flips, accuracies and the guards


class Translated(Predictor):
    """F = f o G: a model and, in front of it, what makes target rows look like its training rows.

    It predicts like any predictor, and `save` writes a folder that `hs.open` opens. The model given is
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
        if isinstance(g, Ways) and not g.fronts:
            raise BadInput(
                "The look of whole sets of rows is computed: there is no translator to put in front of a "
                "model. Take cyclegan or cycada, or train on its dataset(source)."
            )
        front = g.fronts["to_source"] if isinstance(g, Ways) else g
        backbone = f.model.backbone
        if not isinstance(backbone, AnyBackbone):
            raise BadInput("f has to be made by headstart: hs.fit, hs.adapt or hs.open.")
        size = backbone.preprocess.size if backbone.preprocess else backbone.example.shape[1:]
        shape, taken = tuple(size), front.shape[1:] if backbone.preprocess else front.shape
        if shape != taken:
            raise BadInput(
                f"The model takes samples of {shape} and the translator of {taken}. Learn it with model=f."
            )
        model = Model(in_front(backbone, convert_units(front, backbone)), f.model.head)
        super().__init__(model, f.classes, f.preprocess, f.abstain, f.label_kind, f.training)

    def __call__(self, x: Tensor) -> Tensor:
        """Outputs (n, outputs) for samples (n, ...) as the model takes them; differentiable for floats."""
        outputs: Tensor = self.model(x)
        return outputs


def convert_units(front: Translation, backbone: AnyBackbone) -> Translation:
    """The same translation in the units of a backbone that normalises pictures otherwise."""
    converted = Translation(**front.settings)
    converted.load_state_dict(front.state_dict())
    if backbone.preprocess is not None:
        mean, std = backbone.mean, backbone.std
        with torch.no_grad():
            converted.units.centre.copy_((0.5 - mean) / std)
            converted.units.scale.copy_(0.5 / std)
    return converted.eval()


def to_samples(data: Dataset, preprocess: Preprocess | None) -> Tensor:
    """All rows as samples: uint8 (n, 3, h, w) or float32 (n, ...)."""
    rows = np.arange(len(data))
    loader = Arrays(data) if preprocess is None else Pictures(data, preprocess, None)
    return loader.fetch(rows, np.full(len(rows), -1)).contiguous()


def _to_array(x: Tensor) -> NDArray[Any]:
    """uint8 (n, h, w, 3) or float32 (n, ...)."""
    array: NDArray[Any] = (x.permute(0, 2, 3, 1) if x.dtype == torch.uint8 else x).contiguous().numpy()
    return array


def _write_rows(data: Dataset, folder: Path, by_class: bool) -> None:
    """Pictures as files, in folders of their classes; numbers as an .npz file."""
    array: NDArray[Any] = np.asarray(data.array)
    if not data.is_images:
        folder.parent.mkdir(parents=True, exist_ok=True)
        labels = np.array(data.classes)[data.labels] if data.label_kind == "classes" else data.labels
        arrays: dict[str, Any] = {"x": array, "y": labels} if by_class else {"x": array}
        np.savez_compressed(folder.with_suffix(".npz"), **arrays)
        return
    for row, pixels in enumerate(array):
        place = folder / _to_folder_name(data.said(row)) if by_class else folder
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(place / f"{row:06d}.png")


def _to_folder_name(name: str) -> str:
    return "".join("_" if letter in '/\\:*?"<>|' or not letter.isprintable() else letter for letter in name)
