"""LoRA as a method: only the products and the head learn, and what is shipped is the plain architecture."""

import math
from dataclasses import replace

import pytest
import torch
from tests.methods.ways import PLAIN, Chain, Same, chained, tuned
from tests.toy import Columns, Toy

from headstart.core import BadInput, Labelled, Model, Task
from headstart.core.linear_head import LinearHead
from headstart.methods.mapping.adapters.lora import LoRA
from headstart.nn.adapters import adapted_layers
from headstart.run.loop import start, train
from headstart.run.watch import drain

SGD = replace(PLAIN, optimiser="sgd", lr=0.5, schedule="constant", weight_decay=0.0, steps=1)


def test_one_step_by_hand():
    """W = 1, x = 0.5, head (1, -1): z = 0.5, logits (0.5, -0.5), so dL/dz = -2 q with q = 1 / (1 + e).

    With A = 2 and scale 4, dL/dB = -2 q * 4 * 2 * 0.5 = -8 q; at the rate 0.5 * 0.5 B becomes 2 q, and the
    folded weight 1 + 4 * 2 q * 2. A has no slope, as B = 0.
    """
    method = LoRA(rank=1, alpha=4.0, at="scale", backbone_lr=0.5)
    head = LinearHead.of(torch.tensor([[1.0], [-1.0]]), torch.zeros(2))
    run = start(method, Same(1), Task(2, (1,), head=head), SGD)
    (adapter,) = run.parts["backbone"].scale.adapters.children()
    with torch.no_grad():
        adapter.down.fill_(2.0)
    drain(train(run, lambda _: iter([Labelled(torch.tensor([[0.5]]), torch.tensor([0]))])))
    q = 1 / (1 + math.e)
    assert adapter.up.item() == pytest.approx(2 * q)
    assert adapter.down.item() == 2
    assert method.predictor(run.parts).backbone.scale.weight.item() == pytest.approx(1 + 16 * q)


def test_the_backbone_keeps_every_byte_and_the_shipped_one_is_of_the_same_architecture():
    before = Toy(norm=False).state_dict()
    run = tuned(LoRA(rank=2), Toy(norm=False))
    after = run.parts["backbone"].state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    model = LoRA(rank=2).predictor(run.parts)
    assert isinstance(model, Model)
    assert model.backbone.state_dict().keys() == before.keys()
    assert not torch.equal(model.backbone.body[0].weight, before["body.0.weight"])
    x = torch.randn(5, 8)
    torch.testing.assert_close(model(x), Model.of(run.parts)(x), rtol=1e-4, atol=1e-5)


def test_products_that_do_not_learn_leave_a_probe_of_the_frozen_backbone():
    """The null setting: at next to no rate for the products no byte moves, whatever the rank."""
    heads = []
    for rank in (1, 3):
        head = LinearHead.of(torch.ones(3, 16), torch.zeros(3))
        run = tuned(LoRA(rank=rank, backbone_lr=1e-30), Toy(norm=False), head, SGD)
        x = torch.randn(5, 8)
        assert torch.equal(run.parts["backbone"](x), Toy(norm=False)(x))
        heads.append(run.parts["head"].weight)
    assert torch.equal(*heads)
    assert not torch.equal(heads[0], torch.ones(3, 16))


def test_only_in_the_last_blocks():
    run = chained(LoRA(rank=1, last=1, at="*"), SGD)
    assert [path for path, _ in adapted_layers(run.parts["backbone"])] == [Chain().blocks[-1]]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rank": 0}, "rank is 0; it must be >= 1"),
        ({"alpha": 0.0}, "alpha is 0.0; it must be > 0"),
        ({"space": "nowhere"}, "space is 'nowhere'"),
        ({"scaling": "none"}, "scaling is 'none'"),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings, said):
    with pytest.raises(BadInput, match=said):
        LoRA(**settings)


def test_a_backbone_without_weights_is_refused():
    with pytest.raises(BadInput, match="LoRA adapters suit no layer of Columns"):
        tuned(LoRA(), Columns(8))
    with pytest.raises(BadInput, match="at is 'attention', which matches no layer"):
        tuned(LoRA(at="attention"), Toy(norm=False))


def test_dora_learns_norms_too():
    run = tuned(LoRA(rank=1, magnitude=True), Toy(norm=False))
    (adapter,) = run.parts["backbone"].body[0].adapters.children()
    weight = Toy(norm=False).body[0].weight
    assert not torch.equal(adapter.magnitude, torch.linalg.vector_norm(weight, dim=1))
