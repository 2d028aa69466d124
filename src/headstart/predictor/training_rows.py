"""Statistics of training rows inside a fitted model, by which a stream tells what is of their kind."""

from typing import Any

import numpy as np
import torch

from headstart.core import Model, derive_seed
from headstart.data.dataset import Dataset
from headstart.nn.row_summaries import RowSummaries
from headstart.nn.source_statistics import FEWEST, SourceStatistics
from headstart.session.inputs import loader_of
from headstart.session.scoring import outputs_of

MOST = 512  # rows


def measure_rows(model: Model, data: Dataset, device: torch.device, seed: int = 0, most: int = MOST) -> None:
    """Give a model of classes the statistics of some rows; none where these are too few.

    Args:
        model: on a backbone that takes these data.
        data: of the kind that it is for: what it learned from, or the target it was adapted to.
        device: where the model is.
        seed: of the draw.
        most: rows that are read.
    """
    if min(len(data), most) < FEWEST:
        return
    backbone: Any = model.backbone
    generator = np.random.Generator(np.random.PCG64(derive_seed(seed, "source statistics")))
    rows = np.sort(generator.permutation(len(data))[:most])
    summaries = RowSummaries(model.eval())
    found = outputs_of(summaries, loader_of(data, backbone, None), rows, device)
    statistics = SourceStatistics.fit(summaries.parts(found))
    model.source_statistics = None if statistics is None else statistics.tensors
