"""Head first, then everything: what goes from one stage to the next, and what it is good for."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.methods.ways import PLAIN, equal, probed, tuned
from tests.run.simple import begin
from tests.toy import Toy, make
from torch import nn
from torch.nn.functional import normalize

from headstart.core import BadInput, Descend, Labelled, Loss, On, derive_seed
from headstart.data.load import load
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.methods.mapping.finetuning.lpft import LPFT
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe
from headstart.models.backbone import backbone
from headstart.run.loop import train
from headstart.run.watch import drain
from headstart.session.session import Session

HARDLY = replace(PLAIN, lr=1e-30, weight_decay=0.0)


def probe_head(penalty=None):
    batch = make(Labelled, 40, 11)
    with torch.no_grad():
        features = Toy(norm=False)(batch.x)
    return probed(LogisticProbe(penalty=penalty), features, batch.y, 3).head


def test_its_stages_are_the_probe_with_its_penalty_and_itself():
    method = LPFT(penalty=0.5, backbone_lr=0.3)
    assert method.stages() == (LogisticProbe(penalty=0.5), method)


def test_the_head_of_the_probe_is_where_it_begins_exactly():
    head = probe_head()
    run = tuned(LPFT(), head=head, recipe=HARDLY)
    for name, value in head.state_dict().items():
        assert torch.equal(run.parts["head"].state_dict()[name], value)
    assert not torch.equal(tuned(LPFT(), recipe=HARDLY).parts["head"].weight, head.weight)


def test_from_a_given_head_it_is_fine_tuning_from_that_head():
    settings = {"backbone_lr": 0.3, "last": 1, "smoothing": 0.1}
    one = tuned(LPFT(**settings), head=probe_head())
    assert equal(one, tuned(FineTune(**settings), head=probe_head()))
    assert not equal(one, tuned(FineTune(**settings)))


def test_the_penalty_of_the_probe_makes_a_difference():
    strong, weak = probe_head(100.0), probe_head(0.01)
    assert strong.weight.norm() < 0.1 * weak.weight.norm()
    assert not equal(tuned(LPFT(), head=strong), tuned(LPFT(), head=weak))


def test_a_bad_penalty_is_named_before_anything_runs():
    with pytest.raises(BadInput, match="lp-ft: penalty is -1"):
        LPFT(penalty=-1)
    with pytest.raises(BadInput, match="lp-ft: smoothing"):
        LPFT(smoothing=2)


def test_a_session_carries_the_head_over(tmp_path):
    """With a rate of nothing the end is the start: the head that the probe alone would have given."""
    batch = make(Labelled, 30, 5)
    data = load((batch.x.numpy(), batch.y.numpy()))
    body = nn.Sequential(*Toy(norm=False).body, nn.Tanh(), nn.Linear(16, 4))
    mapping, rows = backbone(body, example=batch.x[:2]), np.arange(30)
    session = Session(mapping, data)
    before = {name: value.clone() for name, value in mapping.state_dict().items()}
    alone = session.fit(LogisticProbe(), rows, HARDLY).model
    both = session.fit(LPFT(), rows, HARDLY).model
    assert alone.head.weight.norm() > 0.1
    for name, value in alone.state_dict().items():
        torch.testing.assert_close(both.state_dict()[name], value, rtol=0, atol=1e-20, msg=name)
    moved = session.fit(LPFT(backbone_lr=1.0), rows, PLAIN).model
    assert not torch.equal(moved.head.weight, alone.head.weight)
    assert all(torch.equal(value, before[name]) for name, value in mapping.state_dict().items())


D, K, ROWS, PLANE = 40, 5, 40, 20  # inputs, features, samples, the dimensions that samples span


def linear_world(seed, noise=0.02):
    """Inputs in a plane, targets that are linear in K directions, and nearly perfect features of those."""
    g = torch.Generator().manual_seed(derive_seed("two layers", seed))

    def normal(*shape):
        return torch.randn(*shape, generator=g, dtype=torch.float64)

    true = torch.linalg.qr(normal(D, K))[0].T
    target = true.T @ normalize(normal(K), dim=0)
    x = normal(ROWS, PLANE) @ torch.linalg.qr(normal(D, PLANE))[0].T
    return x, target, true + noise * normal(K, D), 2 * normalize(normal(K), dim=0)


def distortion(seed):
    """Relative error off the plane after fine-tuning from a random head and from the best one."""
    x, target, features, random = linear_world(seed)
    y = x @ target

    def squared(parts, batch, ctx):
        return Loss.sum(squared=(parts["head"](parts["body"](batch.x))[:, 0] - y).square().mean())

    def after(head):
        body, top = nn.Linear(D, K, bias=False).double(), nn.Linear(K, 1, bias=False).double()
        body.load_state_dict({"weight": features})
        top.load_state_dict({"weight": head[None]})
        recipe = replace(PLAIN, steps=150, lr=0.04, schedule="constant", optimiser="sgd", weight_decay=0.0)
        descent = Descend(squared, on=(On("head"), On("body")))
        run = begin({"body": body, "head": top}, descent, recipe=recipe)
        batch = Labelled(x, torch.zeros(ROWS, dtype=torch.int64))
        drain(train(run, lambda step: iter([batch] * (150 - step))))
        found = (top.weight @ body.weight)[0].detach()
        assert (x @ found - y).square().mean() < 1e-3 * y.square().mean()  # both have learned the samples
        return float((found - target).square().sum() / target.square().sum())

    best = torch.linalg.lstsq(x @ features.T, y[:, None]).solution[:, 0]
    return after(random), after(best)


@pytest.mark.slow
def test_a_random_head_distorts_good_features_and_the_probes_head_does_not():
    """Theorem 3.2 of arXiv:2202.10054 in its two-layer linear setting, 8 seeds."""
    errors = [distortion(seed) for seed in range(8)]
    assert sum(best < 0.1 * random for random, best in errors) >= 7
    assert sorted(random for random, _ in errors)[3] > 1  # as wrong as to know nothing
