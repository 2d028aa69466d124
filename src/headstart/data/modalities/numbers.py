"""Arrays of numbers of one shape, passed to a backbone unchanged."""

from types import NoneType
from typing import Any, final

import torch

from headstart.core import Reader
from headstart.data.augment import Augment
from headstart.data.dataset import Dataset
from headstart.data.modality import Inputs, Modality
from headstart.data.new_arrays import floats_of
from headstart.data.similarity import check_shape
from headstart.data.sources import Arrays


@final
class NumberModality(Modality[Dataset]):
    """Arrays (n, ...) of finite numbers, float32 for a backbone."""

    kind = "numbers"
    description = "arrays of numbers"
    readers = (NoneType,)
    by_columns = True
    speed = 1e4
    backbone = "efficientnet_lite0"
    advice = (
        "Give uint8 pictures (n, height, width, 3), or a network for such arrays: "
        "hs.models.backbone(net, example=x[:2])."
    )

    def shape(self, data: Dataset) -> tuple[int, ...]:
        assert data.array is not None
        return tuple(data.array.shape[1:])

    def matched(self, data: Dataset, like: Dataset) -> Dataset:
        check_shape(data, like)
        return data

    def loader(self, data: Dataset, reader: Reader | None, augment: Augment | None) -> Arrays:
        return Arrays(data)

    def inputs(self, items: Any, reader: Reader | None) -> Inputs:
        return Inputs(torch.as_tensor(floats_of(items)))
