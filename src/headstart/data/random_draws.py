"""Counter-based random numbers: functions of their seed, the same on every machine.

The mixer is SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195).
"""

import numpy as np
from numpy.typing import NDArray

from headstart.core import derive_seed

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def uniforms(seeds: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """`count` numbers in [0, 1) for each of n seeds, shape (n, count); row i depends on seed i."""
    steps = np.arange(1, count + 1, dtype=np.uint64) * _GOLDEN
    mixed = _mix(_mix(seeds.astype(np.uint64))[:, None] + steps)
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def row_seeds(seed: int, rows: NDArray[np.int64], epochs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Seeds (n,) of what is drawn for rows (n,) in their epochs (n,): the same wherever a row comes up."""
    mixed = _mix(np.uint64(derive_seed(seed, "rows")) + rows.astype(np.uint64) * _GOLDEN)
    return _mix(mixed + epochs.astype(np.uint64) * _GOLDEN).view(np.int64)


def shuffled(n: int, *seed: int | str) -> NDArray[np.int64]:
    """A permutation of 0 .. n-1 as a function of the seed."""
    keys = uniforms(np.array([derive_seed(*seed)]), n)[0]
    return np.argsort(keys, kind="stable").astype(np.int64)


def _mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
