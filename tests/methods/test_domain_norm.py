"""Batch normalisations of two domains: each by its own rows, and an ordinary network in the end."""

import pytest
import torch
from tests.methods.turned import Small, accuracy, carried_out, judged
from tests.methods.ways import bytes_of, same
from torch import nn

from headstart.core import BadData, BadInput, Ctx, Domains, Labelled, Task
from headstart.methods.inputs.domains.domain_norm import DomainNorm
from headstart.methods.inputs.domains.source_only import SourceOnly
from headstart.models.backbone import backbone, load_model
from headstart.nn.domain_norm import DomainNorm as Layer
from headstart.nn.domain_norm import domains, of_target, separate
from headstart.predictor.save import save_model
from headstart.runtime.predictions import Decision

FAR = {"scale": 3.0, "shift": 6.0}


def drawn(n, *shape, seed=0):
    return torch.randn(n, *shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("n", [3, 5])
def test_each_domain_is_normalised_by_its_own_rows(n):
    layer, x = Layer(nn.BatchNorm2d(2)), drawn(8, 2, 4, 4)
    x[n:] += 100
    with domains(layer, n, 8):
        found = layer(x)
    for part in (slice(n), slice(n, None)):
        torch.testing.assert_close(found[part].mean((0, 2, 3)), torch.zeros(2), atol=1e-4, rtol=0)
        torch.testing.assert_close(found[part].var((0, 2, 3), correction=0), torch.ones(2), atol=1e-3, rtol=0)
    torch.testing.assert_close(layer.source.running_mean, 0.1 * x[:n].mean((0, 2, 3)))
    torch.testing.assert_close(layer.target.running_mean, 0.1 * x[n:].mean((0, 2, 3)))


def test_outside_all_rows_are_the_targets_and_an_error_leaves_it_so():
    layer, x = Layer(nn.BatchNorm1d(2)).eval(), drawn(4, 2)
    layer.target.bias.data += 7
    with domains(layer, 2, 4):
        torch.testing.assert_close(layer(x)[2:], layer.target(x)[2:])
        torch.testing.assert_close(layer(x)[:2], layer.source(x)[:2])
    with pytest.raises(ValueError, match="too many"), domains(layer, 2, 4):
        layer.source, layer.target = (layer.source, layer.target, None)
    assert torch.equal(layer(x), layer.target(x))


def test_tokens_of_rows_go_with_their_rows_and_other_counts_are_refused():
    layer, x = Layer(nn.BatchNorm1d(2)), drawn(6, 2)
    x[4:] += 50
    with domains(layer, 2, 3):  # two tokens a row
        assert float(layer(x).detach().abs().max()) < 3
        with pytest.raises(BadInput, match="is given 4 rows of a batch of 3"):
            layer(x[:4])


def test_every_batch_normalisation_is_replaced_once_and_back():
    shared = nn.BatchNorm1d(3)
    net = nn.Sequential(shared, nn.Sequential(nn.Linear(3, 3), shared), nn.BatchNorm1d(3), nn.LayerNorm(3))
    names = [name for name, _ in net.named_parameters()]
    assert separate(net) == 2
    assert net[0] is net[1][1]
    net[0].target.bias.data += 1
    back = of_target(net)
    assert [name for name, _ in back.named_parameters()] == names
    assert float(back[0].bias.detach().mean()) == 1
    assert isinstance(net[0], Layer), "the given one stays"
    assert not any(isinstance(module, Layer) for module in back.modules())


def test_without_weight_it_is_training_on_the_source_to_the_bit():
    one = carried_out(DomainNorm(weight=0.0), body=Small(norm=True), steps=8)
    other = carried_out(SourceOnly(norm="train"), body=Small(norm=True), steps=8)
    assert same(bytes_of(one), bytes_of(other))


def test_it_helps_where_the_target_is_elsewhere():
    """Turned by 50 degrees, three times as large and 6 away: the source's statistics say nothing there."""
    before = accuracy(SourceOnly(backbone_lr=1.0, norm="train"), body=Small(norm=True), how=FAR)
    assert before < 0.7
    run = carried_out(DomainNorm(backbone_lr=1.0), body=Small(norm=True), how=FAR)
    method = DomainNorm(backbone_lr=1.0)
    assert judged(method.predictor(run.parts), **FAR) > 0.9
    layer = run.parts["backbone"].body[1]
    assert not torch.equal(layer.source.weight, layer.target.weight)
    assert not torch.allclose(layer.source.running_mean, layer.target.running_mean, atol=0.1)


def test_the_predictor_is_an_ordinary_network_that_is_saved_and_opened(tmp_path):
    net = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 3))
    base = backbone(net, example=drawn(2, 8))
    method = DomainNorm()
    parts = method.parts(base, Task(3, (8,)))
    with domains(parts["backbone"], 3, 8):
        parts["backbone"].train()(drawn(8, 8) + 5)
    model, x = method.predictor(parts).eval(), drawn(4, 8, seed=1)
    parts.eval()
    torch.testing.assert_close(model(x), parts["head"](parts["backbone"](x)))
    save_model(model, tmp_path / "model", ("a", "b", "c"), Decision(), "# card")
    opened, _ = load_model(tmp_path / "model", net)
    torch.testing.assert_close(opened.eval()(x), model(x))


def test_what_can_not_be_is_refused():
    with pytest.raises(BadInput, match="has no batch normalisation"):
        DomainNorm().parts(Small(), Task(3, (2,)))
    with pytest.raises(BadInput, match="domain-norm: norm is 'frozen'"):
        DomainNorm(norm="frozen")
    method = DomainNorm()
    parts = method.parts(Small(norm=True), Task(3, (2,)))
    batch = Domains(Labelled(drawn(4, 2), torch.tensor([0, 1, 2, 0])), drawn(1, 2))
    with pytest.raises(BadData, match="4 rows of the source and 1 of the target"):
        method.loss(parts, batch, Ctx(0, 0.0, lambda rows: rows))
