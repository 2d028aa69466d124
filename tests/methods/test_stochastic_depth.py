"""Branches are left out: how often by hand, in every library's way of having places for it."""

from dataclasses import replace

import pytest
import torch
from tests.methods.ways import PLAIN, equal, tuned
from tests.toy import TASK, Toy, make
from torch import nn
from torch.nn.functional import cross_entropy

from headstart.core import Backbone, BadInput, Labelled
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.methods.mapping.finetuning.stochastic_depth import StochasticDepth
from headstart.nn.depth import DropPath, set_depth


class BeitDropPath(nn.Module):
    """As transformers has them."""

    def __init__(self, drop_prob):
        super().__init__()
        self.drop_prob = drop_prob


class StochasticDepthOfVision(nn.Module):
    def __init__(self, p, mode):
        super().__init__()
        self.p, self.mode = p, mode


StochasticDepthOfVision.__name__ = "StochasticDepth"


class Residual(Backbone):
    """Three residual branches; in each the place for dropping is another library's."""

    width, blocks = 8, ("one", "two", "three")

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.one, self.two, self.three = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 8)
        self.drop_path1, self.drop_path2, self.drop_path3 = nn.Identity(), nn.Identity(), DropPath(0.9)

    def forward(self, x):
        for layer, drop in (
            (self.one, self.drop_path1),
            (self.two, self.drop_path2),
            (self.three, self.drop_path3),
        ):
            x = x + drop(layer(x).tanh())
        return x


def test_the_last_is_left_out_the_most_by_hand():
    """0.3 in the last of three: 0.1, 0.2, 0.3, whatever was set before."""
    backbone = StochasticDepth(drop=0.3).parts(Residual(), TASK)["backbone"]
    found = [module.drop for module in backbone.modules() if isinstance(module, DropPath)]
    assert found == pytest.approx([0.1, 0.2, 0.3])


def test_places_of_all_libraries_are_found():
    net = nn.ModuleDict(
        {
            "beit": BeitDropPath(0.5),
            "vision": StochasticDepthOfVision(0.0, "row"),
            "identity": nn.Identity(),
            "drop_path": nn.Identity(),
            "block": Block(),
        }
    )
    assert set_depth(net, 0.4) == 4
    assert net["beit"].drop_prob == pytest.approx(0.1)
    assert net["vision"].p == pytest.approx(0.2)
    assert isinstance(net["identity"], nn.Identity)
    assert net["drop_path"].drop == pytest.approx(0.3)
    assert net["block"].drop_path.drop == pytest.approx(0.4)


class Block(nn.Module):
    """As timm's residual networks have it."""

    def __init__(self):
        super().__init__()
        self.drop_path = None


def test_whole_rows_are_left_out_and_the_mean_stays():
    layer = DropPath(0.25).train()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        out = layer(torch.ones(4000, 3, 2))
    assert sorted(set(out.flatten().tolist())) == pytest.approx([0, 4 / 3])
    assert bool((out == out[:, :1, :1]).all())
    assert out.mean().item() == pytest.approx(1, abs=0.04)  # four standard deviations
    x = torch.randn(3, 2)
    assert layer.eval()(x) is x


def test_left_out_in_training_and_never_in_answers():
    run = tuned(StochasticDepth(drop=0.9), Residual())
    model = StochasticDepth().predictor(run.parts).eval()
    x = torch.randn(5, 8)
    assert torch.equal(model(x), model(x))
    plain = without_dropping()
    plain.load_state_dict(run.parts["backbone"].state_dict())  # the same keys
    assert torch.equal(run.parts["head"](plain(x)), model(x))


def without_dropping():
    plain = Residual()
    plain.drop_path3 = nn.Identity()
    return plain


def test_leaving_nothing_out_is_fine_tuning():
    still = tuned(StochasticDepth(drop=0.0), without_dropping())
    assert equal(still, tuned(FineTune(), without_dropping()))
    assert not equal(tuned(StochasticDepth(), without_dropping()), still)


def test_a_net_trained_so_needs_its_branches_less():
    """Take the last branch away: the loss rises by less where it was missing in training too."""
    long, batch = replace(PLAIN, steps=60), make(Labelled, 200, 9)

    def rise(drop):
        run = tuned(StochasticDepth(drop=drop, backbone_lr=1.0), without_dropping(), recipe=long)
        model = StochasticDepth().predictor(run.parts).eval()
        whole = cross_entropy(model(batch.x), batch.y)
        nn.init.zeros_(model.backbone.three.weight)
        nn.init.zeros_(model.backbone.three.bias)
        return (cross_entropy(model(batch.x), batch.y) - whole).item()

    assert rise(0.9) < 0.5 * rise(0.0)


def test_an_architecture_without_branches_is_refused():
    with pytest.raises(BadInput, match="stochastic-depth: this backbone has no branches to leave out"):
        tuned(StochasticDepth(), Toy())
    with pytest.raises(BadInput, match=r"stochastic-depth: drop is 1.0; it must be in \[0, 1\)"):
        StochasticDepth(drop=1.0)


def test_on_models_of_timm_and_torchvision():
    timm, torchvision = pytest.importorskip("timm"), pytest.importorskip("torchvision")
    places = {
        "resnet18": set_depth(timm.create_model("resnet18"), 0.1),
        "vit": set_depth(timm.create_model("vit_tiny_patch16_224", depth=2), 0.1),
        "efficientnet": set_depth(torchvision.models.efficientnet_b0(), 0.1),
    }
    assert places == {"resnet18": 8, "vit": 4, "efficientnet": 16}
