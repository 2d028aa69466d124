"""Features are read where the readout says, also after saving and with other layers in front."""

import json

import pytest
import torch
from tests.rounding import rounding
from tests.wordy import tokenizer
from torch import nn

import headstart as hs
from headstart.core import BadInput, find
from headstart.models import backbone, rebuild
from headstart.models.layout import Layout, pool
from headstart.models.readout import FeatureSource, Readout

X = torch.tensor([[1.0, 2.0], [-3.0, 0.5]])


def line() -> nn.Sequential:
    """Two linear blocks without a non-linearity, whose outputs are easy to work out."""
    net = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 1, bias=False), nn.Tanh())
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([[1.0, 0.0], [1.0, 1.0]]))
        net[1].weight.copy_(torch.tensor([[2.0, -1.0]]))
    return net


def read(*sources):
    made = backbone(line(), example=X, head=None)
    made.readout = Readout(sources)
    return made


def test_sources_are_joined_in_order_and_divided_by_their_scales():
    made = read(FeatureSource(), FeatureSource("0", scale=2.0))
    # block 0 of (1, 2) is (1, 3), block 1 is 2 - 3 = -1; of (-3, 0.5) they are (-3, -2.5) and -3.5
    wanted = torch.tensor([[-1.0, 1.0, 3.0], [-3.5, -3.0, -2.5]])
    wanted = torch.cat([wanted[:, :1].tanh(), wanted[:, 1:] / 2], 1)
    assert torch.allclose(made(X), wanted, atol=rounding(2, 4))
    assert made.width == 3


def test_the_output_alone_is_what_the_backbone_gives_without_a_readout():
    plain = backbone(line(), example=X, head=None)
    assert torch.equal(read(FeatureSource())(X), plain(X))
    assert read(FeatureSource()).width == plain.width


def test_taking_the_readout_away_gives_the_backbone_back():
    made = read(FeatureSource("0"))
    made.readout = None
    assert made.width == 1
    assert "readout" not in made.source


@pytest.mark.parametrize(
    ("how", "wanted"), [("first", [[5.0], [1.0]]), ("last", [[3.0], [1.0]]), ("max", [[5.0], [1.0]])]
)
def test_tokens_are_pooled_without_padding(how, wanted):
    tokens = torch.tensor([[[5.0], [3.0], [9.0]], [[1.0], [7.0], [8.0]]])
    there = torch.tensor([[True, True, False], [True, False, False]])
    assert torch.equal(pool(tokens, Layout(0, 2), there, how), torch.tensor(wanted))
    assert pool(tokens, Layout(0, 2), None, "last").tolist() == [[9.0], [8.0]]


class Reads(nn.Module):
    """Vectors of words, then a layer on each."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(40, 4)
        self.up = nn.Linear(4, 4)

    def forward(self, ids, mask):
        return self.up(self.words(ids))


def test_texts_keep_their_readout_with_other_tokens():
    made = backbone(Reads(), tokenizer=tokenizer())
    made.readout = Readout((FeatureSource("", "max"), FeatureSource(made.anatomy.blocks[0], "first")))
    short = backbone(made, tokenizer=made.tokens)
    ids = made.tokens(["the film was fine", "dull"])
    assert made.width == 8
    assert torch.equal(short(ids), made(ids))


def test_it_survives_json_and_copies():
    made = backbone("timm:test_resnet", weights="random")
    last = made.anatomy.blocks[-2]
    made.readout = Readout((FeatureSource(), FeatureSource(last, scale=0.3)))
    again = rebuild(json.loads(json.dumps(made.source)))
    again.load_state_dict(made.state_dict())
    x = torch.rand(2, 3, 32, 32)
    for copy in (again, backbone(made)):
        assert copy.readout == made.readout
        assert torch.equal(copy.eval()(x), made.eval()(x))


def test_a_model_is_saved_with_it(tmp_path):
    x = torch.randn(20, 2, generator=torch.Generator().manual_seed(0))
    y = ["low" if value < 0 else "high" for value in x[:, 0].tolist()]
    found = hs.fit(find("ridge-probe")(), read(FeatureSource("0"), FeatureSource()), (x, y))
    found.save(tmp_path / "model")
    opened = hs.open(tmp_path / "model", backbone=line())
    assert opened.model.backbone.readout == found.model.backbone.readout
    assert torch.equal(opened.model(x), found.model(x))


def test_a_layer_in_front_leaves_it_where_it_was():
    made = backbone("timm:test_resnet", weights="random")
    made.readout = Readout((FeatureSource(made.anatomy.blocks[0]),))
    grey = hs.models.translated(made, hs.models.Luminance(copies=3))[0]
    x = torch.rand(2, 1, 32, 32).expand(2, 3, 32, 32)
    assert grey.readout.sources[0].block == f"1.{made.anatomy.blocks[0]}"
    assert torch.allclose(
        grey.eval()(x), made.eval()(x), atol=rounding(32 * 32 * 9, float(made(x).detach().abs().max()), 2)
    )


@pytest.mark.parametrize("method", ["fine-tune", "lp-ft", "ridge-probe"])
def test_methods_learn_on_it(method):
    made = read(FeatureSource(), FeatureSource("0"))
    x = torch.randn(40, 2, generator=torch.Generator().manual_seed(0))
    y = (x[:, 0] > 0).long()
    found = hs.fit(find(method)(), made, (x, y), hs.Recipe(steps=200, lr=0.05, batch=40))
    right = [answer.label == str(int(truth)) for answer, truth in zip(found.predict(x), y, strict=True)]
    assert sum(right) >= 36


def test_what_can_not_be_read_is_refused():
    with pytest.raises(BadInput, match="needs a source"):
        Readout(())
    with pytest.raises(BadInput, match="pooling is 'cls'; it must be one of mean, first, last, max"):
        Readout((FeatureSource("", "cls"),))
    with pytest.raises(BadInput, match="scale of 0 is 0; it must be > 0"):
        Readout((FeatureSource("0", scale=0.0),))
    with pytest.raises(hs.core.Unknown, match="No block is called 'nine'"):
        read(FeatureSource("nine"))
