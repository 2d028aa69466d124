"""What adapters make of a model, kept apart from it: the few percent that a task needs beside the model."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

from torch import Tensor, nn

from headstart.core import Model

from .adapter import Adapter
from .attaching import CHILD, adapted_layers, fold
from .fingerprint import digests, fingerprint, named_tensors


class AdapterSet(NamedTuple):
    """A set of adapters, with what it has of its own of the model that it is for."""

    model: str  # fingerprint of the model without it
    adapters: dict[str, Adapter]  # by the paths of their layers
    own: dict[str, Tensor]  # parameters that learned along, and buffers, by their names in the model

    @property
    def tensors(self) -> dict[str, Tensor]:
        """All of its tensors, by their names in a file."""
        found = {f"own.{key}": value.detach() for key, value in self.own.items()}
        for path, adapter in self.adapters.items():
            found |= {f"adapters.{path}.{key}": value for key, value in adapter.state_dict().items()}
        return found


@dataclass(frozen=True)
class Apart:
    """What is known of the adapters of a backbone, which may be folded into it.

    Attributes:
        model: fingerprint of the backbone without them.
        before: digests of the backbone's tensors without them, by name.
        adapters: by the paths of their layers.
        folded: digests of the backbone's tensors with the adapters in them; None where they are not folded.
    """

    model: str
    before: Mapping[str, bytes]
    adapters: Mapping[str, Adapter]
    folded: Mapping[str, bytes] | None = None

    @classmethod
    def of(cls, backbone: nn.Module) -> Self:
        """To be taken before there are adapters."""
        return cls(fingerprint(backbone), digests(named_tensors(backbone).items()), {})

    def with_adapters(self, adapters: Mapping[str, Adapter]) -> Self:
        """The same, when they are attached."""
        return replace(self, adapters=adapters)

    @classmethod
    def again(cls, backbone: nn.Module, found: AdapterSet) -> Self:
        """Of a backbone that has a set already, attached where it does not fold and else folded in."""
        now = digests(named_tensors(backbone).items())
        before = now | {name: b"" for name, one in found.own.items() if isinstance(one, nn.Parameter)}
        there = dict(adapted_layers(backbone))
        if not any(path in there for path in found.adapters):
            return cls(found.model, before, found.adapters, now)
        return cls(found.model, before, {path: _last_at(there[path]) for path in found.adapters})


def fold_apart(backbone: Any) -> None:
    """Fold the adapters of a backbone in, and keep them apart in its `apart`."""
    apart: Apart | None = backbone.apart
    fold(backbone)
    if apart is not None:
        backbone.apart = replace(apart, folded=digests(named_tensors(backbone).items()))


def set_of(backbone: Any) -> AdapterSet | None:
    """The adapters of a backbone, the parameters that differ from those without them, and its buffers.

    None where it has none, or where weights into which they were folded have been changed since.
    """
    apart: Apart | None = getattr(backbone, "apart", None)
    if apart is None:
        return None
    tensors = named_tensors(backbone)
    now = digests(tensors.items())
    if apart.folded is not None and now != apart.folded:
        return None
    folded = set[str]() if apart.folded is None else _folded_into(apart.adapters)
    learned = {name for name, before in apart.before.items() if now[name] != before} - folded
    own = {
        name: tensors[name]
        for name in backbone.state_dict()
        if name in apart.before and (name in learned or not isinstance(tensors[name], nn.Parameter))
    }
    return AdapterSet(apart.model, dict(apart.adapters), own)


def shipped_bytes(model: Model) -> int:
    """Bytes of the tensors that a task needs beside the backbone: adapters, what learned along, and the head.

    Of a model without adapters, all that is saved of it.
    """
    found = set_of(model.backbone)
    tensors = model.state_dict() if found is None else found.tensors | model.head.state_dict()
    return sum(one.numel() * one.element_size() for one in tensors.values())


def _last_at(layer: nn.Module) -> Adapter:
    """The adapter that a layer got last."""
    children: nn.Module = getattr(layer, CHILD)
    last = list(children.children())[-1]
    assert isinstance(last, Adapter)
    return last


def _folded_into(adapters: Mapping[str, Adapter]) -> set[str]:
    return {f"{path}.{name}" if path else name for path, one in adapters.items() for name in one.tensors}
