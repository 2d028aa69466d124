"""(IA)3 as a method: three vectors a layer, multiplied into the weights that are shipped."""

import pytest
import torch
from tests.methods.ways import tuned
from tests.rounding import rounding
from tests.toy import Columns, Tokens, Toy

from headstart.core import BadInput, Model
from headstart.methods.mapping.adapters.ia3 import IA3
from headstart.nn.adapters import adapted_layers, is_of_adapter


def test_keys_values_and_inner_activations_have_a_vector_each():
    """d = 4 and 6 inside: 4 + 4 + 6 scales."""
    run = tuned(IA3(), Tokens())
    modules = run.parts["backbone"].modules()
    learned = sum(p.numel() for m in modules if is_of_adapter("", m) for p in m.parameters())
    assert learned == 4 + 4 + 6


def test_scales_move_and_are_multiplied_into_what_is_shipped():
    method = IA3()
    run = tuned(method, Tokens())
    model, before = method.predictor(run.parts), Tokens().layer
    found = dict(adapted_layers(run.parts["backbone"]))
    scale = next(iter(found["layer.linear2"].adapters.children())).scale
    assert not torch.equal(scale, torch.ones(6))
    assert torch.equal(model.backbone.layer.linear2.weight, before.linear2.weight * scale)
    assert torch.equal(model.backbone.layer.self_attn.in_proj_weight[:4], before.self_attn.in_proj_weight[:4])
    x = torch.randn(5, 8)
    torch.testing.assert_close(model.eval()(x), Model.of(run.parts).eval()(x), rtol=1e-4, atol=1e-5)


def test_next_to_no_rate_is_a_probe_of_the_frozen_backbone():
    run = tuned(IA3(backbone_lr=1e-30), Tokens())
    x = torch.randn(5, 8)
    wanted = Tokens().eval()(x).detach()  # torch fuses the attention whose weights need no gradient
    close = rounding(8, wanted.abs().max(), sums=8)
    torch.testing.assert_close(run.parts["backbone"].eval()(x).detach(), wanted, rtol=0, atol=close)


def test_of_other_nets_the_outputs_of_all_linear_layers_are_scaled():
    run = tuned(IA3(), Toy(norm=False))
    found = dict(adapted_layers(run.parts["backbone"]))
    assert list(found) == ["body.0", "body.4"]
    scale = next(iter(found["body.0"].adapters.children())).scale
    assert torch.equal(found["body.0"].bias, Toy(norm=False).body[0].bias * scale)
    with pytest.raises(BadInput, match=r"\(IA\)3 scales suit no layer of Columns"):
        tuned(IA3(), Columns(8))
