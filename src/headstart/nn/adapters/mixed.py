"""One forward for a batch whose rows use different sets of adapters.

The rows are sorted by their sets, so that those of a set lie together in every layer; a layer with adapters
or tensors of a set computes the parts one after the other, everything else the whole batch at once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call

from headstart.core import BadInput

from .adapter import ActivationAdapter, Adapter, AroundAdapter, WeightAdapter, first_of
from .attaching import attach, detach
from .lora import LoraActivation
from .nesting import unnested

Spots = dict[str, tuple[str, str]]  # by the path of a layer: the layer that is called, and the path in it


class Part(NamedTuple):
    """Neighbouring rows of one set."""

    name: str
    rows: slice


class Sorted:
    """A batch in the order of the sets that its rows use.

    Attributes:
        x: the inputs (n, ...) in that order.
        places: (n,) where each row of the given batch is in it.
    """

    def __init__(self, x: Tensor, rows: Sequence[str]) -> None:
        """Sort a batch.

        Args:
            x: inputs (n, ...); ids (n, length) are padded with numbers below 0.
            rows: the name of the set that each of the n rows uses.

        Raises:
            BadInput: there are more or fewer names than rows.
        """
        if len(rows) != len(x):
            raise BadInput(f"rows names sets for {len(rows)} rows of a batch of {len(x)}. Name one for each.")
        order = sorted(range(len(rows)), key=lambda row: rows[row])
        self.x, names = x[order], [rows[row] for row in order]
        self.places = torch.argsort(torch.tensor(order, device=x.device))
        ends = [
            place
            for place in range(1, len(names) + 1)
            if place == len(names) or names[place] != names[place - 1]
        ]
        self._names, self._ends = [names[end - 1] for end in ends], ends
        self._found: dict[int, list[Part]] = {}
        ids = not x.is_floating_point() and x.ndim == 2
        self._tokens = (self.x >= 0).sum(1).cumsum(0).tolist() if ids else None  # before the end of each row

    def parts(self, length: int) -> list[Part]:
        """Where the rows of each set are in a layer whose inputs are `length` long: rows, windows or tokens.

        Raises:
            BadInput: it can't be told.
        """
        if length in self._found:
            return self._found[length]
        n = len(self.x)
        if self._tokens is not None and length == self._tokens[-1] != n:
            ends = [self._tokens[end - 1] for end in self._ends]
        elif length % n == 0:
            ends = [end * (length // n) for end in self._ends]
        else:
            raise BadInput(f"Which of {length} inputs of a layer belong to which of {n} rows can't be told.")
        begins = [0, *ends[:-1]]
        found = [Part(name, slice(*both)) for name, *both in zip(self._names, begins, ends, strict=True)]
        self._found[length] = found
        return found


@contextmanager
def routed(
    model: nn.Module,
    batch: Sorted,
    adapters: Mapping[str, Mapping[str, Adapter]],
    own: Mapping[str, Mapping[str, Tensor]],
    spots: Spots,
) -> Iterator[tuple[set[str], set[str]]]:
    """Context in which each row of a batch has the adapters and tensors of its set.

    Args:
        model: without adapters.
        batch: what it is called with.
        adapters: of each set, by the paths of layers.
        own: parameters and buffers of each set that stand in for the model's, by name.
        spots: what is known of them from earlier calls; it is added to.

    Yields:
        The paths of the layers that have been called, and of those that must be.
    """
    plans: dict[str, dict[str, Stands]] = {}
    for name, mine in adapters.items():
        for path, adapter in mine.items():
            layer, inner = _called(model, path, spots)
            plans.setdefault(layer, {}).setdefault(name, Stands({}, {})).adapters[inner] = adapter
    for name, others in own.items():
        for key, value in others.items():
            path, _, tensor = key.rpartition(".")
            layer, inner = _called(model, path, spots)
            stands = plans.setdefault(layer, {}).setdefault(name, Stands({}, {}))
            stands.tensors[f"{inner}.{tensor}" if inner else tensor] = value
    called: set[str] = set()
    layers = {path: model.get_submodule(path) for path in plans}
    # torch fuses no layer that has a hook
    handles = [one.register_forward_hook(lambda *_: None) for one in layers.values()]
    try:
        for path, one in layers.items():
            one.forward = _forward(one, batch, plans[path], partial(called.add, path))
        with unnested(model):
            yield called, set(plans)
    finally:
        for one, handle in zip(layers.values(), handles, strict=True):
            one.__dict__.pop("forward", None)
            handle.remove()


class Stands(NamedTuple):
    """What a set has at a layer: adapters by the paths in it, and tensors by their names."""

    adapters: dict[str, Adapter]
    tensors: dict[str, Tensor]

    def stand_in(self, layer: nn.Module) -> dict[str, Tensor]:
        """The tensors of the layer that the set changes, by name."""
        changed = dict(self.tensors)
        for path, adapter in self.adapters.items():
            if isinstance(adapter, WeightAdapter):
                for tensor in adapter.tensors:
                    key = f"{path}.{tensor}" if path else tensor
                    own: Any = changed.get(key, layer.get_submodule(path)._parameters[tensor])
                    changed[key] = adapter(tensor, own)
        return changed


def _called(model: nn.Module, path: str, spots: Spots) -> tuple[str, str]:
    """The layer that is called, and the path in it: an attention reads the weights of its layers."""
    if path not in spots:
        names = path.split(".")
        spots[path] = path, ""
        for end in range(len(names)):
            above = ".".join(names[:end])
            if isinstance(model.get_submodule(above), nn.MultiheadAttention):
                spots[path] = above, ".".join(names[end:])
                break
    return spots[path]


@contextmanager
def _around(layer: nn.Module, adapter: Adapter | None) -> Iterator[None]:
    """Context in which a layer has an adapter, if it is one around its call."""
    if not isinstance(adapter, AroundAdapter):
        yield
        return
    attach(layer, adapter)
    try:
        yield
    finally:
        detach(layer)


def _rows_of(name: str, value: Any, rows: slice, length: int) -> Any:
    """Some rows of an argument of a layer whose input is `length` long; of a mask for all rows the whole."""
    if not isinstance(value, Tensor) or not value.ndim or len(value) != length:
        return value
    for_all = value.ndim == 2 and value.shape[0] == value.shape[1] and "padding" not in name
    return value if for_all else value[rows]


def _forward(
    layer: nn.Module, batch: Sorted, plans: Mapping[str, Stands], call: Callable[[], None]
) -> Callable[..., Any]:
    """The forward of a layer in parts; one of the whole where sets change its output alone."""
    plain = layer.forward
    acts = {name: stands.adapters.get("") for name, stands in plans.items()}
    whole = all(
        not stands.tensors and all(isinstance(one, ActivationAdapter) for one in stands.adapters.values())
        for stands in plans.values()
    )
    products = {name: one for name, one in acts.items() if isinstance(one, LoraActivation)}
    # what a linear layer returns is nobody else's, so that products may be added to it in place
    added = whole and type(layer) is nn.Linear and len(products) == len(acts)
    types = {one.up.dtype for one in products.values()}

    def forward(*args: Any, **kwargs: Any) -> Any:
        call()
        output: Any = plain(*args, **kwargs) if whole else None
        length, pieces = len(args[0]), []
        if added and not torch.is_grad_enabled() and output.is_contiguous() and types == {output.dtype}:
            for name, rows in batch.parts(length):
                if name in products:
                    products[name].add_to(output[rows], args[0][rows])
            return output
        for name, rows in batch.parts(length):
            mine = [one[rows] if isinstance(one, Tensor) and len(one) == length else one for one in args]
            if whole:
                piece = first_of(output)[rows]
            else:
                stands = plans.get(name, Stands({}, {})).stand_in(layer)
                named = {key: _rows_of(key, one, rows, length) for key, one in kwargs.items()}
                del layer.forward
                try:
                    with _around(layer, acts.get(name)):
                        piece = first_of(functional_call(layer, stands, tuple(mine), named))
                finally:
                    layer.forward = forward
            adapter = acts.get(name)
            pieces.append(adapter(mine[0], piece) if isinstance(adapter, ActivationAdapter) else piece)
        found = torch.cat(pieces)
        if isinstance(layer, nn.MultiheadAttention):
            return found, None
        return (found, *output[1:]) if isinstance(output, tuple) else found

    return forward
