"""Digits with captions in words, and two small encoders that learn them together (CLIP)."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from headstart.claims._digits import Rows, convnet
from headstart.claims._lab import Lab
from headstart.core import make
from headstart.data.pair_batches import Features
from headstart.models.backbone import backbone
from headstart.models.pairs import Pair
from headstart.models.words import WordEncoder
from headstart.run.engine import One
from headstart.run.recipe import Recipe
from headstart.session.pair_training import PairSession

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LONGEST = 16  # words of a text


class CaptionReader(nn.Module):
    """Words with their places, through one hidden layer, averaged: ids (n, length) to (n, 64)."""

    def __init__(self, words: int, random: torch.Generator) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(words + 1, 32, padding_idx=0), nn.Embedding(LONGEST, 32)
        self.hidden, self.out = nn.Linear(32, 64), nn.Linear(64, 64)
        with torch.no_grad():
            for layer in (self.words, self.places, self.hidden, self.out):
                scale = 1.0 if isinstance(layer, nn.Embedding) else (2 / layer.in_features) ** 0.5
                layer.weight.copy_(scale * torch.randn(layer.weight.shape, generator=random))
                if isinstance(layer, nn.Linear):
                    layer.bias.zero_()
            self.words.weight[0] = 0.0  # of a word that no caption had

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """The embedding of what `mask` (n, length) says is there."""
        places = torch.arange(ids.shape[1], device=ids.device).clamp(max=LONGEST - 1)
        each = self.hidden(self.words(ids) + self.places(places)).relu() * mask[:, :, None]
        found: Tensor = self.out(each.sum(1) / mask.sum(1, keepdim=True).clamp(min=1))
        return found


def captions(rows: Rows, templates: Sequence[str], random: torch.Generator) -> list[str]:
    """A caption for each row: its digit in words, in a template that is drawn."""
    drawn = torch.randint(len(templates), (len(rows),), generator=random).tolist()
    return [templates[one].format(NAMES[y]) for one, y in zip(drawn, rows.y.tolist(), strict=True)]


def train_pair(lab: Lab, seed: int, pictures: Tensor, texts: Sequence[str], steps: int) -> Pair:
    """Encoders of pictures (n, 1, 8, 8) and of texts that have learned which belong together.

    Raises:
        MissingPackage: tokenizers is not installed.
    """
    random = lab.generator("pair start", seed)
    counted = WordEncoder.of(texts)
    assert counted.tokens is not None
    reader = CaptionReader(len(counted.vocabulary), random)
    encoders = {
        "image": backbone(convnet(random), example=pictures[:2]),
        "text": backbone(reader, tokenizer=counted.tokens, head=None),
    }
    loaders = {"image": Features(pictures), "text": Features(counted.tokens(list(texts)))}
    session = PairSession(encoders, dict(loaders), dict(loaders), One())
    recipe = Recipe(steps=steps, batch=64, lr=2e-3, seed=lab.derive("pairs", seed))
    run, stream = session.start(make("clip:width=64"), np.arange(len(texts)), recipe)
    return session.pair(session.train(run, stream, None))
