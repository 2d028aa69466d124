"""Untrained transformers of each kind that prompts go to, each with a batch; of texts one row is padded."""

import importlib
from unittest.mock import patch

import torch
from torch import nn

from headstart.models.minilm import MiniLM
from headstart.models.texts import Reader


class Padded(nn.Module):
    """torch's own encoder of vectors (n, l, 16), of which rows with 0 in front are no tokens."""

    def __init__(self, causal=False, batch_first=True):
        super().__init__()
        layer = nn.TransformerEncoderLayer(16, 2, 24, dropout=0.0, batch_first=batch_first)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=batch_first)
        self.causal, self.batch_first = causal, batch_first

    def forward(self, x):
        padding, mask = x[..., 0] == 0, None
        if self.causal:
            padding, mask = None, torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        if self.batch_first:
            found = self.encoder(x, mask, padding)
        else:
            found = self.encoder(x.transpose(0, 1), mask, padding).transpose(0, 1)
        return found if padding is None else found.masked_fill(padding[..., None], 0.0)


def timm():
    made = importlib.import_module("timm").models.VisionTransformer
    return made(16, 8, embed_dim=16, depth=2, num_heads=2, num_classes=3), torch.randn(2, 3, 16, 16)


def torchvision():
    vision = importlib.import_module("torchvision").models.VisionTransformer(16, 8, 2, 2, 16, 24)
    vision.heads = nn.Identity()  # which would answer 0
    return vision, torch.randn(2, 3, 16, 16)


def ids():
    found = torch.randint(1, 50, (2, 6))
    found[1, 4:] = -1
    return found


def of_transformers(name, **settings):
    package = importlib.import_module("transformers")
    config = getattr(package, f"{name}Config")(vocab_size=50, pad_token_id=0, **settings)
    return Reader(getattr(package, f"{name}Model")(config), 0), ids()


def bert():
    sizes = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
    return of_transformers("Bert", **sizes, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)


def gpt():
    dropout = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
    ends = {"bos_token_id": 1, "eos_token_id": 2}
    return of_transformers("GPT2", n_embd=16, n_layer=2, n_head=2, n_positions=20, **dropout, **ends)


def llama():
    sizes = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4}
    return of_transformers("Llama", **sizes, num_key_value_heads=2, max_position_embeddings=20)


def minilm():
    sizes = {"WORDS": 50, "POSITIONS": 20, "WIDTH": 24, "INSIDE": 32, "LAYERS": 2}
    with patch.multiple("headstart.models.minilm", **sizes):
        made = MiniLM()
    made.draw()
    for layer in made.layer:
        layer.drop.p = 0.0
    made.embeddings.drop.p = 0.0
    return made, ids()


def vectors():
    x = torch.randn(2, 5, 16)
    x[1, 3:] = 0
    return x


NETS = {
    "timm": (timm, False),
    "torchvision": (torchvision, False),
    "bert": (bert, False),
    "minilm": (minilm, False),
    "encoder": (lambda: (Padded(), vectors()), False),
    "rows second": (lambda: (Padded(batch_first=False), vectors()), False),
    "gpt": (gpt, True),
    "llama": (llama, True),
    "causal encoder": (lambda: (Padded(causal=True), torch.randn(2, 5, 16)), True),
}
CAUSAL = [name for name, (_, causal) in NETS.items() if causal]
PADDED = ["bert", "minilm", "encoder", "rows second", "gpt", "llama"]


def transformer(name):
    """A net in evaluation mode and its inputs, by a seed; skipped where its package is not installed."""
    import pytest

    if name in ("timm", "torchvision"):
        pytest.importorskip(name)
    if name in ("bert", "gpt", "llama"):
        pytest.importorskip("transformers")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module, x = NETS[name][0]()
        for parameter in module.parameters():  # so that attention tells tokens apart
            if parameter.ndim == 2 and max(parameter.shape) < 100:
                nn.init.normal_(parameter, std=0.4)
    return module.eval(), x


def answer(module, x):
    """Token vectors (n, l, d), or features (n, d)."""
    found = module(x)
    return found if isinstance(found, torch.Tensor) else found[0]
