"""Bottleneck adapters as a method: they learn with norms and head; the model is saved with them."""

import pytest
import torch
from tests.methods.ways import tuned
from tests.rounding import rounding
from tests.toy import Columns, Tokens, Toy
from torch import nn

import headstart as hs
from headstart.core import BadInput
from headstart.methods.mapping.adapters.bottleneck_adapters import BottleneckAdapters
from headstart.nn.adapters import adapted_layers
from headstart.predictor.export import export_model


def moved(run, before):
    after = run.parts["backbone"].state_dict()
    return {name for name, value in before.state_dict().items() if not torch.equal(after[name], value)}


def test_two_adapters_a_layer_learn_with_the_norms_and_no_other_weight_moves():
    run = tuned(BottleneckAdapters(size=2), Tokens())
    assert [path for path, _ in adapted_layers(run.parts["backbone"])] == ["layer.self_attn", "layer.linear2"]
    norms = {f"layer.norm{number}.{name}" for number in (1, 2) for name in ("weight", "bias")}
    assert moved(run, Tokens()) == norms
    assert not moved(tuned(BottleneckAdapters(size=2, norms=False), Tokens()), Tokens())


def test_next_to_no_rate_is_a_probe_of_the_frozen_backbone():
    run = tuned(BottleneckAdapters(backbone_lr=1e-30), Tokens())
    x = torch.randn(5, 8)
    wanted = Tokens().eval()(x).detach()  # torch fuses the attention whose weights need no gradient
    close = rounding(8, wanted.abs().max(), sums=8)
    torch.testing.assert_close(run.parts["backbone"].eval()(x).detach(), wanted, rtol=0, atol=close)


def test_without_a_transformer_one_follows_each_linear_layer():
    run = tuned(BottleneckAdapters(), Toy(norm=False))
    assert [path for path, _ in adapted_layers(run.parts["backbone"])] == ["body.0", "body.4"]
    with pytest.raises(BadInput, match="Bottleneck adapters suit no layer of Columns"):
        tuned(BottleneckAdapters(), Columns(8))


@pytest.mark.parametrize(("name", "value"), [("size", 0), ("activation", "sine")])
def test_settings_that_mean_nothing_are_refused(name, value):
    with pytest.raises(BadInput, match=f"bottleneck-adapters: {name} is {value!r}"):
        BottleneckAdapters(**{name: value})


class Net(nn.Module):
    """A caller's own transformer with a head."""

    def __init__(self):
        super().__init__()
        self.up = nn.Linear(6, 8)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True) for _ in range(2)
        )
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        x = self.up(x)[:, None]
        for layer in self.layers:
            x = layer(x)
        return self.head(x[:, 0])


def test_a_saved_model_has_its_adapters_and_can_be_tuned_again(tmp_path):
    torch.manual_seed(0)
    net, x = Net(), torch.randn(30, 6)
    y = torch.arange(30) % 3
    recipe = hs.Recipe(steps=5, batch=10, lr=0.01)
    fitted = hs.fit(BottleneckAdapters(size=3), net, (x.numpy(), y.numpy()), recipe)
    fitted.save(tmp_path / "one")
    opened = hs.open(tmp_path / "one", backbone=Net())
    assert len(list(adapted_layers(opened.model))) == 4
    assert torch.equal(opened.model(x), fitted.model(x))
    again = hs.fit(BottleneckAdapters(size=2), opened.model, (x.numpy(), y.numpy()), recipe)
    again.save(tmp_path / "two")
    twice = hs.open(tmp_path / "two", backbone=Net())
    assert torch.equal(twice.model(x), again.model(x))
    assert [len(layer.adapters) for _, layer in adapted_layers(twice.model)] == [2] * 4
    assert not list(adapted_layers(net))


@pytest.mark.slow
def test_the_onnx_file_has_the_adapters(tmp_path):
    pytest.importorskip("onnxruntime")
    torch.manual_seed(0)
    x, y = torch.randn(30, 6).numpy(), (torch.arange(30) % 3).numpy()
    recipe = hs.Recipe(steps=5, batch=10, lr=0.01)
    fitted = hs.fit(BottleneckAdapters(size=3), Net(), (x, y), recipe)
    assert export_model(fitted, tmp_path / "model.onnx") < 1e-5
