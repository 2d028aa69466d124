"""Report of an operation: compares every tensor before and after."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

SHOWN = 12  # largest number of changes in a printed report


@dataclass(frozen=True)
class Change:
    """One changed tensor.

    Attributes:
        name: of the parameter or buffer.
        before: its shape before; None if it is new.
        after: its shape now; None if it is gone.
        how: the origin of its values.
    """

    name: str
    before: tuple[int, ...] | None
    after: tuple[int, ...] | None
    how: str

    def __str__(self) -> str:
        if self.before == self.after:
            return f"{self.name} {self.before}: {self.how}"
        return f"{self.name} {self.before or 'new'} -> {self.after or 'gone'}: {self.how}"


@dataclass(frozen=True)
class Report:
    """The changes to a copy of a model.

    Attributes:
        title: the operation in a sentence.
        changes: every tensor that differs, in the order of the model.
        kept: number of tensors that are unchanged in every byte.
        notes: additional notes.
    """

    title: str
    changes: tuple[Change, ...]
    kept: int
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [self.title, *(f"  {change}" for change in self.changes[:SHOWN])]
        if len(self.changes) > SHOWN:
            lines.append(f"  ... and {len(self.changes) - SHOWN} more")
        lines += [f"  {note}" for note in self.notes]
        return "\n".join([*lines, f"  {self.kept} tensors kept, byte for byte"])


def compare(
    before: Mapping[str, Tensor],
    after: Mapping[str, Tensor],
    title: str,
    how: Mapping[str, str],
    notes: tuple[str, ...] = (),
) -> Report:
    """Compare two state dicts; `how` gives the origin of some new tensors."""
    changes = []
    for name in dict.fromkeys([*after, *before]):
        old, new = before.get(name), after.get(name)
        if old is None or new is None or not same(old, new):
            changes.append(Change(name, _shape(old), _shape(new), how.get(name, "changed with it")))
    return Report(title, tuple(changes), len(set(before) | set(after)) - len(changes), notes)


def _shape(x: Tensor | None) -> tuple[int, ...] | None:
    return None if x is None else tuple(x.shape)


def same(a: Tensor, b: Tensor) -> bool:
    """Whether shape, type and every byte agree, including NaN."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    return torch.equal(_bytes(a), _bytes(b))


def _bytes(x: Tensor) -> Tensor:
    return x.detach().cpu().contiguous().reshape(-1).view(torch.uint8)


def state(model: nn.Module) -> dict[str, Tensor]:
    """All tensors of a model, also tied ones under each of their names."""
    return {name: value for name, value in model.state_dict().items() if isinstance(value, Tensor)}
