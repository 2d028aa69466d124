"""The mathematics of zero-shot classification, by hand."""

import math

import torch
from tests.rounding import rounding

from headstart.nn.zero_shot import (
    balancing_bias,
    class_embeddings,
    content_free_bias,
    most_alike,
    zero_shot_head,
)


def test_class_embeddings_by_hand():
    """Prompts (3, 0) and (0, 4) are (1, 0) and (0, 1) first; their mean has the angle of 45 degrees."""
    found = class_embeddings([torch.tensor([[3.0, 0.0], [0.0, 4.0]]), torch.tensor([[0.0, 2.0]])])
    half = math.sqrt(0.5)
    assert torch.allclose(found, torch.tensor([[half, half], [0.0, 1.0]]), atol=rounding(2))


def test_logits_are_scaled_cosines_by_hand():
    head = zero_shot_head(torch.tensor([[1.0, 0.0], [0.6, 0.8]]), 10.0, torch.tensor([0.0, 0.5]))
    found = head(torch.tensor([[5.0, 0.0], [0.0, 0.1]]))
    assert torch.allclose(found, torch.tensor([[10.0, 6.5], [0.0, 8.5]]), atol=rounding(4, 10))


def test_inputs_without_content_are_of_every_class_alike():
    """Of logits log 0.8 and log 0.2, and of 0.6 and 0.4: 0.7 and 0.3 on the mean."""
    logits = torch.tensor([[0.8, 0.2], [0.6, 0.4]]).log()
    assert torch.allclose(content_free_bias(logits), -torch.tensor([0.7, 0.3]).log(), atol=rounding(4))
    one = logits[:1]
    assert torch.allclose(
        (one + content_free_bias(one)).softmax(1), torch.full((1, 2), 0.5), atol=rounding(4)
    )


def test_balanced_logits_give_every_class_the_same_mean_probability():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(200, 4, generator=generator) * 3 + torch.tensor([2.0, 0.0, -1.0, 0.5])
    bias = balancing_bias(logits)
    assert torch.allclose((logits + bias).softmax(1).mean(0), torch.full((4,), 0.25), atol=1e-4)
    assert abs(float(bias.sum())) < rounding(4, 3)
    assert torch.equal(balancing_bias(torch.zeros(5, 3)), torch.zeros(3))


def test_most_alike_by_hand():
    found = most_alike(torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]), 0.5)
    assert [pair[:2] for pair in found] == [(1, 2), (0, 1)]
    assert [round(pair[2], 6) for pair in found] == [0.8, 0.6]
