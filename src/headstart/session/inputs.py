"""A backbone made to suit the data and the settings: how samples become its inputs."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from headstart.core import BadData, Preprocess, SampleLoader
from headstart.data.augment import Augment
from headstart.data.dataset import Dataset
from headstart.data.records import Records
from headstart.data.stream import Arrays, Pictures, Sentences
from headstart.models import lite0, minilm
from headstart.models.backbone import AnyBackbone, backbone
from headstart.models.encoders import is_encoder
from headstart.models.sources import BUILT_IN
from headstart.models.tables import TableEncoder
from headstart.models.tracing import quiet
from headstart.records.settings import InputSettings
from headstart.session import tables

LOOK = 50  # pictures whose size is looked at
COLOURS = 3
STEP = 32  # pixels: most architectures halve their maps five times


def default_name(data: Dataset) -> str:
    """The built-in backbone for the kind of data."""
    if data.table is not None:
        return tables.NAME
    return minilm.NAME if data.is_texts else lite0.NAME


def backbone_for(data: Dataset, base: str | nn.Module, weights: str | None = None) -> AnyBackbone:
    """A backbone made of a name or of your own module, which is tried on rows of the data.

    For texts, names that headstart does not know are those of transformers.
    """
    if data.table is not None:
        return tables.table_backbone(data, base, weights)
    if isinstance(base, AnyBackbone):
        return base
    if isinstance(base, str):
        bare = data.is_texts and ":" not in base and base not in BUILT_IN and not is_encoder(base)
        return backbone(f"transformers:{base}" if bare else base, weights=weights)
    if data.is_texts:
        raise BadData(f"{type(base).__name__} was given no tokenizer. Write backbone(module, tokenizer=...).")
    array = None if data.is_images else data.array
    return backbone(base, example=None if array is None else torch.tensor(array[:2], dtype=torch.float32))


def suited(mapping: AnyBackbone, data: Dataset, settings: InputSettings) -> AnyBackbone:
    """The backbone with the size and fit that the settings name, or else that suit the pictures.

    Without a size, pictures are taken at the backbone's own, or at their own where they are
    smaller: enlarging costs time and adds nothing. Of texts, the size is the most tokens that are
    read.

    Raises:
        BadData: the backbone takes one kind of data, or one shape, and these are another.
        BadInput: the backbone takes no texts as long as the size says.
    """
    _check_kind(mapping, data)
    if mapping.tokens is not None:
        limit = settings.size or mapping.tokens.limit
        return backbone(mapping, tokenizer=replace(mapping.tokens, limit=limit))
    if not data.is_images:
        if data.array is not None:
            _try(mapping, data)
        return mapping
    old = mapping.preprocess
    if old is None:
        _check_colours(mapping, data)
        height, width = mapping.example.shape[-2:]
        old = Preprocess(size=(int(height), int(width)), keep=1.0)
    side = settings.size or min(max(old.size), _own_size(data))
    size = old.size if settings.size is None and side == max(old.size) else (side, side)
    return backbone(mapping, preprocess=replace(old, size=size, fit=settings.fit))


def source_of(data: Dataset, mapping: AnyBackbone, augment: Augment | None) -> SampleLoader:
    """The samples of the data as the backbone takes them, in random views if there is an `augment`."""
    if mapping.tokens is not None:
        return Sentences(data, mapping.tokens)
    if data.table is not None and isinstance(mapping, TableEncoder):
        return Records(data.table, data.content, mapping.schema)
    if data.is_images and mapping.preprocess is not None:
        return Pictures(data, mapping.preprocess, augment)
    return Arrays(data)


def _check_kind(mapping: AnyBackbone, data: Dataset) -> None:
    if isinstance(mapping, TableEncoder):
        takes, fit = "tables", data.table is not None
    elif mapping.tokens is not None:
        takes, fit = "texts", data.is_texts
    elif mapping.preprocess is not None:
        takes, fit = "pictures", data.is_images
    else:
        takes, fit = "arrays of numbers", data.kind in ("numbers", "pictures")
    if fit:
        return
    holds = {"numbers": "arrays of numbers"}.get(data.kind, data.kind)
    way = {
        "texts": f"Give {minilm.NAME!r}, a model of transformers, or backbone(module, tokenizer=...).",
        "tables": f"For tables, give {tables.NAME!r}.",
        "pictures": f"For pictures, give {lite0.NAME!r} or another backbone of pictures.",
    }.get(data.kind, "Give uint8 pictures (n, height, width, 3), or a backbone for arrays.")
    raise BadData(f"The backbone {mapping.name} takes {takes}, but {data.name} holds {holds}. {way}")


def _try(mapping: AnyBackbone, data: Dataset) -> None:
    """Run the backbone on two rows of an array, so that another shape is refused before anything is begun."""
    assert data.array is not None
    array, taken = np.asarray(data.array[:2], dtype=np.float32), tuple(mapping.example.shape[1:])
    try:
        with quiet(mapping):
            mapping(torch.from_numpy(array.copy()).to(mapping.mean.device))
    except Exception as reason:
        why = (str(reason).splitlines() or [type(reason).__name__])[0].rstrip(".")
        raise BadData(
            f"The backbone {mapping.name} takes samples such as {taken}, but those of {data.name} are "
            f"{array.shape[1:]} ({why}). Bring them into that shape, or fit the backbone to them: "
            "headstart operate --channels or --size."
        ) from reason


def _check_colours(mapping: AnyBackbone, data: Dataset) -> None:
    """Pictures are red, green and blue; a backbone for other channels takes none of them."""
    shape = tuple(mapping.example.shape[1:])
    if len(shape) != 3 or shape[0] != COLOURS:
        channels = f"{shape[0]} channels" if len(shape) == 3 else f"samples of shape {shape}"
        raise BadData(
            f"The backbone {mapping.name} takes {channels}, but {data.name} holds pictures of red, green and "
            f"blue. Put a translation to grey in front (headstart operate --channels 1 --luminance), or "
            f"give arrays of floats."
        )


def _own_size(data: Dataset) -> int:
    """The median of the longer sides of some pictures, rounded up."""
    sides = []
    rows = np.arange(len(data)) if data.split is None else np.flatnonzero(np.array(data.split) != "test")
    for row in rows[np.linspace(0, len(rows) - 1, min(LOOK, len(rows))).astype(int)]:
        try:
            picture = data.picture(int(row))
        except BadData:  # the data check will say so
            continue
        if picture is not None:
            sides.append(max(picture.size))
    return -(-int(np.median(sides)) // STEP) * STEP if sides else STEP


def alike(data: Sequence[Dataset]) -> None:
    """Refuse tasks whose samples one network can't take.

    Raises:
        BadData: pictures and numbers, or rows of another shape.
    """
    shapes = {(one.kind, None if one.is_images or one.array is None else one.array.shape[1:]) for one in data}
    if len(shapes) > 1:
        named = " and ".join(f"{one.name} has {one.kind}" for one in data)
        raise BadData(
            f"One network can't take both tasks: {named}, in rows of different shapes. "
            f"Give tasks of one kind."
        )
