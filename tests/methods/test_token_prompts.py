"""Token prompts and prefix tokens as methods: they learn with the head, and the mapping keeps every byte."""

from dataclasses import replace

import pytest
import torch
from tests.methods.ways import bytes_of, of, same, tuned
from tests.toy import Columns, Tokens
from torch import nn

import headstart as hs
from headstart.core import BadInput, Descend, Labelled, On
from headstart.methods.inputs.prompting.token_prompts import TokenPrompts
from headstart.methods.mapping.adapters.prefix_tokens import PrefixTokens
from headstart.methods.tuning import TuningSettings, tuned_parts, tuning_loss
from headstart.nn.adapters import adapted_layers
from headstart.predictor.export import export_model

METHODS = {
    "shallow": TokenPrompts(count=2, deep=False),
    "deep": TokenPrompts(count=2, deep=True),
    "prefix": PrefixTokens(count=2),
    "gated": PrefixTokens(count=2, gate=True),
}
every = pytest.mark.parametrize("kind", METHODS)
SHORT = hs.Recipe(steps=5, batch=10, lr=0.05)


@every
def test_prompts_and_head_learn_and_the_mapping_keeps_every_byte(kind):
    run, before = tuned(METHODS[kind], Tokens()), Tokens().state_dict()
    found = of(run, "backbone")
    assert all(torch.equal(found[f"backbone.{name}"], value) for name, value in before.items())
    added = [name for name in found if ".adapters." in name]
    start = of(tuned(replace(METHODS[kind], backbone_lr=1e-30), Tokens()), "backbone")
    assert added
    assert not any(torch.equal(found[name], start[name]) for name in added)


class HeadAlone(TuningSettings[Labelled]):
    """A linear probe that descends."""

    about = TokenPrompts.about

    def parts(self, backbone, task):
        return tuned_parts(self, backbone, task)

    def moves(self):
        return (Descend(lambda parts, batch, ctx: tuning_loss(parts, batch, 0.0), on=(On("head"),)),)

    def predictor(self, parts):
        raise NotImplementedError


@pytest.mark.parametrize("kind", [TokenPrompts, PrefixTokens])
def test_none_of_them_is_a_probe_of_the_frozen_backbone(kind):
    assert same(bytes_of(tuned(kind(count=0), Tokens())), bytes_of(tuned(HeadAlone(), Tokens())))


@pytest.mark.parametrize("kind", [TokenPrompts, PrefixTokens])
def test_what_means_nothing_is_refused(kind):
    name = kind.about.name
    with pytest.raises(BadInput, match=f"{name}: count is -1; it must be >= 0"):
        kind(count=-1)
    with pytest.raises(BadInput, match=f"{name}: initial is 'words'"):
        kind(initial="words")
    with pytest.raises(BadInput, match=r"suit no layer of Columns.*take LoRA"):
        tuned(kind(), Columns(8))


class Net(nn.Module):
    """A caller's own transformer with a head."""

    def __init__(self):
        super().__init__()
        self.up = nn.Linear(6, 24)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True) for _ in range(2)
        )
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        x = self.up(x).view(-1, 3, 8)
        for layer in self.layers:
            x = layer(x)
        return self.head(x[:, 0])


@pytest.fixture(scope="module")
def fitted():
    torch.manual_seed(0)
    net, x = Net(), torch.randn(30, 6)
    y = torch.arange(30) % 3
    made = {kind: hs.fit(METHODS[kind], net, (x.numpy(), y.numpy()), SHORT) for kind in METHODS}
    assert not list(adapted_layers(net))
    return made, x


@every
def test_a_saved_model_has_its_prompts(kind, fitted, tmp_path):
    made, x = fitted
    made[kind].save(tmp_path / "one")
    opened = hs.open(tmp_path / "one", backbone=Net())
    assert len(list(adapted_layers(opened.model))) == 2
    assert torch.equal(opened.model(x), made[kind].model(x))


def test_prompts_of_the_last_block_alone_stand_before_it():
    torch.manual_seed(0)
    x, y = torch.randn(30, 6).numpy(), (torch.arange(30) % 3).numpy()
    found = hs.fit(TokenPrompts(count=2, deep=False, last=1), Net(), (x, y), SHORT)
    assert [path for path, _ in adapted_layers(found.model.backbone)] == ["inner.layers.1"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["shallow", "prefix"])
def test_the_onnx_file_has_the_prompts(kind, fitted, tmp_path):
    pytest.importorskip("onnxruntime")
    assert export_model(fitted[0][kind], tmp_path / "model.onnx") < 1e-5
