"""A small classifier that has learned, and streams that want to break what adapts."""

from typing import Any

import torch
from torch import Tensor, nn

from headstart.run.modes import seeded

CLASSES, SIDE = 4, 6


def rows(n: int, seed: int, label: int | None = None) -> tuple[Tensor, Tensor]:
    """Pictures (n, 1, 6, 6): a bright quarter a class, and noise."""
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(CLASSES, (n,), generator=g) if label is None else torch.full((n,), label)
    x = 0.25 * torch.randn(n, 1, SIDE, SIDE, generator=g)
    for row, quarter in enumerate(y.tolist()):
        top, left = 3 * (quarter // 2), 3 * (quarter % 2)
        x[row, 0, top : top + 3, left : left + 3] += 1.0
    return x, y


def trained() -> nn.Sequential:
    """A small net with batch normalisation, right on nearly all rows; in evaluation mode."""
    with seeded(3):
        net = nn.Sequential(
            *(nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU()),
            *(nn.Conv2d(8, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU()),
            *(nn.Flatten(), nn.Linear(32, CLASSES)),
        )
        optimiser = torch.optim.Adam(net.parameters(), 1e-2)
        for step in range(60):
            x, y = rows(64, step)
            optimiser.zero_grad()
            nn.functional.cross_entropy(net(x), y).backward()
            optimiser.step()
    optimiser.zero_grad()
    return net.eval()


def adversaries(n: int) -> dict[str, list[Tensor]]:
    """Batches of n rows that a model may be driven to one class by, each for some batches."""
    g = torch.Generator().manual_seed(9)
    one, _ = rows(1, 1)
    return {
        "constant": [torch.full((n, 1, SIDE, SIDE), 0.7)] * 12,
        "noise": [torch.randn(n, 1, SIDE, SIDE, generator=g) for _ in range(12)],
        "label-sorted": [rows(n, 50 + k, label=k // 6)[0] for k in range(24)],
        "extreme": [1e4 * torch.randn(n, 1, SIDE, SIDE, generator=g) for _ in range(12)],
        "black": [torch.zeros(n, 1, SIDE, SIDE)] * 12,
        "one sample": [one.expand(n, -1, -1, -1)] * 12,
    }


def state_of(stream: Any) -> dict[str, Tensor]:
    """All tensors of a stream's parts, copied."""
    return {name: value.clone() for name, value in stream._adapter.run.parts.state_dict().items()}


def alike(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    """Bit for bit."""
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)
