"""Forwards of one model for batches whose rows use different sets of adapters."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import BadInput

from .acting import AGREE, probed
from .adapter import Adapter, first_of
from .mixed import Sorted, Spots, routed

Sets = Mapping[str, Mapping[str, Adapter]]  # adapters of each set, by the paths of layers
Own = Mapping[str, Mapping[str, Tensor]]  # parameters and buffers of each set, by name


class Mixing:
    """Answers mixed batches, and remembers what need not be looked at again.

    Attributes:
        model: without adapters.
    """

    def __init__(self, model: nn.Module) -> None:
        """Nothing is known yet."""
        self.model = model
        self._spots: Spots = {}
        self._checked: set[str] = set()  # sets whose rows were answered beside others as they are alone
        self._changed: dict[str, tuple[Any, list[str]]] = {}  # buffers of a set that differ from the model's
        # statistics of the batch stand in for the set's own in training
        self._normalising = {
            f"{path}.{name}" if path else name: module
            for path, module in model.named_modules()
            if "running_mean" in module._buffers
            for name in module._buffers
        }

    def forget(self, name: str) -> None:
        """Another set may have this name from now on."""
        self._checked.discard(name)
        self._changed.pop(name, None)

    def unchecked(self, rows: Sequence[str]) -> list[str]:
        """The sets of a batch, if it is of several, of which it isn't known whether they can share one."""
        names = list(dict.fromkeys(rows))
        return [name for name in names if name not in self._checked] if len(names) > 1 else []

    def answer(self, x: Tensor, rows: Sequence[str], adapters: Sets, own: Own) -> Tensor:
        """The answers (n, ...) for x (n, ...), of which each row uses the set of its name.

        Raises:
            BadInput: a layer with adapters is not called.
        """
        batch = Sorted(x, rows)
        mine = {name: self._standing_in(name, own[name]) for name in dict.fromkeys(rows)}
        with routed(self.model, batch, {name: adapters[name] for name in mine}, mine, self._spots) as seen:
            found = first_of(self.model(batch.x))
        called, wanted = seen
        if absent := sorted(wanted - called):
            raise BadInput(
                f"The layer {absent[0]} is not called, as the module around it reads its weights itself, "
                "so that rows can't have adapters of their own there. Use each set by itself."
            )
        return found[batch.places]

    def check(
        self,
        x: Tensor,
        rows: Sequence[str],
        mixed: Callable[[], Tensor],
        alone: Callable[[str, Tensor], Tensor],
    ) -> None:
        """Refuse a model in which a layer mixes up rows, such as one whose first axis is not the rows.

        Args:
            x: inputs (n, ...).
            rows: names of sets.
            mixed: the answers of all rows at once.
            alone: the answers of some rows by one set.

        Raises:
            BadInput: rows are answered otherwise beside others.
        """
        with probed(self.model, training=False), torch.no_grad():
            found = mixed()
            for name in self.unchecked(rows):
                mine = [row for row, other in enumerate(rows) if other == name]
                wanted = alone(name, x[mine])
                if (found[mine] - wanted).abs().max() > AGREE * wanted.abs().max():
                    raise BadInput(
                        f"Rows of {name} are answered otherwise beside rows of other sets: a layer of this "
                        "model does not keep its rows along the first axis. Use each set by itself."
                    )
        self._checked |= set(rows)

    def _standing_in(self, name: str, own: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What a set has in place of the model's: parameters, and buffers that differ or are to follow."""
        base = dict(self.model.named_buffers())
        buffers = {key: value for key, value in own.items() if not isinstance(value, nn.Parameter)}
        stamp = [(_stamp(value), _stamp(base[key])) for key, value in buffers.items()]
        known = self._changed.get(name)
        if known is None or known[0] != stamp:
            different = [key for key, value in buffers.items() if not torch.equal(value, base[key])]
            known = self._changed[name] = stamp, different
        chosen = set(known[1])
        return {
            key: value
            for key, value in own.items()
            if isinstance(value, nn.Parameter)
            or key in chosen
            or (key in self._normalising and self._normalising[key].training)
        }


def _stamp(tensor: Tensor) -> object:
    """Equal where a tensor is the same one and nobody wrote into it since."""
    return object() if tensor.is_inference() else (id(tensor), tensor._version)
