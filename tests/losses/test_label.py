"""The loss that belongs to the labels, by hand."""

import math

import pytest
import torch

from headstart.core import BadData
from headstart.losses.label import label_loss


def test_classes_by_hand():
    """Logits ln 3 and 0 give the probabilities 3/4 and 1/4."""
    logits = torch.tensor([[math.log(3), 0.0], [math.log(3), 0.0]])
    found = label_loss(logits, torch.tensor([0, 1]))
    assert float(found) == pytest.approx(-(math.log(3 / 4) + math.log(1 / 4)) / 2)


def test_tags_by_hand():
    """Logit ln 3 is a probability of 3/4, whatever the other tags are."""
    logits = torch.tensor([[math.log(3), 0.0]])
    found = label_loss(logits, torch.tensor([[True, False]]))
    assert float(found) == pytest.approx((-math.log(3 / 4) - math.log(1 / 2)) / 2)
    soft = label_loss(logits, torch.tensor([[True, False]]), smoothing=0.2)  # goals .9 and .1
    goal = -0.9 * math.log(3 / 4) - 0.1 * math.log(1 / 4)
    assert float(soft) == pytest.approx((goal - math.log(1 / 2)) / 2)


def test_numbers_by_hand():
    outputs, y = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[0.0, 2.0], [3.0, 1.0]])
    assert float(label_loss(outputs, y)) == (1 + 0 + 0 + 9) / 4


def test_it_is_float32_and_a_mean_over_rows():
    outputs = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    for y in (torch.tensor([0, 1, 2, 0, 1, 2]), outputs > 0.3, outputs.flip(0)):
        whole = label_loss(outputs.bfloat16(), y)
        assert whole.dtype == torch.float32
        halves = (label_loss(outputs[:3], y[:3]) + label_loss(outputs[3:], y[3:])) / 2
        torch.testing.assert_close(label_loss(outputs, y), halves)


@pytest.mark.parametrize(
    "y", [torch.zeros(2), torch.zeros(2, 3, dtype=torch.int64), torch.zeros(2, dtype=torch.int32)]
)
def test_labels_of_no_kind_are_refused(y):
    with pytest.raises(BadData, match="Labels are whole numbers"):
        label_loss(torch.zeros(2, 3), y)
