"""The inputs of a teacher that samples can be optimised in: pictures, arrays, and tables of numbers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import BadInput, Model, Preprocess, Schema
from headstart.data.samples import Array, Samples
from headstart.data.unlabelled import load_unlabelled

Bounds = tuple[float, float]
INSTEAD = "Give rows without labels instead: label-transfer learns what the teacher says of them."


@dataclass(frozen=True)
class SampleSpace:
    """How coordinates z (n, ...), standard normal to begin with, become inputs `centre + scale * z`.

    Attributes:
        shape: of one input.
        centre: broadcastable to it.
        scale: likewise, >= 0.
        low: least value of an input, likewise; -inf: there is none.
        high: greatest value, likewise.
        stored: inputs (n, ...) as samples of a data set.
    """

    shape: tuple[int, ...]
    centre: Tensor
    scale: Tensor
    low: Tensor
    high: Tensor
    stored: Callable[[Tensor], Samples]

    def inputs(self, z: Tensor) -> Tensor:
        """Inputs (n, ...) of coordinates (n, ...)."""
        return self.centre + self.scale * z

    def clamp(self, z: Tensor) -> None:
        """Bring coordinates (n, ...) into the range, in place."""
        scale = torch.where(self.scale > 0, self.scale, torch.ones_like(self.scale))
        z.copy_(torch.clamp(z, (self.low - self.centre) / scale, (self.high - self.centre) / scale))


def space_of(model: Model, bounds: Bounds | None) -> SampleSpace:
    """The space of the inputs of a model, on its device.

    Raises:
        BadInput: its inputs are not continuous, their shape is not known, or bounds are not for it.
    """
    reader, device = getattr(model.backbone, "reader", None), model.device
    kind = getattr(model.backbone, "kind", "numbers")
    if isinstance(reader, Schema):
        _no_bounds(bounds, "a table: each column has its own scale")
        return _of_table(reader, device)
    if isinstance(reader, Preprocess) and kind == "pictures":
        _no_bounds(bounds, "pictures: their pixels are from 0 to 255")
        return _of_pictures(reader, device)
    if reader is not None:
        raise BadInput(
            f"The teacher {model.name} reads {kind}, which are not numbers that can be optimised. {INSTEAD}"
        )
    if model.backbone.example is None:
        raise BadInput(f"The shape of what the teacher {model.name} takes is not known. {INSTEAD}")
    return _of_arrays(tuple(model.backbone.example.shape[1:]), bounds, device)


def _no_bounds(bounds: Bounds | None, what: str) -> None:
    if bounds is not None:
        raise BadInput(f"bounds is {bounds!r}, and the teacher takes {what}. Leave bounds out.")


def _of_arrays(shape: tuple[int, ...], bounds: Bounds | None, device: torch.device) -> SampleSpace:
    """Numbers: without bounds from a standard normal, with bounds from their middle half."""
    low, high = (-np.inf, np.inf) if bounds is None else bounds
    if bounds is not None and not -np.inf < low < high < np.inf:
        raise BadInput(f"bounds is {bounds!r}; give (low, high) with low < high, such as (0.0, 1.0).")
    centre, scale = (0.0, 1.0) if bounds is None else ((low + high) / 2, (high - low) / 4)
    middle, unit, least, most = (
        torch.tensor(value, dtype=torch.float32, device=device) for value in (centre, scale, low, high)
    )
    return SampleSpace(shape, middle, unit, least, most, lambda x: Array(_on_cpu(x), are_images=False))


def _of_pictures(reader: Preprocess, device: torch.device) -> SampleSpace:
    """Normalised pixels, which are rounded to 256 levels in the end."""
    mean, std = (torch.tensor(each, device=device).view(3, 1, 1) for each in (reader.mean, reader.std))

    def stored(x: Tensor) -> Samples:
        pixels = ((x * std + mean) * 255).round().clamp(0, 255).permute(0, 2, 3, 1)
        return Array(_on_cpu(pixels).astype(np.uint8), are_images=True)

    zero, one = torch.zeros_like(mean), torch.ones_like(mean)
    return SampleSpace((3, *reader.size), zero, one, (0 - mean) / std, (1 - mean) / std, stored)


def _of_table(schema: Schema, device: torch.device) -> SampleSpace:
    """Columns of numbers, from the means and deviations that the teacher keeps of them."""
    other = [one.name for one in schema.columns if one.kind != "numeric" or one.part]
    if other or schema.tokens is not None or schema.counts:
        what = f"the columns {', '.join(other[:4])}" if other else "counts"
        raise BadInput(
            f"The teacher reads {what}, which are not numbers that can be optimised, as names, dates, texts "
            f"and counts are not. {INSTEAD}"
        )
    centre, scale = (
        torch.tensor([getattr(one, name) for one in schema.columns], device=device)
        for name in ("mean", "deviation")
    )
    origin = np.array([one.origin for one in schema.columns])

    def stored(x: Tensor) -> Samples:
        values = _on_cpu(x).astype(np.float64) + origin
        columns = {one.name: values[:, place] for place, one in enumerate(schema.columns)}
        return load_unlabelled(columns).samples

    infinite = torch.full_like(centre, torch.inf)
    return SampleSpace((len(origin),), centre, scale, -infinite, infinite, stored)


def _on_cpu(x: Tensor) -> NDArray[np.float32]:
    found: NDArray[np.float32] = x.detach().cpu().numpy()
    return found
