"""Which methods are compared where none are named: those that suit the data, the labels and the sources."""

import copy
import importlib.util
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from torch import nn

from headstart.core import BadData, BadInput, Method, Task, make
from headstart.data.dataset import Dataset
from headstart.data.pooled import why_not_pooled
from headstart.face import spell
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe
from headstart.models.backbone import AnyBackbone
from headstart.nn.adapters.sites import transformer_layers
from headstart.report.text import join_words
from headstart.session.requirements import learns_one_source
from headstart.session.session_data import SessionData

DEFAULT = ("logistic-probe", "ridge-probe", "nearest-centroid", "knn", "fine-tune", "lp-ft")
WITH_SOURCE = ("pretrain-fine-tune", "multi-task")
FURTHER = ("l2-sp", "wise-ft", "fine-tune:backbone_lr=1.0")  # of the best quality
OF_TRANSFORMERS, OF_CONVOLUTIONS = ("lora", "bottleneck-adapters"), ("conv-adapters",)
ARRANGED = ("table", "words")  # sources of backbones that are no network of layers alone


def named(specs: Sequence[str]) -> dict[str, Method[Any]]:
    """Methods by their labels."""
    return {method.label: method for method in map(make, specs)}


def usual_methods(
    data: Dataset,
    sources: Sequence[Dataset] = (),
    equal: bool = False,
    quality: str = "good",
    backbone: AnyBackbone | None = None,
) -> list[Method[Any]]:
    """The default methods that can learn this kind of data and label with the packages that are installed.

    Args:
        data: that are learned.
        sources: if there are any, the methods that learn from them are among them.
        equal: whether all classes count the same: logistic probes for which they do are among them, too.
        quality: "fast" takes those alone that are solved in one pass, "best" adds further ones.
        backbone: whose adapters are among the further ones.
    """
    found = [make(spec) for spec in (*DEFAULT, *data.modality.methods, *data.modality.more_methods)]
    if quality == "best":
        found += [*named(FURTHER).values(), *(usual_adapters(backbone, data) if backbone else ())]
    if equal:
        found += [replace(one, class_weight="balanced") for one in found if isinstance(one, LogisticProbe)]
    with_source = [make(spec) for spec in WITH_SOURCE if sources]
    apart = bool(sources and why_not_pooled(sources))
    found += [one for one in with_source if not (apart and learns_one_source(one, data.label_kind))]
    able = [one for one in found if data.label_kind in one.about.label_kinds and installed(one)]
    able = [one for one in able if not _has_too_many(data, one)]
    return [one for one in able if one.about.closed_form or quality != "fast"]


def usual_adapters(backbone: AnyBackbone, data: Dataset) -> Iterator[Method[Any]]:
    """Adapters that act in a backbone that has learned something: of transformers, or of convolutions."""
    if not backbone.learned or backbone.source["kind"] in ARRANGED:
        return
    convolutional = any(isinstance(one, nn.Conv1d | nn.Conv2d) for one in backbone.modules())
    transformer = next(transformer_layers(backbone), None) is not None
    for method in map(make, OF_TRANSFORMERS if transformer else OF_CONVOLUTIONS * convolutional):
        if data.label_kind in method.about.label_kinds:
            with suppress(BadInput):  # of an adapter that can't act
                method.parts(copy.deepcopy(backbone), Task(1, tuple(backbone.example.shape[1:])))
                yield method


def installed(method: Method[Any]) -> bool:
    """Whether the package that a method imports is there."""
    return not method.about.package or importlib.util.find_spec(method.about.package) is not None


def not_installed(data: Dataset) -> list[str]:
    """A note on the methods for this kind of data whose package is not there."""
    absent = [method for method in map(make, data.modality.methods) if not installed(method)]
    names = join_words([method.about.name for method in absent])
    packages = join_words(sorted({method.about.package for method in absent}))
    return [f"{names} suit {data.kind}, but the package {packages} is not installed."] if absent else []


def left_out(data: Dataset) -> list[str]:
    """Notes on the methods for this kind of data that are not installed, or tried on fewer rows alone."""
    return not_installed(data) + [
        f"{method.about.name} is tried on up to {method.about.usual_rows:,} rows, and {data.name} has "
        f"{len(data):,}: it is left out. {spell('methods', [method.about.name])} tries it."
        for method in map(make, data.modality.methods)
        if _has_too_many(data, method) and data.label_kind in method.about.label_kinds
    ]


def within_bounds(
    methods: Sequence[Method[Any]], session: SessionData
) -> tuple[list[Method[Any]], list[str]]:
    """The methods that can learn as many classes, columns and rows, and notes on those that can't.

    Raises:
        BadData: none can.
    """
    task = session.task(len(session.data), 0)
    why = [method.why_not(session.backbone, task) for method in methods]
    notes = [reason for reason in why if reason is not None]
    if len(notes) == len(methods):
        raise BadData(notes[0])
    left = [method for method, reason in zip(methods, why, strict=True) if reason is None]
    return left, [f"One method is left out: {note.partition('. ')[0]}." for note in notes]


def _has_too_many(data: Dataset, method: Method[Any]) -> bool:
    return 0 < method.about.usual_rows < len(data)


def not_pooled(sources: Sequence[Dataset]) -> list[str]:
    """A note on the method that is left out since one head can't learn the labels of all sources."""
    why = why_not_pooled(sources) if sources else ""
    return [f"pretrain-fine-tune learns all sources with one head and is left out: {why}."] if why else []
