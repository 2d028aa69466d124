"""Arrays of numbers, standardised column by column."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from headstart.core import BadData
from headstart.data.dataset import Dataset
from headstart.data.samples import Array

from .space import TOLERANCE, Decoded, Space

FILE = "samples.npz"


@dataclass(frozen=True, eq=False)
class NumberSpace(Space):
    """Rows of numbers of one shape.

    Attributes:
        of_row: the shape of a row.
        mean: of each number, (d,) as all below.
        deviation: likewise; 1 where all rows have the same.
        low: the least.
        high: the greatest.
    """

    kind: ClassVar[str] = "numbers"

    of_row: tuple[int, ...]
    mean: Tensor
    deviation: Tensor
    low: Tensor
    high: Tensor

    @property
    def shape(self) -> tuple[int, ...]:
        """All numbers of a row in a line."""
        return (len(self.mean),)

    @classmethod
    def of(cls, data: Dataset, size: int | None) -> "NumberSpace":
        """Mean, deviation and range of the rows."""
        x = _rows(data)
        deviation = x.std(0, correction=0)
        return cls(
            tuple(np.asarray(data.array).shape[1:]),
            x.mean(0),
            torch.where(deviation > 0, deviation, 1.0),
            x.amin(0),
            x.amax(0),
        )

    def encode(self, data: Dataset) -> Tensor:
        """Float32 (n, d)."""
        return ((_rows(data) - self.mean) / self.deviation).float()

    def decode(self, x: Tensor) -> Decoded:
        """Numbers float32 (n, ...)."""
        rows = x.double() * self.deviation + self.mean
        margin = TOLERANCE * (self.high - self.low)
        clipped = ((rows < self.low - margin) | (rows > self.high + margin)).any(1)
        rows = rows.clamp(self.low, self.high)
        return Decoded(Array(rows.float().view(-1, *self.of_row).numpy(), False), clipped)

    def write(self, data: Dataset, folder: Path) -> str:
        """An .npz file of x and y."""
        folder.mkdir(parents=True, exist_ok=True)
        labels = np.array([data.said(row) for row in range(len(data))])
        np.savez_compressed(folder / FILE, x=np.asarray(data.array), y=labels)
        return FILE

    @property
    def settings(self) -> dict[str, Any]:
        """Shape, means, deviations and ranges."""
        numbers = {name: getattr(self, name).tolist() for name in ("mean", "deviation", "low", "high")}
        return {"of_row": list(self.of_row), **numbers}

    @classmethod
    def from_settings(cls, values: Mapping[str, Any]) -> Self:
        """The inverse."""
        names = ("mean", "deviation", "low", "high")
        numbers = [torch.tensor(values[name], dtype=torch.float64) for name in names]
        return cls(tuple(values["of_row"]), *numbers)


def _rows(data: Dataset) -> Tensor:
    rows = torch.from_numpy(np.asarray(data.array, dtype=np.float64)).flatten(1)
    if not rows.isfinite().all():
        raise BadData(f"{data.name} has numbers that are missing or infinite. Leave such rows out.")
    return rows
