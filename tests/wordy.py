"""Texts in miniature: thirty words, a tokenizer for them, and a module that reads them."""

import numpy as np
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from torch import nn

GOOD, BAD = ("fine", "lovely", "great", "superb"), ("awful", "dull", "poor", "dreadful")
FILL = (
    "a",
    "the",
    "film",
    "plot",
    "actor",
    "was",
    "is",
    "very",
    "and",
    "this",
    "that",
    "scene",
    "music",
    "end",
)
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", *GOOD, *BAD, *FILL)
ID = {word: number for number, word in enumerate(WORDS)}


def tokenizer(special: bool = True) -> Tokenizer:
    """One id a word; [CLS] before and [SEP] after, or nothing and no pad token either."""
    made = Tokenizer(models.WordLevel(ID, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    if special:
        ends = [("[CLS]", ID["[CLS]"]), ("[SEP]", ID["[SEP]"])]
        made.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
        made.enable_padding(pad_id=0, pad_token="[PAD]")
    return made


class Words(nn.Module):
    """An embedding and two layers that mix each token with the mean of all that are there."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.table = nn.Embedding(len(WORDS), width)
            self.mix = nn.ModuleList(nn.Linear(2 * width, width) for _ in range(2))

    def forward(self, ids, mask):
        x = self.table(ids)
        for layer in self.mix:
            share = mask.unsqueeze(2).to(x.dtype)
            mean = (x * share).sum(1, keepdim=True) / share.sum(1, keepdim=True)
            x = x + layer(torch.cat([x, mean.expand_as(x)], 2)).tanh()
        return x


def sentence(kind: int, rng: np.random.Generator, longest: int = 9) -> str:
    """2 words or more, one of them good (1) or bad (0)."""
    words = list(rng.choice(FILL, rng.integers(1, longest)))
    words.insert(int(rng.integers(len(words) + 1)), str(rng.choice(GOOD if kind else BAD)))
    return " ".join(words)


def reviews(each: int = 20, seed: int = 0) -> tuple[list[str], list[str]]:
    """Texts and their classes, no two texts alike."""
    rng = np.random.default_rng(seed)
    found: dict[str, str] = {}
    for kind, name in enumerate(("bad", "good")):
        while sum(label == name for label in found.values()) < each:
            found.setdefault(sentence(kind, rng), name)
    return list(found), list(found.values())
