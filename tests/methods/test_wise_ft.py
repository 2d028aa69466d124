"""Between start and end: half-way by hand, the start at 0, the end at 1."""

import numpy as np
import pytest
import torch
from tests.methods.ways import PLAIN, of, same, tuned
from tests.toy import Toy, make
from torch import nn

from headstart.core import BadInput, Labelled
from headstart.core.linear_head import LinearHead
from headstart.data.load import load
from headstart.methods.mapping.finetuning._interpolation import interpolate
from headstart.methods.mapping.finetuning.lpft import LPFT
from headstart.methods.mapping.finetuning.wise_ft import WiSEFT
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe
from headstart.models.backbone import backbone
from headstart.session.session import Session


def head():
    return LinearHead.of(torch.linspace(-1, 1, 48).reshape(3, 16), torch.tensor([0.5, 0.0, -0.5]))


def test_a_quarter_of_the_way_by_hand():
    """Weights, statistics and all; a counter is that of the end."""
    one, other = nn.BatchNorm1d(1), nn.BatchNorm1d(1)
    with torch.no_grad():
        for norm, values in ((one, (0.0, 2.0, 4.0, 8.0)), (other, (1.0, 4.0, 0.0, -8.0))):
            for tensor, value in zip(
                (norm.weight, norm.bias, norm.running_mean, norm.running_var), values, strict=True
            ):
                tensor.fill_(value)
    other.num_batches_tracked += 7
    found = interpolate(one, other, 0.25)
    assert [found.weight.item(), found.bias.item()] == [0.25, 2.5]
    assert [found.running_mean.item(), found.running_var.item()] == [3.0, 4.0]
    assert found.num_batches_tracked == 7
    assert [one.weight.item(), other.weight.item()] == [0.0, 1.0]


def test_equal_tensors_stay_equal_to_the_last_bit():
    layer = nn.Linear(50, 50)
    for share in (0.1, 1 / 3, 0.7):
        assert torch.equal(interpolate(layer, layer, share).weight, layer.weight)


@pytest.mark.parametrize("norm", ["frozen", "train"])
def test_at_1_it_is_lp_ft_and_at_0_the_start(norm):
    run = tuned(WiSEFT(norm=norm), Toy(), head())
    end = tuned(LPFT(norm=norm), Toy(), head())
    assert same(of(run, "backbone", "head"), of(end, "backbone", "head"))
    last = WiSEFT(alpha=1.0).predictor(run.parts).state_dict()
    assert same(last, LPFT().predictor(end.parts).state_dict())
    first = WiSEFT(alpha=0.0).predictor(run.parts).state_dict()
    for name, value in {**prefixed("0.", Toy()), **prefixed("1.", head())}.items():
        assert "tracked" in name or torch.equal(first[name], value), name
        assert not torch.equal(last["1.weight"], head().weight)


def prefixed(prefix, module):
    return {prefix + name: value for name, value in module.state_dict().items()}


def test_half_way_is_the_mean_of_start_and_end_and_asking_twice_changes_nothing():
    run = tuned(WiSEFT(), Toy(), head())
    model, again = WiSEFT().predictor(run.parts), WiSEFT().predictor(run.parts)
    expected = (Toy().body[4].weight + run.parts["backbone"].body[4].weight) / 2
    torch.testing.assert_close(model.backbone.body[4].weight, expected)
    torch.testing.assert_close(model.head.weight, (head().weight + run.parts["head"].weight) / 2)
    assert same(model.state_dict(), again.state_dict())
    assert not torch.equal(model.head.weight, run.parts["head"].weight)


def test_its_stages_are_the_probe_and_itself():
    method = WiSEFT(penalty=0.5)
    assert method.stages() == (LogisticProbe(penalty=0.5), method)


@pytest.mark.parametrize("last", [None, 1])
def test_a_session_with_a_cache_answers_by_the_model_that_it_gives(tmp_path, last):
    """What was recorded belongs to the run's own backbone: a mean of weights must take samples."""
    batch = make(Labelled, 30, 5)
    body = nn.Sequential(*Toy(norm=False).body, nn.Tanh(), nn.Linear(16, 4))
    mapping, rows = backbone(body, example=batch.x[:2]), np.arange(30)
    session = Session(mapping, load((batch.x.numpy(), batch.y.numpy())), cache=tmp_path)
    fitted = session.fit(WiSEFT(last=last, backbone_lr=1.0), rows, PLAIN)
    torch.testing.assert_close(fitted.logits(rows), session.logits(fitted.model, rows))
    end = session.fit(WiSEFT(alpha=1.0, last=last, backbone_lr=1.0), rows, PLAIN)
    assert not torch.equal(fitted.logits(rows), end.logits(rows))


@pytest.mark.parametrize("value", [-0.1, 1.1])
def test_a_bad_setting_is_named(value):
    with pytest.raises(BadInput, match=rf"wise-ft: alpha is {value}; it must be in \[0, 1\]"):
        WiSEFT(alpha=value)
