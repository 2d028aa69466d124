"""Small models for the tests of this folder, and how they are told to be untouched."""

import copy
from contextlib import contextmanager

import torch
from torch import nn

from headstart.models.operations.report import same


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


class Small(nn.Module):
    """Conv, norm, two stages, head."""

    def __init__(self, channels=3, classes=4, stage="stage", dims=2):
        super().__init__()
        conv = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[dims - 1]
        norm = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)[dims - 1]
        self.stem = conv(channels, 6, 3, stride=2, padding=1)
        self.bn = norm(6)
        self.stage1 = nn.Sequential(conv(6, 8, 3, padding=1), norm(8), nn.ReLU(), conv(8, 8, 1))
        setattr(
            self, stage + "2", nn.Sequential(conv(8, 10, 3, padding=1), norm(10), nn.ReLU(), conv(10, 10, 1))
        )
        self.fc = nn.Linear(10, classes)
        self.last = stage + "2"

    def forward(self, x):
        x = self.bn(self.stem(x)).relu()
        x = getattr(self, self.last)(self.stage1(x).relu())
        return self.fc(x.flatten(2).mean(2))


class Tokens(nn.Module):
    """A vision transformer of one's own: class token first, then places in rows."""

    def __init__(self, grid=(4, 4), width=12, k=1):
        super().__init__()
        self.patch = nn.Conv2d(3, width, 4, stride=4)
        self.token = nn.Parameter(noise(1, k, width))
        self.position = nn.Parameter(noise(1, k + grid[0] * grid[1], width, seed=1))
        self.block = nn.TransformerEncoderLayer(width, 2, 16, batch_first=True, dropout=0.0)
        self.head = nn.Linear(width, 5)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1) + self.position
        return self.head(self.block(x)[:, 0])


class Words(nn.Module):
    """An embedding and the output layer tied to it."""

    def __init__(self, count=4, width=3, tied=True):
        super().__init__()
        self.embed = nn.Embedding(count, width, padding_idx=0)
        self.body = nn.Linear(width, width)
        self.out = nn.Linear(width, count)
        if tied:
            self.out.weight = self.embed.weight

    def forward(self, x):
        return self.out(self.body(self.embed(x)).relu())


def mixed(model):
    """Some modules in training mode, some not; some parameters frozen."""
    model.train()
    for i, module in enumerate(model.modules()):
        module.training = i % 2 == 0
    for i, parameter in enumerate(model.parameters()):
        parameter.requires_grad_(i % 2 == 1)
    return model


def flags(model):
    return (
        {name: module.training for name, module in model.named_modules()},
        {name: p.requires_grad for name, p in model.named_parameters()},
    )


@contextmanager
def untouched(model):
    """Every byte, flag, hook and random number of the caller is the same after, also when it raises."""
    before = {name: value.clone() for name, value in model.state_dict().items()}
    ids, how = [id(p) for p in model.parameters()], copy.deepcopy(flags(model))
    sizes = {name: repr(module) for name, module in model.named_modules()}
    drawn = torch.random.get_rng_state()
    try:
        yield
    finally:
        after = model.state_dict()
        assert before.keys() == after.keys()
        assert all(same(value, after[name]) for name, value in before.items())
        assert ids == [id(p) for p in model.parameters()]
        assert how == flags(model)
        assert sizes == {name: repr(module) for name, module in model.named_modules()}
        assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
        assert torch.equal(drawn, torch.random.get_rng_state())
