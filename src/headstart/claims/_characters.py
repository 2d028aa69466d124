"""Made-up characters: an alphabet that was learned before, and another of which a few are to be learned."""

import math

import torch
from torch import Tensor, nn

from headstart.claims._digits import Rows, convnet

SIDE, STROKES, POINTS = 12, 3, 12  # pixels; strokes of a character, and the points that one is drawn with
WIDTH = 0.05  # of a stroke, as a share of the picture


def alphabet(characters: int, random: torch.Generator) -> Tensor:
    """Strokes (characters, strokes, 3, 2): quadratic Bezier curves by their control points in [0, 1]."""
    return 0.15 + 0.7 * torch.rand(characters, STROKES, 3, 2, generator=random)


def written(letters: Tensor, rows: int, random: torch.Generator) -> Rows:
    """So many pictures (n, 1, 12, 12) of each character: by an unsteady hand, turned, moved and noisy."""
    y = torch.arange(len(letters)).repeat(rows)
    control = letters[y] + 0.04 * torch.randn(len(y), STROKES, 3, 2, generator=random)
    angle = math.radians(15) * torch.randn(len(y), generator=random)
    scale = 1 + 0.1 * torch.randn(len(y), generator=random)
    turn = scale[:, None, None] * torch.stack(
        [torch.stack([angle.cos(), -angle.sin()], 1), torch.stack([angle.sin(), angle.cos()], 1)], 1
    )
    moved = 0.5 + 0.05 * torch.randn(len(y), 1, 2, generator=random)
    t = torch.linspace(0, 1, POINTS)[:, None]
    basis = torch.cat([(1 - t) ** 2, 2 * t * (1 - t), t**2], 1)  # (points, 3)
    points = torch.einsum("pk,nskd->nspd", basis, control).flatten(1, 2)
    points = (points - 0.5) @ turn.mT + moved
    grid = (torch.arange(SIDE) + 0.5) / SIDE
    near = torch.exp(-((points[:, :, None] - grid[:, None]) ** 2) / (2 * WIDTH**2))  # (n, points, side, 2)
    ink = (near[..., 1, None] * near[:, :, None, :, 0]).amax(1)  # (n, side, side)
    x = ink + 0.15 * torch.randn(ink.shape, generator=random)
    return Rows(x.clamp(0, 1)[:, None], y)


def network(random: torch.Generator, characters: int) -> nn.Sequential:
    """The small network of claims, half as wide."""
    return convnet(random, characters, 8)
