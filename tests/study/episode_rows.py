"""Small data and settings for the tests of learners on new tasks."""

import numpy as np

SMALL = {"steps": 3, "tasks": 4, "test_tasks": 6, "at_steps": (0, 1), "at_shots": (1, 2)}
TEXTS = (["good film", "bad film", "fine play", "dull play"] * 3, list("abcd") * 3)
PROTO = {**SMALL, "learners": ["protonet"]}


def rows(classes=8, each=12, seed=0):
    """Points (n, 3) around a mean for each class, and their names."""
    draw, y = np.random.default_rng(seed), np.repeat(np.arange(classes), each)
    means = 4 * draw.normal(size=(classes, 3))
    return (means[y] + draw.normal(size=(len(y), 3))).astype(np.float32), np.array([f"c{k}" for k in y])
