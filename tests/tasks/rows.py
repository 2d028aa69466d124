"""Small labelled data for the tests of tasks."""

import numpy as np


def numbered(classes=8, rows=10, columns=3, seed=0):
    """Rows (n, columns) whose first column is the class and whose second is the row number, and classes."""
    y = np.repeat(np.arange(classes), rows)
    order = np.random.default_rng(seed).permutation(len(y))
    x = np.zeros((len(y), columns), np.float32)
    x[:, 0], x[:, 1] = y[order], np.arange(len(y))
    return x, np.array([f"class {label}" for label in y[order]])
