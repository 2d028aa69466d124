"""The classifier that a pretrained backbone was cut off from, and the names of its classes."""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any

from torch import nn

from headstart.core import Classifier

from . import hub
from .wrapped import AnyBackbone

IMAGENET = 1000  # classes


def cut_off(made: AnyBackbone, layers: Mapping[str, nn.Module]) -> Classifier | None:
    """The linear layer that is not in a backbone any more and read its features; None if there is none.

    Args:
        made: of a module with its own weights.
        layers: of that module, by path, before it was cut.
    """
    head = made.source.get("head") or made.anatomy.head
    layer = layers.get(head or "")
    if layer is None or made.readout is not None or any(layer is other for other in made.inner.modules()):
        return None
    found = Classifier.of(layer)
    if found is None or found.weight.shape[1] != made.width:
        return None
    return Classifier.of(layer, _names(made.source, len(found.weight))) or found


def _names(source: Mapping[str, Any], outputs: int) -> tuple[str, ...]:
    """Names of the classes of an architecture by name with its own weights; () where they are not known."""
    kind, name = source["kind"], source["name"]
    if kind == "torchvision":
        categories = hub.imported("torchvision.models").get_model_weights(name).DEFAULT.meta.get("categories")
        return _apart(categories or ())
    if kind == "transformers":
        labels = (source.get("config") or {}).get("id2label") or {}
        return _apart([str(labels[key]) for key in sorted(labels, key=int)])
    return _imagenet() if kind in ("builtin", "timm") and outputs == IMAGENET else ()


@cache
def _imagenet() -> tuple[str, ...]:
    """The names of ImageNet's classes, in the order of all models of 1000 classes in timm."""
    names = hub.imported("timm.data").ImageNetInfo("imagenet-1k").label_descriptions()
    return _apart([str(name) for name in names])


def _apart(names: Any) -> tuple[str, ...]:
    """Names, of which those that occur twice have their number behind them."""
    counts = Counter(names)
    return tuple(name if counts[name] == 1 else f"{name} ({number})" for number, name in enumerate(names))
