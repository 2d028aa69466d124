"""Which layer of a module is its head: a classifier is cut off, the last layer of an encoder stays."""

import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import BadInput

from .anatomy import Anatomy
from .surgery import Exit, cut, run
from .tracing import quiet
from .view import examined

AUTO = "auto"  # the last layer, unless it makes the features of an encoder
LAST = "last"  # the last layer, whatever it is
CLASSIFIES = ("classif", "cls", "logit", "score", "predict", "decod")  # beginnings of words in names
ENCODES = (
    *("encod", "embed", "extract", "featur", "backbone", "trunk", "project", "latent", "represent"),
    *("bottleneck", "tokeniz"),
)
HEADS = ("fc", "head", "heads", "out", "output")  # names of layers that usually classify
SHORT = ("enc", "emb", "feat", "feats", "proj", "repr", "mu", "z", "code")  # whole words
COUNTS = ("num_classes", "num_labels", "n_classes", "nb_classes")


def choose_head(
    model: nn.Module, parts: Anatomy, asked: str | None, example: Tensor, name: str, file: Any = None
) -> tuple[str | None, str]:
    """The layer that is cut off, None if none is, and a sentence where that was guessed.

    Args:
        model: as it came.
        parts: its anatomy.
        asked: the name of a layer, None for no head, `AUTO` or `LAST`.
        example: inputs (n, ...).
        name: of the model, for the sentence.
        file: of its weights, whose name may say that they are an encoder's.

    Raises:
        BadInput: there is no such layer, or it does not run.
    """
    found = parts.head
    if asked not in (AUTO, LAST, None) and asked != found:
        inner = next((layer for layer in (asked, f"model.{asked}") if layer in parts.order), None)
        if inner is None:
            raise BadInput(
                f"head is {asked!r}, but no such layer of {name} runs. The last are: "
                f"{', '.join(parts.order[-4:])}. None keeps all of them."
            )
        return inner, ""
    if asked != AUTO or found is None:
        return (found if asked == LAST else asked if asked != AUTO else None), ""
    weight = model.get_submodule(found).weight
    assert isinstance(weight, Tensor)
    out, wide = weight.shape[:2]
    if _classifies(model, found, out, example):
        return found, ""
    if _encodes(model, found, file):
        return None, (
            f"The last layer of {name}, {found} ({wide} -> {out}), was kept, as names say that it belongs to "
            f"an encoder: features are its {out} outputs. To cut it off: hs.models.backbone(..., "
            f"head={found!r})."
        )
    said = any(word in HEADS for word in _words([found]))
    return found, "" if said else (
        f"The last layer of {name}, {found} ({wide} -> {out}), was taken for its classifier and cut off: "
        f"features are its {wide} inputs. To keep it: hs.models.backbone(..., head=None)."
    )


def take_off(model: nn.Module, parts: Anatomy, head: str | None, example: Tensor, name: str) -> Anatomy:
    """Cut `head` off, in place, and give the anatomy of what is left."""
    if head == parts.head:
        cut(model, parts, example)
        return parts
    if head is not None:
        model.set_submodule(head, Exit())
    return examined(model, example, name, call=run)


def _encodes(model: nn.Module, head: str, file: Any) -> bool:
    """Whether names on the way to a layer are those of an encoder."""
    names = [*_kinds(model, head), *head.split(".")]
    names += [Path(file).stem] if isinstance(file, str | Path) else []
    return any(word.startswith(ENCODES) or word in SHORT for word in _words(names))


def _classifies(model: nn.Module, head: str, outputs: int, example: Tensor) -> bool:
    """Whether names, a count of classes or probabilities as the output say that a layer classifies."""
    if any(word.startswith(CLASSIFIES) for word in _words([*_kinds(model, head), *head.split(".")])):
        return True
    if any(getattr(above, count, None) == outputs for above in _above(model, head) for count in COUNTS):
        return True
    with quiet(model):
        given = run(model, example).flatten(1)
    one = torch.ones(len(given), dtype=given.dtype, device=given.device)
    shares = given if bool((given >= 0).all()) else given.exp()
    return given.is_floating_point() and given.shape[1] > 1 and torch.allclose(shares.sum(1), one, atol=1e-4)


def _above(model: nn.Module, name: str) -> list[nn.Module]:
    pieces = name.split(".")
    return [model.get_submodule(".".join(pieces[:depth])) for depth in range(len(pieces))]


def _kinds(model: nn.Module, name: str) -> list[str]:
    return [type(module).__name__ for module in _above(model, name)]


def _words(names: list[str]) -> list[str]:
    """The words in names such as MyEncoder, to_latent or VAEEncoder2, in small letters."""
    found = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", " ".join(names))
    return [word.lower() for word in found]
