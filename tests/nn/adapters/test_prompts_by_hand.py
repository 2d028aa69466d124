"""Prefix tokens and longer masks, in numbers by hand."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from headstart.core import BadInput
from headstart.nn.adapters.attaching import attach
from headstart.nn.adapters.more_tokens import MoreTokens
from headstart.nn.adapters.prefix import Prefix

LEAST = torch.finfo(torch.float32).min


class Attention(nn.Module):
    """Queries are the inputs (n, l, 1), keys are 1 and values twice the inputs."""

    def __init__(self):
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, x, mask=None, causal=False):
        heads = x[:, None]
        return F.scaled_dot_product_attention(
            heads, torch.ones_like(heads), 2 * heads, attn_mask=mask, is_causal=causal
        )[:, 0]


def prefixed(gate=None):
    """One key, log 2, with the value 10: a query of 1 weighs it as 2 to e for each token."""
    layer, prefix = Attention(), Prefix(torch.zeros(1), 1, 1, 1, 1, gate=gate is not None)
    with torch.no_grad():
        prefix.keys.fill_(math.log(2))
        prefix.values.fill_(10.0)
        if gate is not None:
            prefix.gate.fill_(math.atanh(gate))
    attach(layer, prefix)
    return layer


def test_a_token_attends_to_the_prefix_by_the_softmax_over_all():
    """Query 1: exp(log 2) = 2 for the prefix and e for each token; query 0: 1 for each."""
    x = torch.tensor([[[1.0], [0.0]]])
    e = math.e
    first = (2 * 10 + e * 2 + e * 0) / (2 + e + e)
    second = (10 + 2 + 0) / 3
    torch.testing.assert_close(prefixed()(x), torch.tensor([[[first], [second]]]))


def test_masks_hide_tokens_and_never_the_prefix():
    x, e = torch.tensor([[[1.0], [0.0]]]), math.e
    first = (2 * 10 + e * 2) / (2 + e)
    wanted = torch.tensor([[[first], [(10 + 2 + 0) / 3]]])
    torch.testing.assert_close(prefixed()(x, causal=True), wanted)
    mask = torch.tensor([[True, False], [True, True]])
    torch.testing.assert_close(prefixed()(x, mask), wanted)
    torch.testing.assert_close(prefixed()(x, torch.zeros(2, 2).masked_fill(~mask, -torch.inf)), wanted)
    alone = prefixed()(x, torch.tensor([[[[True, False]]]]))  # the second token is padding for both
    torch.testing.assert_close(alone, torch.tensor([[[first], [(10 + 2) / 2]]]))


def test_a_gate_adds_a_share_of_the_attention_to_the_prefix_alone():
    """The one value of the prefix is 10 whatever the query; the tokens mix to 1 each."""
    x = torch.tensor([[[1.0], [0.0]]])
    torch.testing.assert_close(prefixed(gate=0.3)(x), torch.full((1, 2, 1), 1 + 0.3 * 10))
    assert torch.equal(prefixed(gate=0.0)(x), Attention()(x))


def test_an_attention_with_keys_of_its_own_is_refused():
    layer = nn.MultiheadAttention(2, 1, add_bias_kv=True)
    attach(layer, Prefix(torch.zeros(1), 1, 1, 2, 2))
    with pytest.raises(BadInput, match="keys of its own"):
        layer(*[torch.zeros(3, 1, 2)] * 3)


def told(name, mask, causal=False, hides=False, rows=1, count=2):
    more = MoreTokens(count, mask.shape[-1], rows, causal, hides)
    return more.told({name: mask})[name].tolist()


def test_a_mask_of_padding_shows_the_tokens_in_front():
    assert told("attention_mask", torch.tensor([[1, 1, 0]])) == [[1, 1, 1, 1, 0]]
    assert told("there", torch.tensor([[[[True, False]]]])) == [[[[True, True, True, False]]]]
    assert (
        told("src_key_padding_mask", torch.tensor([[False, True]] * 2), hides=True, rows=2)
        == [[False, False, False, True]] * 2
    )
    assert told("attention_mask", torch.tensor([[[[0.0, LEAST]]]]))[0][0] == [[0.0, 0.0, 0.0, LEAST]]


def test_tokens_in_front_see_what_any_sees_and_are_seen_by_all():
    """The second of two tokens is padding, which is hidden from both."""
    wanted = [[True, True, True, False]] * 4
    assert told("attention_mask", torch.tensor([[[[True, False]] * 2]]))[0][0] == wanted
    hidden = torch.tensor([[False, True]] * 2)
    assert told("src_mask", hidden, hides=True) == [[not one for one in row] for row in wanted]


def test_before_causal_tokens_they_see_those_before_them_alone():
    lower = torch.ones(4, 4).tril().bool()
    assert told("attention_mask", lower[None, None, :2, :2], causal=True)[0][0] == lower.tolist()
    assert told("src_mask", ~lower[:2, :2], causal=True, hides=True) == (~lower).tolist()
    added = torch.zeros(1, 1, 2, 2).masked_fill(~lower[:2, :2], LEAST)
    found = torch.tensor(told("attention_mask", added, causal=True))[0, 0]
    assert torch.equal(found == 0, lower)
    assert told("attention_mask", torch.ones(1, 1, 1, 1).bool(), causal=True, count=1) == [
        [[[True, False], [True, True]]]
    ]


def test_rotations_of_tokens_keep_theirs_and_those_in_front_have_none():
    cosine, sine = torch.full((1, 2, 4), 0.5), torch.full((1, 2, 4), 0.8)
    given = {"position_embeddings": (cosine, sine), "position_ids": torch.tensor([[0, 1]]), "scale": 3}
    found = MoreTokens(1, 2, 1, True, False).told(given)
    assert [one[0, :, 0].tolist() for one in found["position_embeddings"]] == [
        [1.0, 0.5, 0.5],
        pytest.approx([0.0, 0.8, 0.8]),
    ]
    assert found["position_ids"].tolist() == [[0, 0, 1]]
    assert found["scale"] == 3


def test_what_is_told_of_other_sequences_stays():
    mask = torch.tensor([[True, False]])
    assert told("encoder_attention_mask", mask) == mask.tolist()
    assert MoreTokens(1, 3, 1, False, False).told({"mask": mask})["mask"] is mask
