"""Counter-based random numbers as tensors: functions of their seed, the same on every device.

They are those of `headstart.data.random_draws`: SplitMix64 (Steele, Lea and Flood 2014,
doi:10.1145/2660193.2660195).
"""

import math

import torch
from torch import Tensor

_GOLDEN, _FIRST, _SECOND = -0x61C8864680B583EB, -0x40A7B892E31B1A47, -0x6B2FB644ECCEEE15  # as int64


def uniforms(seed: Tensor, count: int) -> Tensor:
    """`count` numbers in [0, 1) for each of n seeds, float64 (n, count); row i depends on seed i.

    Args:
        seed: int64 (n,).
        count: >= 0.
    """
    steps = torch.arange(1, count + 1, device=seed.device) * _GOLDEN
    mixed = _mix(_mix(seed)[:, None] + steps)
    return _shifted(mixed, 11).double() * 2.0**-53


def normals(seed: Tensor, count: int) -> Tensor:
    """`count` standard normal numbers for each of n seeds, float32 (n, count), by Box and Muller."""
    both = uniforms(seed, 2 * ((count + 1) // 2)).float()
    size, angle = both.chunk(2, 1)
    length = (-2 * (1 - size).clamp_min(1e-12).log()).sqrt()
    angle = 2 * math.pi * angle
    return torch.cat([length * angle.cos(), length * angle.sin()], 1)[:, :count]


def orders(seed: Tensor, count: int) -> Tensor:
    """A random order of 0 .. count - 1 for each of n seeds, int64 (n, count)."""
    return uniforms(seed, count).argsort(dim=1, stable=True)


def distinct(seed: Tensor, of: Tensor, count: int) -> Tensor:
    """`count` different whole numbers below `of`, in random order, for each of n seeds, int64 (n, count).

    By Floyd's algorithm (Bentley and Floyd 1987, doi:10.1145/30401.315746): its cost is free of `of`.

    Args:
        seed: int64 (n,).
        of: int64 (n,), each >= count.
        count: >= 0.
    """
    drawn, found = uniforms(seed, count), torch.empty(len(seed), count, dtype=torch.int64, device=seed.device)
    for place in range(count):
        last = of - count + place
        number = (drawn[:, place] * (last + 1)).long()
        known = (found[:, :place] == number[:, None]).any(1)
        found[:, place] = torch.where(known, last, number)
    return found.gather(1, orders(reseeded(seed, 0), count))


def reseeded(seed: Tensor, number: int) -> Tensor:
    """Other seeds (n,), of the `number`-th of several draws for each row."""
    return _mix(_mix(seed) + torch.tensor(number + 1, device=seed.device) * _SECOND)


def _shifted(z: Tensor, bits: int) -> Tensor:
    """A logical shift to the right: torch's repeats the sign."""
    return (z >> bits) & ((1 << (64 - bits)) - 1)


def _mix(z: Tensor) -> Tensor:
    z = (z ^ _shifted(z, 30)) * _FIRST
    z = (z ^ _shifted(z, 27)) * _SECOND
    return z ^ _shifted(z, 31)
