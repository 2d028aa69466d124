"""A backbone made to suit the data and the settings: how samples become its inputs."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn

from headstart.core import (
    BadData,
    BadInput,
    Model,
    Preprocess,
    Reader,
    SampleLoader,
    Schema,
    Tokens,
    kind_read,
)
from headstart.data.augment import Augment
from headstart.data.dataset import Dataset
from headstart.data.modalities.pictures import sampled_sizes
from headstart.data.modality import Modality, modalities
from headstart.face import spell
from headstart.models import image_text, minilm, small_convnet
from headstart.models.backbone import AnyBackbone, backbone
from headstart.models.encoders import is_encoder
from headstart.models.saved import is_run, model_in
from headstart.models.sources import BUILT_IN
from headstart.models.tables import BESIDE
from headstart.models.tracing import quiet
from headstart.models.trained_head import HeadChoice, handed_on, names_of
from headstart.session.table_backbone import MLP, NET, TABLE, table_backbone

COLOURS = 3
_ASSUMED = (
    "{} came without preprocess=, so its pictures are brought to [0, 1] and normalised by ImageNet's mean {} "
    "and standard deviation {}. If it learned otherwise, say so: hs.models.backbone(module, preprocess="
    "headstart.core.Preprocess(size=..., mean=..., std=...))."
)


def default_backbone(data: Dataset) -> str:
    """The built-in backbone for the data; of a table with texts, one that reads them, if it is there."""
    if data.table is not None and "text" in data.table.kinds and minilm.lacking() is None:
        return minilm.NAME + BESIDE
    return data.modality.backbone


def build_backbone(data: Dataset, base: str | nn.Module, weights: str | None = None) -> AnyBackbone:
    """A backbone made of a name or of your own module, which is tried on rows of the data.

    For texts, names that headstart does not know are those of transformers.
    """
    modality, base = data.modality, model_in(base)
    if isinstance(base, nn.Module):
        _require_float32(base)
    if is_run(base) or (isinstance(base, Model) and isinstance(base.backbone, AnyBackbone)):
        base = backbone(base, weights=weights)
        weights = None
    if data.table is not None:
        return table_backbone(data, base, weights)
    if isinstance(base, AnyBackbone):
        return base
    if base in (TABLE, MLP, NET):
        raise BadData(
            f"The backbone {base!r} takes tables, but {data.name} holds {modality.description}. "
            f"{modality.advice}"
        )
    if isinstance(base, str):
        small = base in small_convnet.NAMES and Tokens not in modality.readers
        return (
            _small(data, base, weights) if small else backbone(_whole_name(base, modality), weights=weights)
        )
    if Tokens in modality.readers:
        raise BadData(f"{type(base).__name__} was given no tokenizer. Write backbone(module, tokenizer=...).")
    array = data.array if data.kind == kind_read(None) else None
    return backbone(base, example=None if array is None else torch.tensor(array[:2], dtype=torch.float32))


def _small(data: Dataset, name: str, weights: str | None) -> AnyBackbone:
    """A small network that reads pictures at their own size, of 8 to 64 pixels, or arrays as they are."""
    if data.kind == kind_read(None):
        assert data.array is not None
        return backbone(name, example=torch.tensor(data.array[:2], dtype=torch.float32), weights=weights)
    sides = [max(size) for size in sampled_sizes(data)] or [small_convnet.USUAL]
    side = min(max(int(np.median(sides)), small_convnet.LEAST), small_convnet.MOST)
    return backbone(name, preprocess=replace(small_convnet.PREPROCESS, size=(side, side)), weights=weights)


def _whole_name(name: str, modality: Modality[Any]) -> str:
    """The name with its library, of a model of pictures and texts that of the encoder for the data."""
    if image_text.is_folder(name):
        return f"{'text' if Tokens in modality.readers else 'image'}-encoder:{name}"
    bare = modality.hub and ":" not in name and name not in BUILT_IN and not is_encoder(name)
    return f"{modality.hub}:{name}" if bare else name


def fit_to_data(
    mapping: AnyBackbone, data: Dataset, size: int | None = None, fit: str | None = None
) -> AnyBackbone:
    """The backbone with a size and fit, see `records.settings`, or else with those that suit the data.

    Without a size, pictures are taken at the backbone's own, and without a fit they are squashed. Of texts,
    the size is the most tokens that are read.

    Raises:
        BadData: the backbone takes one kind of data, or one shape, and these are another.
        BadInput: the backbone takes no texts as long as the size says, or no pictures of the size.
    """
    modality, reader = data.modality, mapping.reader
    _require_float32(mapping)
    _check_kind(mapping, data)
    notes = mapping.notes
    if reader is None and Preprocess in modality.readers:
        _check_colours(mapping, data)
        height, width = mapping.example.shape[-2:]
        reader = Preprocess(size=(int(height), int(width)), keep=1.0)
        notes += (_ASSUMED.format(mapping.name, reader.mean, reader.std),)
    if reader is None:
        _try(mapping, data)
    suited = modality.suited(data, reader, size, fit)
    if mapping.trained_head is not None and isinstance(suited, Preprocess) and size is None:
        suited = _as_trained(suited, reader)
    if suited is None or isinstance(suited, Schema):
        return mapping
    if isinstance(suited, Tokens):
        return backbone(mapping, tokenizer=suited)
    assert isinstance(reader, Preprocess)
    fitted = _at_size(mapping, data.kind, suited, reader.size)
    fitted.notes = notes
    return fitted


def hand_on_head(mapping: AnyBackbone, data: Dataset, choice: HeadChoice = "keep") -> AnyBackbone:
    """The backbone with the head that training on the data begins with, if it came with a trained one.

    Args:
        mapping: is not changed.
        data: whose labels are matched by name with those of the trained head.
        choice: "keep" hands on what both have; "new" nothing; a mapping or a text as "maize=corn" renames
            labels of the trained head first.

    Raises:
        BadInput: names are to be renamed and there is no trained head, or it has other names.
    """
    if not isinstance(choice, str | Mapping):
        raise BadInput(f"head is {choice!r}; it must be 'keep', 'new', or a mapping from old to new names.")
    trained = mapping.trained_head
    if trained is None:
        if choice not in ("keep", "new"):
            raise BadInput(
                f"head is {choice!r}, but the backbone {mapping.name} has no trained head whose classes have "
                "names. Give a run folder, a predictor, or hs.models.classifier(module, classes=...)."
            )
        return mapping
    made = backbone(mapping)
    made.trained_head = None
    if choice != "new":
        names = names_of(choice, trained)
        made.trained_head, note = handed_on(trained, names, data.classes, data.label_kind)
        made.notes = (*made.notes, note)
    return made


def _require_float32(module: nn.Module) -> None:
    """Refuse a module of which some parameters are in another precision than is computed in."""
    for name, parameter in module.named_parameters():
        if parameter.is_floating_point() and parameter.dtype != torch.float32:
            kind = str(parameter.dtype).removeprefix("torch.")
            raise BadInput(
                f"The parameter {name} of {type(module).__name__} is {kind}, and float32 is needed: give "
                "copy.deepcopy(module).float(). To train faster in bfloat16, say "
                f"{spell('precision', 'bf16')}."
            )


def _as_trained(suited: Preprocess, reader: Reader | None) -> Preprocess:
    """As a model with its head learned: at its size, and cut to it the same way unless another was asked."""
    assert isinstance(reader, Preprocess)
    return replace(suited, size=reader.size, fit=reader.fit if suited.fit == "squash" else suited.fit)


def _at_size(mapping: AnyBackbone, kind: str, reader: Preprocess, own: tuple[int, int]) -> AnyBackbone:
    """The backbone with its pictures at the reader's size instead of its `own`.

    Raises:
        BadInput: it can't be run there.
    """
    fitted = backbone(mapping, preprocess=reader)
    fitted.kind = kind
    if reader.size != own and (why := _why_not(fitted, reader.size)):
        sizes = [f"{height} x {width}" for height, width in (reader.size, own)]
        raise BadInput(
            f"size is {max(reader.size)}, but the backbone {mapping.name} can't be run on {sizes[0]} pixels: "
            f"{why}. Its own size is {sizes[1]}: leave size out, or say {max(own)}."
        )
    return fitted


def _why_not(mapping: AnyBackbone, size: tuple[int, int]) -> str:
    """Why a backbone gives no features of pictures of that size; "" if it does."""
    grey = torch.full((2, COLOURS, *size), 128, dtype=torch.uint8, device=mapping.mean.device)
    try:
        with quiet(mapping):
            features = mapping(grey)
    except Exception as reason:  # of whatever kind the module raises
        return _first_line(reason)
    if tuple(features.shape) == (len(grey), mapping.width):
        return ""
    return f"it gives {tuple(features.shape[1:])} features instead of {mapping.width}"


def _first_line(reason: Exception) -> str:
    return (str(reason).splitlines() or [type(reason).__name__])[0].rstrip(".")


def loader_of(data: Dataset, mapping: AnyBackbone, augment: Augment | None) -> SampleLoader:
    """The samples of the data as the backbone takes them, in random views if there is an `augment`."""
    return data.modality.loader(data, mapping.reader, augment)


def _check_kind(mapping: AnyBackbone, data: Dataset) -> None:
    modality, reader = data.modality, mapping.reader
    if isinstance(reader, modality.readers):
        return
    takes = modalities()[kind_read(reader)].description
    raise BadData(
        f"The backbone {mapping.name} takes {takes}, but {data.name} holds {modality.description}. "
        f"{modality.advice}"
    )


def _try(mapping: AnyBackbone, data: Dataset) -> None:
    """Run the backbone on two rows of an array, so that another shape is refused before anything is begun."""
    assert data.array is not None
    array, taken = np.asarray(data.array[:2], dtype=np.float32), tuple(mapping.example.shape[1:])
    try:
        with quiet(mapping):
            mapping(torch.from_numpy(array.copy()).to(mapping.mean.device))
    except Exception as reason:
        raise BadData(
            f"The backbone {mapping.name} takes samples such as {taken}, but those of {data.name} are "
            f"{array.shape[1:]} ({_first_line(reason)}). Bring them into that shape, or fit the backbone to "
            "them: headstart surgery --channels or --size."
        ) from reason


def _check_colours(mapping: AnyBackbone, data: Dataset) -> None:
    """Pictures are red, green and blue; a backbone for other channels takes none of them."""
    shape = tuple(mapping.example.shape[1:])
    if len(shape) != 3 or shape[0] != COLOURS:
        channels = f"{shape[0]} channels" if len(shape) == 3 else f"samples of shape {shape}"
        raise BadData(
            f"The backbone {mapping.name} takes {channels}, but {data.name} holds pictures of red, green and "
            f"blue. Put a translation to grey in front (headstart surgery --channels 1 --luminance), or "
            f"give arrays of floats."
        )
