"""Batch types: what a loss may see. A field that does not exist cannot leak.

Every batch can be cut into rows (`part`), so that the loop can accumulate gradients and deal
shares to processes without knowing the kind.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self, TypeVar

import torch
from torch import Tensor
from torch.nn.functional import pad

from .errors import BadData

FILL = -1  # id that short texts are padded with


class Batch:
    """Tensors, or nested batches, that share their first axis, the rows."""

    _samples: ClassVar[tuple[str, ...]] = ("x",)  # the fields that are inputs of a network

    def __len__(self) -> int:
        """The number of rows of the first field."""
        return len(getattr(self, fields(self)[0].name))  # type: ignore[arg-type]

    def part(self, index: int, of: int) -> Self:
        """Share `index` of `of` nearly equal shares, in row order; no row is lost or doubled."""
        return type(self)(*(None if v is None else _part(v, index, of) for v in self._values()))

    def to(self, device: torch.device | str, layout: torch.memory_format = torch.preserve_format) -> Self:
        """The same batch on `device`, pictures in the given memory layout; no copy of what fits."""
        return type(self)(*(None if v is None else _to(v, device, layout) for v in self._values()))

    @property
    def samples(self) -> list[Tensor]:
        """All network inputs of the batch, (n_i, ...) each, in the order of the fields."""
        found: list[Tensor] = []

        def see(x: Tensor) -> Tensor:
            found.append(x)
            return x

        self.changed(see)
        return found

    def changed(self, change: Callable[[Tensor], Tensor]) -> Self:
        """The same batch with every samples tensor x (n_i, ...) replaced by `change(x)`."""
        made: list[Any] = []
        for field, value in zip(fields(self), self._values(), strict=True):  # type: ignore[arg-type]
            if isinstance(value, Batch):
                made.append(value.changed(change))
            elif value is not None and field.name in self._samples:
                made.append(change(value))
            else:
                made.append(value)
        return type(self)(*made)

    def _values(self) -> "list[Tensor | Batch | None]":
        return [getattr(self, field.name) for field in fields(self)]  # type: ignore[arg-type]


def _to(value: "Tensor | Batch", device: torch.device | str, layout: torch.memory_format) -> "Tensor | Batch":
    if isinstance(value, Batch):
        return value.to(device, layout)
    pictures = value.ndim == 4 and layout is not torch.preserve_format
    return value.to(device, memory_format=layout) if pictures else value.to(device)


def _part(value: "Tensor | Batch", index: int, of: int) -> "Tensor | Batch":
    return value.tensor_split(of)[index] if isinstance(value, Tensor) else value.part(index, of)


@dataclass(frozen=True)
class Labelled(Batch):
    """Samples with their labels."""

    x: Tensor  # (n, ...)
    y: Tensor  # int64 (n,) classes, bool (n, tags) or float32 (n, columns): see `label_kind_of`
    weight: Tensor | None = None  # float32 (n,) >= 0, sample weights, 1 on average over the data


@dataclass(frozen=True)
class Grouped(Labelled):
    """Labelled samples, each of a group: its class and the value of a nuisance, such as a background."""

    group: Tensor | None = None  # int64 (n,) in [0, groups), where `Task.groups` counts the rows of each


@dataclass(frozen=True)
class Distilled(Labelled):
    """Samples with what a teacher gives for them; rows without a label have a placeholder and weight 0."""

    logits: Tensor | None = (
        None  # float32 (n, outputs), or (n, teachers, outputs); -inf: a class unknown to it
    )
    features: Tensor | None = (
        None  # float32 (n, d), of `Method.teacher_view`, laid out as `Task.teacher` says
    )


@dataclass(frozen=True)
class SourceLabelled(Labelled):
    """Samples and labels of the source task; the label kind may differ from the target task's."""


