"""Only scales and shifts of normalisations move; statistics as `norm` says."""

from dataclasses import replace

import pytest
import torch
from tests.methods.ways import PLAIN, Same, chained, tuned
from tests.toy import Toy
from torch import Tensor, nn

from headstart.core import Backbone, BadInput, Labelled
from headstart.core.linear_head import LinearHead
from headstart.methods.mapping.finetuning.norm_tuning import NormTuning

SGD = replace(PLAIN, optimiser="sgd", lr=0.2, schedule="constant", weight_decay=0.0, steps=1)


class LlamaRMSNorm(nn.Module):
    """A normalisation that another library wrote."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * x / x.square().mean(1, keepdim=True).sqrt()


class Scaled(Backbone):
    """A layer and a norm."""

    width, blocks = 2, ("layer", "norm")

    def __init__(self, norm):
        super().__init__()
        self.layer, self.norm = nn.Linear(2, 2, bias=False), norm
        nn.init.eye_(self.layer.weight)

    def forward(self, x):
        return self.norm(self.layer(x))


def test_one_step_by_hand():
    """(1, 3) is normed to (-1, 1); the head (1, 0), (-1, 0) makes the logits -1 and 1, so
    p = sigmoid(-2) and dL/df = -2 (1 - p) for the first feature, whose scale has the slope -dL/df."""
    head = LinearHead.of(torch.tensor([[1.0, 0.0], [-1.0, 0.0]]), torch.zeros(2))
    batch = Labelled(torch.tensor([[1.0, 3.0]]), torch.tensor([0]))
    body = Scaled(nn.LayerNorm(2, eps=0.0))
    run = tuned(NormTuning(backbone_lr=0.5), body, head, SGD, batches=lambda _: iter([batch]))
    slope = 2 * (1 - torch.tensor(-2.0).sigmoid())
    found = run.parts["backbone"]
    torch.testing.assert_close(found.norm.weight.detach(), torch.tensor([1 - 0.1 * slope, 1.0]))
    torch.testing.assert_close(found.norm.bias.detach(), torch.tensor([0.1 * slope, 0.0]))
    assert torch.equal(found.layer.weight, torch.eye(2))


@pytest.mark.parametrize(
    "norm",
    [nn.BatchNorm1d(2), nn.LayerNorm(2), nn.GroupNorm(1, 2), nn.RMSNorm(2), LlamaRMSNorm(2)],
    ids=lambda n: type(n).__name__,
)
def test_normalisations_of_all_kinds_learn(norm):
    before = {name: p.detach().clone() for name, p in norm.named_parameters()}
    batch = Labelled(torch.tensor([[1.0, 3.0], [2.0, -1.0]]), torch.tensor([0, 1]))
    run = tuned(NormTuning(), Scaled(norm), recipe=SGD, batches=lambda _: iter([batch]))
    after = dict(run.parts["backbone"].norm.named_parameters())
    assert not any(torch.equal(before[name], after[name]) for name in before)
    assert torch.equal(run.parts["backbone"].layer.weight, torch.eye(2))


@pytest.mark.parametrize(("norm", "counted"), [("frozen", 0), ("train", 4)])
def test_norm_says_whether_statistics_follow_the_data(norm, counted):
    found = tuned(NormTuning(norm=norm), Toy()).parts["backbone"].body[1]
    assert int(found.num_batches_tracked) == counted
    assert torch.equal(found.running_mean, torch.zeros(16)) == (norm == "frozen")
    assert not torch.equal(found.weight, Toy().body[1].weight)


def test_nothing_but_the_norm_of_a_chain_moves():
    found = {
        n for n, p in chained(NormTuning(), SGD).parts["backbone"].named_parameters() if p.grad is not None
    }
    assert found == {"norm.weight", "norm.bias"}


def test_a_backbone_without_normalisations_is_refused():
    with pytest.raises(BadInput, match="norm-tuning: the backbone has no parameter of the kind that learns"):
        tuned(NormTuning(), Same(2))
