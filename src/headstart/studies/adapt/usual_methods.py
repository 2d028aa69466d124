"""Which methods are compared where none are named: those that suit the data, the labels and the sources."""

import importlib.util
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from headstart.core import Method, make
from headstart.data.dataset import Dataset
from headstart.data.pooled import why_not_pooled
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe
from headstart.report.text import join_words
from headstart.session.requirements import learns_one_source

DEFAULT = ("logistic-probe", "ridge-probe", "nearest-centroid", "knn", "fine-tune", "lp-ft")
WITH_SOURCE = ("pretrain-fine-tune", "multi-task")
FURTHER = ("l2-sp", "wise-ft", "fine-tune:backbone_lr=1.0")  # of the best quality


def named(specs: Sequence[str]) -> dict[str, Method[Any]]:
    """Methods by their labels."""
    return {method.label: method for method in map(make, specs)}


def usual_methods(
    data: Dataset, sources: Sequence[Dataset] = (), equal: bool = False, quality: str = "good"
) -> list[Method[Any]]:
    """The default methods that can learn this kind of data and label with the packages that are installed.

    Args:
        data: that are learned.
        sources: if there are any, the methods that learn from them are among them.
        equal: whether all classes count the same: logistic probes for which they do are among them, too.
        quality: "fast" takes those alone that are solved in one pass, "best" adds further ones.
    """
    found = [make(spec) for spec in (*DEFAULT, *data.modality.methods, *data.modality.more_methods)]
    found += named(FURTHER).values() if quality == "best" else []
    if equal:
        found += [replace(one, class_weight="balanced") for one in found if isinstance(one, LogisticProbe)]
    with_source = [make(spec) for spec in WITH_SOURCE if sources]
    apart = bool(sources and why_not_pooled(sources))
    found += [one for one in with_source if not (apart and learns_one_source(one, data.label_kind))]
    able = [one for one in found if data.label_kind in one.about.label_kinds and installed(one)]
    return [one for one in able if one.about.closed_form or quality != "fast"]


def installed(method: Method[Any]) -> bool:
    """Whether the package that a method imports is there."""
    return not method.about.package or importlib.util.find_spec(method.about.package) is not None


def not_installed(data: Dataset) -> list[str]:
    """A note on the methods for this kind of data whose package is not there."""
    absent = [method for method in map(make, data.modality.methods) if not installed(method)]
    names = join_words([method.about.name for method in absent])
    packages = join_words(sorted({method.about.package for method in absent}))
    return [f"{names} suit {data.kind}, but the package {packages} is not installed."] if absent else []


def not_pooled(sources: Sequence[Dataset]) -> list[str]:
    """A note on the method that is left out since one head can't learn the labels of all sources."""
    why = why_not_pooled(sources) if sources else ""
    return [f"pretrain-fine-tune learns all sources with one head and is left out: {why}."] if why else []
