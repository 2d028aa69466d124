"""Small networks of the shapes that matter to a replay; the class `Seen` counts real forwards."""

import torch
from torch import nn
from torch.nn.functional import dropout, gelu

from headstart.core import Backbone


class Seen(nn.Conv2d):
    """A convolution that counts how often it is really computed."""

    calls = 0

    def forward(self, x):
        type(self).calls += 1
        return super().forward(x)


class Conv(Backbone):
    """Three convolutions with batch normalisations, one dropout, on one stem."""

    blocks = ("layers.0", "layers.4", "layers.7")
    width = 6

    def __init__(self, drop=0.0, before=0.0):
        super().__init__()
        self.before = before
        self.layers = nn.Sequential(
            *(Seen(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Dropout(drop)),
            *(nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True)),
            *(nn.Conv2d(4, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(inplace=True)),
            *(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        )

    def forward(self, x):
        return self.layers(dropout(x, self.before, self.training))


class Block(nn.Module):
    """A residual block with one activation that is called twice."""

    def __init__(self, width, kind=nn.Conv2d):
        super().__init__()
        self.conv1, self.bn1 = kind(width, width, 3, padding=1), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x):
        y = self.bn2(self.conv2(self.act(self.bn1(self.conv1(x)))))
        return self.act(y + x)


class Residual(Backbone):
    blocks = ("stem", "one", "two", "three")
    width = 4

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.full((1, 3, 1, 1), 0.1), persistent=False)
        self.stem, self.one, self.two, self.three = nn.Conv2d(3, 4, 1), Block(4, Seen), Block(4), Block(4)

    def forward(self, x):
        return self.three(self.two(self.one(self.stem(x - self.mean)))).mean((2, 3))


class Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm, self.attend = nn.LayerNorm(width), nn.MultiheadAttention(width, 2, batch_first=True)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x):
        z = self.norm(x)
        x = x + self.attend(z, z, z, need_weights=False)[0]
        return x + self.down(gelu(self.up(x)))


class Transformer(Backbone):
    """Patches, a class token and a position embedding that belong to no sub-module."""

    blocks = ("patches", "layers.0", "layers.1", "layers.2")
    width = 8

    def __init__(self):
        super().__init__()
        self.token, self.position = nn.Parameter(torch.ones(1, 1, 8)), nn.Parameter(torch.randn(1, 5, 8))
        self.patches = Seen(3, 8, 4, stride=4)
        self.layers = nn.ModuleList(Attention(8) for _ in range(3))
        self.norm = nn.LayerNorm(8)

    def forward(self, x):
        z = self.patches(x).flatten(2).mT
        z = torch.cat([self.token.expand(len(z), -1, -1), z], 1) + self.position
        for layer in self.layers:
            z = layer(z)
        return self.norm(z)[:, 0]


class Across(Backbone):
    """A connection from the input to the end, past everything."""

    blocks = ("low", "high")
    width = 3

    def __init__(self):
        super().__init__()
        self.low, self.high = Seen(3, 3, 3, padding=1), nn.Conv2d(3, 3, 1)

    def forward(self, x):
        return (self.high(self.low(x)) + x).mean((2, 3))


class Again(Backbone):
    """A frozen module that is called before and after what learns."""

    blocks = ("first", "shared", "last")
    width = 3

    def __init__(self):
        super().__init__()
        self.first, self.shared, self.last = Seen(3, 3, 1), nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 1)

    def forward(self, x):
        return self.shared(self.last(self.shared(self.first(x)))).mean((2, 3))


class Pair(nn.Module):
    """Gives two tensors."""

    def __init__(self):
        super().__init__()
        self.left, self.right = Seen(3, 3, 1), nn.Conv2d(3, 3, 1)

    def forward(self, x):
        return self.left(x), self.right(x)


class Forked(Backbone):
    blocks = ("pair", "low", "high")
    width = 3

    def __init__(self):
        super().__init__()
        self.pair, self.low, self.high = Pair(), nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)

    def forward(self, x):
        left, right = self.pair(x)
        return self.high(torch.relu(self.low(left + right))).mean((2, 3))


class Windows(Across):
    """Works on quarters of a picture: its modules see 4 n rows."""

    def forward(self, x):
        n = len(x)
        quarters = x.reshape(n, 3, 2, 4, 2, 4).permute(0, 2, 4, 1, 3, 5).reshape(4 * n, 3, 4, 4)
        return self.high(torch.relu(self.low(quarters))).reshape(n, 4, 3, 16).mean((1, 3))


class Words(Backbone):
    """Token numbers instead of pictures."""

    blocks = ("embed", "low", "high")
    width = 4

    def __init__(self):
        super().__init__()
        self.embed, self.low, self.high = nn.Embedding(9, 4), nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x):
        return self.high(torch.tanh(self.low(self.embed(x)))).mean(1)
