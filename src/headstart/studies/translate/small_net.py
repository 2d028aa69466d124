"""A small model for judging translations where the user gave none: trained on the source in seconds."""

import math
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from headstart.core import Model, Preprocess
from headstart.data.dataset import Dataset
from headstart.methods.mapping.pretraining.from_scratch import FromScratch
from headstart.models.backbone import AnyBackbone, backbone
from headstart.nn.translators import is_picture
from headstart.run.engine import Engine, One
from headstart.run.recipe import Recipe
from headstart.session.session import Session

HALF = (0.5, 0.5, 0.5)
STEPS, RATE, BATCH = 400, 5e-3, 64


def small_backbone(shape: tuple[int, ...], outputs: int) -> AnyBackbone:
    """An untrained small net for samples of a shape, whose pictures are normalised to [-1, 1]."""
    example = torch.zeros(2, *shape)
    if not is_picture(shape):
        layers: list[nn.Module] = [nn.Flatten(), nn.Linear(math.prod(shape), 64), nn.ReLU()]
        return backbone(nn.Sequential(*layers, nn.Linear(64, outputs)), example=example)
    reading = Preprocess(size=(shape[1], shape[2]), mean=HALF, std=HALF, fit="squash", keep=1.0)
    return backbone(_convolutions(shape, outputs), example=example, preprocess=reading)


def fit_small(data: Dataset, shape: tuple[int, ...], seed: int, engine: Engine | None = None) -> Model:
    """A small net trained from scratch on all rows of labelled data."""
    session = Session(small_backbone(shape, len(data.classes)), data, engine=engine or One())
    recipe = Recipe(steps=STEPS, batch=BATCH, lr=RATE, seed=seed)
    return session.fit(FromScratch(), np.arange(len(data)), recipe).model


def answers_of(model: nn.Module, x: Tensor, batch: int = 256) -> Tensor:
    """Classes (n,) that a model gives samples (n, ...)."""
    model.eval()
    with torch.inference_mode():
        return torch.cat([model(some).argmax(1) for some in torch.split(x, batch)])


def _convolutions(shape: tuple[int, ...], outputs: int) -> nn.Sequential:
    halvings = max(1, int(math.log2(min(shape[1:]) / 4)))
    widths = [shape[0], *(16 * 2 ** min(number, 2) for number in range(halvings + 1))]
    layers: list[nn.Module] = []
    for number, (inputs, wide) in enumerate(pairwise(widths)):
        layers += [nn.Conv2d(inputs, wide, 3, stride=1 if number == 0 else 2, padding=1), nn.ReLU()]
    layers += [nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(16 * widths[-1], 64), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(64, outputs))
