"""Nets of every kind of layer that adapters go to, each with a batch of inputs."""

import torch
from torch import nn


class Attention(nn.Module):
    """An attention alone, as a module that returns a tensor."""

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x, need_weights=False)[0]


class Recurrent(nn.Module):
    """The outputs of a recurrent layer."""

    def __init__(self, layer=nn.GRU):
        super().__init__()
        self.cells = layer(16, 16, batch_first=True)

    def forward(self, x):
        return self.cells(x)[0]


class Words(nn.Module):
    """The mean of the embeddings of whole numbers."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(16, 8, padding_idx=0)
        self.out = nn.Linear(8, 16)

    def forward(self, x):
        return self.out(self.words(x.abs().mul(3).long()).mean(1))


class Functional(nn.Module):
    """A layer whose weight is read, but that is never called."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(16, 16)
        self.read = nn.Linear(16, 16)

    def forward(self, x):
        return nn.functional.linear(self.first(x).tanh(), self.read.weight, self.read.bias)


def convolutions():
    return nn.Sequential(
        nn.Conv2d(8, 8, 3, padding=2, dilation=2),
        nn.BatchNorm2d(8),
        nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=2),
        nn.Conv2d(8, 8, (1, 3), padding=(0, 1), padding_mode="circular", bias=False),
        nn.Conv2d(8, 8, 5, padding="same", padding_mode="reflect"),
    )


def encoder():
    return nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), 2)


def sequences():
    return nn.Sequential(nn.Conv1d(8, 16, 3, groups=8), nn.Tanh(), nn.Conv1d(16, 8, 3, padding="same"))


NETS = {
    "linear": (lambda: nn.Sequential(nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 16)), (4, 16)),
    "convolutions": (convolutions, (2, 8, 9, 9)),
    "transposed": (lambda: nn.ConvTranspose2d(16, 16, 3), (2, 16, 5, 5)),
    "sequences": (sequences, (2, 8, 9)),
    "volumes": (lambda: nn.Conv3d(8, 8, 3, padding=1), (1, 8, 4, 4, 4)),
    "embedding": (Words, (4, 5)),
    "attention": (Attention, (2, 5, 16)),
    "recurrent": (Recurrent, (2, 5, 16)),
    "lstm": (lambda: Recurrent(nn.LSTM), (2, 5, 16)),
    "encoder": (encoder, (2, 5, 16)),
    "functional": (Functional, (4, 16)),
}


def net(name):
    """A net in evaluation mode and its inputs, both by a seed."""
    build, shape = NETS[name]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build().eval(), torch.randn(shape)


def disturb(adapters, size=0.1):
    """Give adapters other values than at their start."""
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for adapter in adapters.values():
            for parameter in adapter.parameters():
                parameter.add_(size * torch.randn(parameter.shape, generator=generator))
