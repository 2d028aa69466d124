"""Small pictures of two colours with captions that name them."""

import itertools

import numpy as np

COLOURS = {
    "red": (220, 30, 30),
    "green": (30, 200, 40),
    "blue": (30, 40, 220),
    "white": (245, 245, 245),
    "black": (10, 10, 10),
    "yellow": (230, 220, 20),
}
SIDE = 16


def halves(upper, lower):
    """A picture whose upper half has one colour and whose lower half another."""
    picture = np.empty((SIDE, SIDE, 3), np.uint8)
    picture[: SIDE // 2], picture[SIDE // 2 :] = COLOURS[upper], COLOURS[lower]
    return picture


def pairs(count=30):
    """Pictures of all pairs of colours in a mixed order, and what they show."""
    both = list(itertools.permutations(COLOURS, 2))
    order = np.random.default_rng(0).permutation(len(both))[:count]
    pictures = [halves(*both[place]) for place in order]
    return pictures, [f"{both[place][0]}top and {both[place][1]}bottom" for place in order]
