"""Weights of rows go along with them, whatever the order."""

import itertools
import math

import numpy as np
import pytest
import torch

from headstart.core import BadInput
from headstart.data.stream import labelled, once


class Numbers:
    """A source whose samples are the numbers of the rows."""

    content = "numbers"

    def fetch(self, rows, views):
        return torch.from_numpy(rows).float()[:, None]


LABELS = np.arange(10) % 3
WEIGHTS = np.linspace(0, 2, 10)
ROWS = np.array([9, 2, 5, 7, 0])


def test_each_row_has_its_own():
    for batch in itertools.islice(labelled(Numbers(), LABELS, ROWS, 3, 0, weights=WEIGHTS)(4), 6):
        assert batch.weight.dtype == torch.float32
        torch.testing.assert_close(batch.weight, batch.x[:, 0] * 2 / 9)
    passed = list(once(Numbers(), LABELS, ROWS, 2, WEIGHTS)(0))
    torch.testing.assert_close(torch.cat([b.weight for b in passed]), torch.tensor(ROWS).float() * 2 / 9)


def test_without_weights_there_are_none():
    assert next(labelled(Numbers(), LABELS, ROWS, 3, 0)(0)).weight is None
    assert next(once(Numbers(), LABELS, ROWS, 3)(0)).weight is None


@pytest.mark.parametrize("bad", [[1.0, -1.0], [math.nan, 1.0], [math.inf, 1.0], [[1.0], [1.0]]])
def test_bad_weights_are_refused(bad):
    for make in (
        lambda: labelled(Numbers(), LABELS, ROWS, 3, 0, weights=bad),
        lambda: once(Numbers(), LABELS, ROWS, 3, bad),
    ):
        with pytest.raises(BadInput, match="finite numbers >= 0"):
            make()
