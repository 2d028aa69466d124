"""Prefix tokens as a method: what they do not share with token prompts."""

import torch
from tests.methods.ways import tuned
from tests.rounding import rounding
from tests.toy import Tokens

from headstart.methods.mapping.adapters.prefix_tokens import PrefixTokens


def test_behind_a_gate_next_to_no_rate_is_a_probe_of_the_frozen_backbone():
    run = tuned(PrefixTokens(gate=True, backbone_lr=1e-30), Tokens())
    x = torch.randn(5, 8)
    wanted = Tokens().eval()(x).detach()
    close = rounding(8, wanted.abs().max(), sums=8)
    torch.testing.assert_close(run.parts["backbone"].eval()(x).detach(), wanted, rtol=0, atol=close)
    open_gate = tuned(PrefixTokens(gate=True), Tokens()).parts["backbone"].eval()
    assert (open_gate(x) - wanted).abs().max() > 100 * close


def test_keys_and_values_of_two_heads_of_two_numbers_are_counted():
    """Two tokens in a layer of width 4: 2 x 2 x 4 numbers, and a gate for each of two heads."""
    for gate, count in ((False, 16), (True, 18)):
        run = tuned(PrefixTokens(count=2, gate=gate), Tokens())
        added = [one for name, one in run.parts.named_parameters() if ".adapters." in name]
        assert sum(one.numel() for one in added) == count
