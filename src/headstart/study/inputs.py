"""A backbone made to suit the data and the settings: how pictures become its inputs."""

from dataclasses import replace

import numpy as np
import torch
from torch import nn

from headstart.core import BadData, Preprocess
from headstart.data.dataset import Dataset
from headstart.models.backbone import AnyBackbone, backbone

from .settings import Settings

LOOK = 50  # pictures whose size is looked at
STEP = 32  # pixels: most architectures halve their maps five times


def backbone_for(data: Dataset, base: str | nn.Module) -> AnyBackbone:
    """A backbone made of a name or of your own module, which is tried on rows of the data."""
    if isinstance(base, AnyBackbone):
        return base
    array = None if isinstance(base, str) or data.is_images else data.array
    return backbone(base, example=None if array is None else torch.tensor(array[:2], dtype=torch.float32))


def suited(mapping: AnyBackbone, data: Dataset, settings: Settings) -> AnyBackbone:
    """The backbone with the size and fit that the settings name, or else that suit the pictures.

    Without a size, pictures are taken at the backbone's own, or at their own where they are
    smaller: enlarging costs time and adds nothing.

    Raises:
        BadData: the backbone takes pictures and the data are none.
    """
    if not data.is_images:
        if mapping.preprocess is not None:
            raise BadData(
                f"The backbone {mapping.name} takes pictures, but {data.name} holds arrays of numbers. "
                f"Give uint8 pictures (n, height, width, 3), or a backbone for arrays."
            )
        return mapping
    old = mapping.preprocess
    if old is None:
        height, width = mapping.example.shape[-2:]
        old = Preprocess(size=(int(height), int(width)), keep=1.0)
    side = settings.size or min(max(old.size), _own_size(data))
    size = old.size if settings.size is None and side == max(old.size) else (side, side)
    return backbone(mapping, preprocess=replace(old, size=size, fit=settings.fit))


def _own_size(data: Dataset) -> int:
    """The median of the longer sides of some pictures, rounded up."""
    sides = []
    rows = np.arange(len(data)) if data.split is None else np.flatnonzero(np.array(data.split) != "test")
    for row in rows[np.linspace(0, len(rows) - 1, min(LOOK, len(rows))).astype(int)]:
        try:
            picture = data.picture(int(row))
        except BadData:  # the data check will say so
            continue
        if picture is not None:
            sides.append(max(picture.size))
    return -(-int(np.median(sides)) // STEP) * STEP if sides else STEP
