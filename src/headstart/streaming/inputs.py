"""What a stream is given: a model of any kind, batches of any kind, or files; checked and never changed."""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from headstart.core import Backbone, BadData, BadInput, Batch, Model, Preprocess, Unlabelled, derive_seed
from headstart.data.columns import Columns
from headstart.data.naming import class_numbers, grouped, natural
from headstart.data.new_texts import new_texts
from headstart.data.npz import SUFFIXES, arrays_in
from headstart.data.streams import Segment
from headstart.data.suffixes import suffix_of
from headstart.data.table_rows import rows_of
from headstart.face import spell
from headstart.models.classifier import classifier
from headstart.predictor.predictor import Predictor, open_model

ModelLike = Predictor | Model | nn.Module | str | Path
SHARE = 64  # source samples that a method is given at once


def as_predictor(model: ModelLike) -> Predictor:
    """A predictor with a copy of the model, in evaluation mode.

    Raises:
        BadInput: it is no model, or predicts tags or numbers.
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
        raise BadInput("A backbone without a head predicts nothing. Give a model with its head.")
    if not isinstance(model, nn.Module):
        raise BadInput(f"A stream adapts a model: a run folder, a Predictor or an nn.Module, not {model!r}.")
    own = copy.deepcopy(model) if isinstance(model, Model) else _cut(model)
    names = [str(number) for number in range(count_outputs(own))]
    return Predictor(own, names, getattr(own.backbone, "preprocess", None))


def _cut(module: nn.Module) -> Model:
    """A classifier cut into backbone and head on an example whose shape is guessed."""
    try:
        return classifier(module)
    except BadInput as error:
        if "example=" not in str(error):
            raise
        why = str(error).partition(" Give example=")[0]
        way = "Give hs.models.classifier(net, example=x[:2]), with a few of your inputs, in its place."
        raise BadInput(f"{why} {way}") from error


def count_outputs(model: Model) -> int:
    """How many outputs the head of a model has, which is put into evaluation mode."""
    weight = next(model.head.parameters(), None)
    blank = torch.zeros(1, model.backbone.width)
    with torch.no_grad():
        outputs: Tensor = model.eval().head(blank if weight is None else blank.to(weight))
    return outputs.shape[1]


def sample_shape(model: Model) -> tuple[int, ...]:
    """Shape of one sample, as far as the backbone of a model states it; else ()."""
    backbone: Any = model.backbone
    preprocess, example = getattr(backbone, "preprocess", None), getattr(backbone, "example", None)
    if isinstance(preprocess, Preprocess):
        return (3, *preprocess.size)
    return tuple(example.shape[1:]) if isinstance(example, Tensor) else ()


def as_tensor(items: Any, reader: Predictor) -> Tensor:
    """A batch as the model takes it, on the CPU or where it lies; whatever was given stays as it is.

    Raises:
        BadData: there are no rows, or numbers among them are infinite, or missing and not of a table.
        BadInput: labels came with it, or it is no batch of samples.
    """
    x = _read(without_labels(items), reader)
    if x.ndim < 2 and not (x.ndim == 1 and not len(x)):
        raise BadInput(f"A batch of samples has the shape (n, ...), not {tuple(x.shape)}; one is x[None].")
    if not len(x):
        raise BadData("This batch has no rows. Leave it out of the stream.")
    fine = x.isfinite() if reader.schema is None else ~x.isinf()  # a table may have empty cells
    if x.is_floating_point() and not bool((whole := fine.flatten(1).all(1)).all()):
        bad = (~whole).nonzero().flatten().tolist()
        raise BadData(
            f"{len(bad)} of {len(x)} rows hold missing or infinite numbers, such as row "
            f"{', '.join(map(str, bad[:5]))} of the batch; nothing was adapted. Mend or leave them out."
        )
    return x


def without_labels(items: Any) -> Any:
    """Samples without anything beside them.

    Raises:
        BadInput: there are labels beside them.
    """
    if isinstance(items, Unlabelled):
        return items.x
    labelled = isinstance(items, Batch)
    if isinstance(items, tuple | list) and len(items) == 2:
        labelled = all(isinstance(item, Tensor | np.ndarray) for item in items)
        labelled = labelled and np.ndim(items[1]) <= 1 and np.ndim(items[0]) > 1
    if labelled:
        raise BadInput(
            "A stream is given samples alone, and this batch comes with labels, which no method may see. "
            "Give x of (x, y); hs.prequential keeps the labels apart and measures the accuracy."
        )
    return items


def _read(items: Any, reader: Predictor) -> Tensor:
    if isinstance(items, Tensor):
        weight = next((p for p in reader.model.parameters() if p.is_floating_point()), None)
        castable = weight is not None and items.is_floating_point()
        return items.detach().to(weight.dtype) if castable and weight is not None else items.detach()
    if isinstance(items, str | Path) and reader.schema is None:
        raise BadInput(f"A batch is a list of items; write [{str(items)!r}].")
    try:
        if reader.schema is None and len(items) == 0:
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


def read_labels(segments: Sequence[Segment], reader: Predictor) -> NDArray[np.int64] | None:
    """The labels of all rows of a stream as the model numbers its classes; None if no segment has any.

    They are matched by name; whole numbers are names too.

    Raises:
        BadData: some segments lack them, or they name classes that the model lacks.
    """
    known = [segment for segment in segments if segment.y is not None]
    if not known:
        return None
    if len(known) < len(segments):
        raise BadData("Some parts of this stream have labels and some have none. Give all or none.")
    return np.concatenate([_numbers_of(segment, reader) for segment in known])


def _numbers_of(segment: Segment, reader: Predictor) -> NDArray[np.int64]:
    y = np.asarray(segment.y)
    if y.shape != (len(segment.x),) or y.dtype.kind not in ("iu" if segment.classes else "iuUO"):
        raise BadData(
            f"The labels of {segment.name!r} are {y.dtype} of shape {y.shape}; they must be names or whole "
            f"numbers ({len(segment.x)},)."
        )
    if segment.classes and len(y) and not 0 <= y.min() <= y.max() < len(segment.classes):
        raise BadData(
            f"The labels of {segment.name!r} go from {y.min()} to {y.max()}, and it has "
            f"{len(segment.classes)} classes."
        )
    names = y.tolist() if segment.classes is None else [segment.classes[number] for number in y]
    return class_numbers(names, reader.classes, repr(segment.name))


def read_groups(segments: Sequence[Segment]) -> NDArray[np.int64] | None:
    """The groups of all rows of a stream; None if no segment has any, else rows without one are alone."""
    if all(segment.groups is None for segment in segments):
        return None
    given: list[Any] = []
    for number, segment in enumerate(segments):
        alone = [(number, row) for row in range(len(segment.x))]
        given += alone if segment.groups is None else np.asarray(segment.groups).tolist()
    return grouped(given)


@dataclass(frozen=True, eq=False, kw_only=True)
class Items(Segment):
    """The whole of a stream out of files, in the order in which they come."""

    names: Sequence[str]  # of the samples, such as their files
    unread: Sequence[str] = ()  # a message for each file that can't be read and is left out


def read_items(
    place: Path, reader: Predictor, labels: bool, shuffle: bool, seed: int, columns: Columns
) -> Items:
    """The samples of a folder of pictures or sounds, or of an .npz, .npy or .txt file or a table.

    With `labels` the first folder below `place`, or the array y, is the class of each sample; with `shuffle`
    the order is drawn at random.

    Raises:
        BadData: nothing is there, or a class that the model lacks.
        BadInput: the model takes other files, they have no labels, or an option on columns can't be used.
    """
    if not reader.modality.whole and reader.tokens is None:
        columns.refuse(f"this model takes {reader.modality.description}", way="leave it out")
    if not place.exists():
        raise BadInput(f"There is no folder {place}. Name one with the files of the stream.")
    if reader.modality.suffixes and not reader.modality.whole:
        items = _read_files(place, reader, labels)
    else:
        names, x, y = _read_rows(place, reader, labels, columns)
        items = Items(place.stem, x, y, reader.classes if labels else None, names=names)
    if not shuffle:
        return items
    order = np.random.Generator(np.random.PCG64(derive_seed(seed, "stream order"))).permutation(len(items.x))
    x = items.x[torch.from_numpy(order)] if isinstance(items.x, Tensor) else [items.x[i] for i in order]
    y = None if items.y is None else items.y[order]
    return replace(items, x=x, y=y, names=[items.names[i] for i in order])


def _read_files(place: Path, reader: Predictor, labels: bool) -> Items:
    """A sample a file, hidden files and folders left out, in natural order of their names."""
    paths = [(path, path.relative_to(place)) for path in (place.rglob("*") if place.is_dir() else (place,))]
    files = [
        (path, inner)
        for path, inner in paths
        if suffix_of(path) in reader.modality.suffixes and path.is_file()
        if not any(part.startswith(".") for part in inner.parts)
    ]
    files.sort(key=lambda pair: natural(pair[1].as_posix()))
    read, folders, unread = [], [], []
    for path, inner in files:
        try:
            reader.samples([path])
        except BadData as error:
            unread.append(str(error))
        else:
            read.append(path)
            folders.append(inner.parts[0] if inner.parts else "")
    if not read:
        raise BadData(
            f"There are no {reader.modality.rows} in {place} that can be read. {' '.join(unread[:5])}".strip()
        )
    y = class_numbers(folders, reader.classes, str(place)) if labels else None
    names = [str(path) for path in read]
    return Items(place.name, read, y, reader.classes if labels else None, names=names, unread=unread)


def _read_rows(
    place: Path, reader: Predictor, labels: bool, columns: Columns
) -> tuple[list[str], Any, NDArray[np.int64] | None]:
    """Names and contents of the rows of one file, and their classes where these are asked for."""
    if labels and (reader.modality.whole or reader.tokens is not None):
        raise BadInput(
            f"{spell('labels')} goes with pictures in class folders, or an .npz file with an array y."
        )
    if reader.tokens is not None:
        full = [(name, text) for name, text in new_texts(place, columns) if text.strip()]
        return [name for name, _ in full], [text for _, text in full], None
    y = None
    if reader.schema is not None:
        columns.refuse("this model takes the columns of tables", "text_column", way="leave it out")
        x = reader.samples(rows_of(place, reader.schema, columns))
    elif place.suffix.lower() in SUFFIXES:
        arrays = arrays_in(place)
        x = torch.as_tensor(np.asarray(arrays["x"], dtype=np.float32))
        y = _read_y(arrays, reader, place, labels)
    else:
        raise BadInput(f"{place}: this model takes arrays of numbers, .npz with an array x, or .npy.")
    return [f"{place}:{number}" for number in range(1, len(x) + 1)], x, y


def _read_y(
    arrays: Mapping[str, Any], reader: Predictor, place: Path, labels: bool
) -> NDArray[np.int64] | None:
    if not labels:
        return None
    if "y" not in arrays:
        raise BadInput(f"{place} has no array 'y'. Leave {spell('labels')} out, or add it.")
    return class_numbers(arrays["y"].tolist(), reader.classes, str(place))
