"""Small networks and tasks in float64, for the tests of what descends in an inner loop."""

import torch
from torch import nn

from headstart.core import Episodes, Labelled
from headstart.learners.encoding import make_encoder
from headstart.learners.learner import Problem


class Recurrent(nn.Module):
    """The last hidden state of a GRU."""

    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(3, 4, batch_first=True)

    def forward(self, x):
        return self.rnn(x)[0][:, -1]


class Attentive(nn.Module):
    """A layer of a transformer."""

    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True)

    def forward(self, x):
        return self.layer(x).mean(1)


def dense(norm):
    return nn.Sequential(nn.Linear(3, 6), norm, nn.Tanh(), nn.Linear(6, 4))


def maps(norm):
    return nn.Sequential(nn.Conv2d(1, 3, 3), norm, nn.Tanh(), nn.MaxPool2d(2), nn.Flatten())


NETWORKS = {  # by name: made, shape of an input, whether vmap can batch it
    "layer-norm": (lambda: dense(nn.LayerNorm(6)), (3,), True),
    "batch-norm": (lambda: dense(nn.BatchNorm1d(6)), (3,), True),
    "group-norm": (lambda: dense(nn.GroupNorm(2, 6)), (3,), True),
    "rms-norm": (lambda: dense(nn.RMSNorm(6)), (3,), True),
    "convolution": (lambda: maps(nn.BatchNorm2d(3)), (1, 6, 6), True),
    "instance-norm": (lambda: maps(nn.InstanceNorm2d(3, affine=True)), (1, 6, 6), True),
    "attention": (Attentive, (5, 4), True),
    "gru": (Recurrent, (5, 3), False),
}


def built(learner, network, shape, kind="numbers", outputs=2):
    """Parts in float64 with random weights, in training mode."""
    torch.manual_seed(0)
    parts = learner.parts(make_encoder(network, shape), Problem(shape, outputs, kind)).double().train()
    with torch.no_grad():
        for parameter in parts["network"].network.parameters():
            parameter.normal_(0.2, 0.5)
    return parts


def episodes(shape, kind="numbers", tasks=3, rows=5, outputs=2):
    """Random tasks in float64."""
    g = torch.Generator().manual_seed(1)

    def drawn():
        x = torch.randn(tasks, rows, *shape, generator=g, dtype=torch.float64)
        if kind == "classes":
            return Labelled(x, torch.randint(outputs, (tasks, rows), generator=g))
        return Labelled(x, torch.randn(tasks, rows, outputs, generator=g, dtype=torch.float64))

    return Episodes(drawn(), drawn())


def meta_gradient(learner, parts, batch):
    """The gradient of the meta-loss by name of a parameter."""
    parts.zero_grad()
    learner.meta_loss(parts, batch).backward()
    return {name: one.grad.clone() for name, one in parts.named_parameters() if one.grad is not None}


def slope(learner, parts, batch, step=1e-5):
    """The directional derivative of the meta-loss by finite differences, and by its gradient."""
    torch.manual_seed(2)
    mine = dict(parts.named_parameters())
    way = {name: torch.randn_like(one) for name, one in mine.items()}
    ends = []
    for sign in (1, -1):
        with torch.no_grad():
            for name, one in mine.items():
                one.add_(sign * step * way[name])
        ends.append(learner.meta_loss(parts, batch).item())
        with torch.no_grad():
            for name, one in mine.items():
                one.sub_(sign * step * way[name])
    gradient = meta_gradient(learner, parts, batch)
    return (ends[0] - ends[1]) / (2 * step), sum((gradient[n] * way[n]).sum().item() for n in gradient)