@dataclass(frozen=True)
class JointTasks(Batch):
    """Labelled samples of the target and of each source task for one step; the counts may differ.

    The number of rows is that of the target. A mean over the rows of a source times its scale adds up over
    the parts of a batch, as they are weighted, to the mean over the whole: a part may hold another proportion
    of the tasks, or no rows of a source.
    """

    target: Labelled
    sources: tuple[Labelled, ...]
    scales: tuple[float, ...] = ()  # one for each source; 1 where none are given

    def __post_init__(self) -> None:
        object.__setattr__(self, "scales", self.scales or (1.0,) * len(self.sources))

    def part(self, index: int, of: int) -> Self:
        """Share `index` of `of`; if rows of a source are few, the first shares get at least two each."""
        target = self.target.part(index, of)
        sources = tuple(_few_cuts(source, index, of) for source in self.sources)
        scales = tuple(
            scale * ((len(some) * len(self.target)) / max(1, len(whole) * len(target)))
            for scale, some, whole in zip(self.scales, sources, self.sources, strict=True)
        )
        return type(self)(target, sources, scales)

    def to(self, device: torch.device | str, layout: torch.memory_format = torch.preserve_format) -> Self:
        """The same on `device`."""
        sources = tuple(source.to(device, layout) for source in self.sources)
        return type(self)(self.target.to(device, layout), sources, self.scales)

    def changed(self, change: Callable[[Tensor], Tensor]) -> Self:
        """The same with the samples of all tasks changed."""
        sources = tuple(source.changed(change) for source in self.sources)
        return type(self)(self.target.changed(change), sources, self.scales)


def _few_cuts(rows: Labelled, index: int, of: int) -> Labelled:
    """Share `index` of `of`, in fewer cuts where one would hold a single row; empty beyond them."""
    cuts = max(1, min(of, len(rows) // 2))
    return rows.part(index, cuts) if index < cuts else Labelled(rows.x[:0], rows.y[:0])


@dataclass(frozen=True)
class Unlabelled(Batch):
    """Unlabelled samples."""

    x: Tensor  # (n, ...)


@dataclass(frozen=True)
class Seeded(Batch):
    """Unlabelled samples, each with the seed of what is drawn for it, such as its views or its mask.

    What is drawn for a row is a function of its seed alone, so that it depends on nothing else in the batch,
    nor on the process or the device that computes it: see `headstart.core.draws`.
    """

    x: Tensor  # (n, ...)
    seed: Tensor  # int64 (n,)


@dataclass(frozen=True)
class SeededLabelled(Labelled):
    """Labelled samples with such seeds, for objectives that compare labels."""

    seed: Tensor | None = None  # int64 (n,)


@dataclass(frozen=True)
class Embedded(Batch):
    """What a network gives for the rows of a batch, and the batch itself; see `Descend.embed`."""

    batch: Batch  # of n rows
    z: tuple[Tensor, ...]  # (n, ...) each


@dataclass(frozen=True)
class Pairs(Batch):
    """Paired views of the same n objects, such as an image and its caption."""

    _samples = ("a", "b")

    a: Tensor  # (n, ...)
    b: Tensor  # (n, ...)


@dataclass(frozen=True)
class Domains(Batch):
    """Labelled source and unlabelled target samples: there is no field for the target's labels."""

    _samples = ("target",)

    source: Labelled
    target: Tensor  # (m, ...)
    target_labelled: Labelled | None = None  # the labelled target rows for training, if there are any


@dataclass(frozen=True)
class Episodes(Batch):
    """A batch of t few-shot tasks; the first axis of every tensor is the task."""

    support: Labelled  # x: (t, s, ...), y: (t, s)
    query: Labelled  # x: (t, q, ...), y: (t, q)


B = TypeVar("B", bound=Batch)


def join_samples(batches: Sequence[Tensor]) -> Tensor:
    """Concatenate batches (n_i, ...) along the rows; ids of texts (n_i, length) may differ in length.

    Raises:
        BadData: samples have different shapes or types.
    """
    kinds = {(x.dtype, tuple(x.shape[1:])) for x in batches}
    if len(kinds) == 1:
        return torch.cat(list(batches))
    if all(x.ndim == 2 and x.dtype == torch.int64 for x in batches):
        longest = max(x.shape[1] for x in batches)
        return torch.cat([pad(x, (0, longest - x.shape[1]), value=FILL) for x in batches])
    named = " and ".join(sorted(f"{dtype} {shape}" for dtype, shape in kinds))
    raise BadData(
        f"One network can't take both domains: their samples are {named}. Bring them into one shape."
    )
