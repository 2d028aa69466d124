"""Brightness, contrast, saturation, hue and grey of a picture as one matrix and one offset."""

import math

import torch
from torch import Tensor

LUMA = (0.2989, 0.587, 0.114)  # torchvision's


def colour_matrices(jitter: Tensor, hue: Tensor, grey: Tensor, mean: Tensor) -> tuple[Tensor, Tensor]:
    """Matrices (n, 3, 3) and offsets (n, 3) of red, green and blue.

    In this order: hue, brightness, contrast, saturation, grey, each as torchvision defines it but for the
    hue, which is turned about the axis of greys: equal to torchvision's at thirds of the circle. Nothing is
    clamped in between, and so the order of brightness, contrast and saturation does not matter.

    Args:
        jitter: (n, 3) factors of brightness, contrast and saturation.
        hue: (n,) shift as a share of the circle.
        grey: bool (n,).
        mean: (n, 3), of each picture, which contrast and black refer to.
    """
    n = len(hue)
    luma = torch.tensor(LUMA, device=mean.device, dtype=mean.dtype)
    bright, contrast, saturation = jitter.to(mean.dtype).unbind(1)
    saturation = torch.where(grey, 0.0, saturation)
    turn = bright[:, None, None] * hue_matrices(hue.to(mean.dtype))
    middle = (turn @ mean[:, :, None])[:, :, 0] @ luma
    offset = ((1 - contrast) * middle)[:, None].expand(n, 3)
    eye, greys = torch.eye(3, device=mean.device, dtype=mean.dtype), luma.expand(3, 3)
    fade = saturation[:, None, None]
    saturate = fade * eye + (1 - fade) * greys
    matrix = saturate @ (contrast[:, None, None] * turn)
    return matrix, (saturate @ offset[:, :, None])[:, :, 0]


def hue_matrices(hue: Tensor) -> Tensor:
    """Rotations (n, 3, 3) of red, green and blue about the axis of greys, by shares (n,) of the circle."""
    angle = 2 * math.pi * hue[:, None, None]
    eye = torch.eye(3, device=hue.device, dtype=hue.dtype)
    cross = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]], device=hue.device, dtype=hue.dtype)
    return angle.cos() * eye + angle.sin() / math.sqrt(3) * cross + (1 - angle.cos()) / 3


def light_factors(jitter: Tensor, mean: Tensor) -> tuple[Tensor, Tensor]:
    """Factors and offsets (n,) of brightness and contrast for pictures of any channels.

    Args:
        jitter: (n, 3) factors of brightness, contrast and saturation, of which the last has no meaning.
        mean: (n,) of each picture over all its channels.
    """
    bright, contrast = jitter.to(mean.dtype)[:, :2].unbind(1)
    return bright * contrast, (1 - contrast) * bright * mean
