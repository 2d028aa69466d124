"""What a model says of many rows, a few at a time."""

import numpy as np
import torch
from torch import Tensor, nn

from headstart.core import SampleLoader
from headstart.data.stream import Sentences
from headstart.data.train_test_split import Rows
from headstart.models.lengths import by_length


def outputs_of(
    model: nn.Module, source: SampleLoader, rows: Rows, device: torch.device, batch: int
) -> Tensor:
    """Outputs (n, outputs) on the CPU for plain views of rows (n,) of a source, `batch` at a time."""
    if isinstance(source, Sentences) and len(rows):
        with torch.inference_mode():
            ids = source.fetch(rows, np.full(len(rows), -1))
            return by_length(lambda some: model(some.to(device)).float().cpu(), ids)
    with torch.inference_mode():
        shares = [
            model(source.fetch(some, np.full(len(some), -1)).to(device))
            for some in np.array_split(rows, max(1, -(-len(rows) // batch)))
        ]
    return torch.cat(shares).float().cpu()
