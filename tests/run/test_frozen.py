"""What is frozen is found in any architecture, and training on its outputs is training."""

import copy
from dataclasses import replace

import pytest
import torch
from tests.run import nets
from tests.run.simple import PLAIN, begin
from torch import nn
from torch.nn.functional import cross_entropy

from headstart.core import Descend, Do, Labelled, Loss, On
from headstart.run import frozen
from headstart.run.frozen import find
from headstart.run.loop import train
from headstart.run.watch import drain

RECIPE = replace(PLAIN, optimiser="adamw", lr=1e-2, batch=6, weight_decay=0.01)


def loss(parts, batch, ctx):
    return Loss.sum(label=cross_entropy(parts["head"](parts["body"](batch.x)), batch.y))


def run_of(body, on, *moves):
    """Training of a head and what `on` selects; the weights are a function of nothing."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for parameter in body.parameters():
            nn.init.normal_(parameter, std=0.5)
        head = nn.Linear(body.width, 3)
    descent = Descend(loss, on=(On("head"), *([on] if on else [])))
    return begin({"body": copy.deepcopy(body), "head": head}, descent, *moves, recipe=RECIPE)


def batches(body, steps=4):
    g = torch.Generator().manual_seed(1)
    for _ in range(steps):
        pictures, words = torch.randn(6, 3, 8, 8, generator=g), torch.randint(9, (6, 5), generator=g)
        yield Labelled(
            words if isinstance(body, nets.Words) else pictures, torch.randint(3, (6,), generator=g)
        )


def last(count):
    return On("body", blocks=slice(-count, None))


def named(*words):
    return On("body", lambda name, _: any(name.startswith(word) for word in words))


CASES = {  # what it is: the network, what learns, where the prefix ends
    "convolutions, the last learns": (nets.Conv(), last(1), "layers.6"),
    "convolutions, two and their norms learn": (
        nets.Conv(),
        named("layers.4", "layers.5", "layers.7", "layers.8"),
        "layers.3",
    ),
    "the whole body is frozen": (nets.Conv(), None, ""),
    "a residual network, its last block learns": (nets.Residual(), last(1), "two"),
    "a skip connection within the block": (nets.Residual(), named("three.conv2"), "two"),
    "a transformer, its last block learns": (nets.Transformer(), last(1), "layers.1"),
    "a transformer, all but its patches learn": (nets.Transformer(), last(3), "patches"),
    "dropout before what learns": (nets.Conv(drop=0.5), named("layers.4"), "layers.2"),
    "a module called on both sides": (nets.Again(), named("last"), "first"),
    "a module that gives a pair": (nets.Forked(), last(1), "low"),
    "token numbers": (nets.Words(), last(1), "low"),
    "all learns": (nets.Residual(), On("body"), None),
    "a position embedding that learns": (nets.Transformer(), named("position", "layers.2"), None),
    "a skip connection past everything": (nets.Across(), last(1), None),
    "noise on the samples themselves": (nets.Conv(before=0.5), last(1), None),
    "rows that are cut in windows": (nets.Windows(), last(1), None),
}


@pytest.mark.parametrize("name", CASES)
def test_training_on_what_was_recorded_is_training(name):
    body, on, boundary = CASES[name]
    plain, run = run_of(body, on), run_of(body, on)
    stream = list(batches(body))
    replay = find(run, stream[0]).replay
    assert (replay and replay.boundary) == boundary
    drain(train(plain, lambda step: iter(stream[step:])))
    if replay is None:
        return
    recorded = [Labelled(replay.record(run.parts, batch.x), batch.y) for batch in stream]
    nets.Seen.calls = 0
    with replay.on(run.parts):
        drain(train(run, lambda step: iter(recorded[step:])))
        if type(body) in (nets.Conv, nets.Residual, nets.Transformer):
            assert nets.Seen.calls == 0  # what is frozen was not computed
        answers = run.parts.eval()["head"](run.parts["body"](recorded[0].x))
    for key, value in plain.parts.state_dict().items():
        torch.testing.assert_close(run.parts.state_dict()[key], value, rtol=1e-5, atol=1e-6, msg=key)
    expected = plain.parts.eval()["head"](plain.parts["body"](stream[0].x))
    torch.testing.assert_close(answers, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case[2] is not None])
def test_rows_are_replayed_in_any_number_and_order(name):
    """Recorded one by one, asked for in another batch: as a cache does it."""
    body, on, _ = CASES[name]
    run = run_of(body, on)
    batch = next(batches(body))
    replay = find(run, batch).replay
    run.parts.eval()
    expected = run.parts["body"](batch.x)
    recorded = torch.cat([replay.record(run.parts, row[None]) for row in batch.x])
    order = torch.tensor([5, 2, 2, 0])
    with replay.on(run.parts), torch.no_grad():
        found = run.parts["body"](recorded[order])
    torch.testing.assert_close(found, expected[order].detach(), rtol=1e-5, atol=1e-5)


def test_what_was_recorded_is_not_changed_by_what_works_in_place():
    body, on, _ = CASES["a residual network, its last block learns"]
    run = run_of(body, on)
    batch = next(batches(body))
    replay = find(run, batch).replay
    recorded = replay.record(run.parts, batch.x)
    before = recorded.clone()
    with replay.on(run.parts), torch.no_grad():
        run.parts["body"](recorded)
    assert torch.equal(recorded, before)


def test_looking_changes_nothing():
    body, on, _ = CASES["convolutions, the last learns"]
    run = run_of(body, on)
    before = copy.deepcopy(run.parts.state_dict())
    random = torch.get_rng_state()
    assert find(run, next(batches(body))).replay
    assert all(torch.equal(value, before[key]) for key, value in run.parts.state_dict().items())
    assert torch.equal(random, torch.get_rng_state())
    assert (run.step, run.notes) == (0, {})
    assert not any(module._forward_pre_hooks or module._forward_hooks for module in run.parts.modules())
    assert not run.optimisers["main"].state


def test_the_model_is_as_before_when_a_replay_ends_or_breaks():
    body, on, _ = CASES["a residual network, its last block learns"]
    run = run_of(body, on)
    batch = next(batches(body))
    replay = find(run, batch).replay
    run.parts.eval()
    before = run.parts["body"](batch.x)
    with replay.on(run.parts):
        pass
    assert torch.equal(run.parts["body"](batch.x), before)
    with pytest.raises(KeyboardInterrupt), replay.on(run.parts):
        raise KeyboardInterrupt
    assert torch.equal(run.parts["body"](batch.x), before)
    assert not any("forward" in vars(module) for module in run.parts.modules())


def test_nothing_is_replayed_where_more_than_one_part_takes_the_samples():
    body = nets.Conv()
    twin = copy.deepcopy(body)

    def both(parts, batch, ctx):
        return Loss.sum(
            label=cross_entropy(parts["head"](parts["body"](batch.x) + parts["twin"](batch.x)), batch.y)
        )

    descent = Descend(both, on=(On("head"),))
    run = begin({"body": body, "twin": twin, "head": nn.Linear(6, 3)}, descent, recipe=RECIPE)
    assert find(run, next(batches(body))).replay is None


def test_nothing_is_replayed_of_a_part_that_a_do_writes_to():
    def follow(parts, batch, ctx):
        for parameter in parts["body"].parameters():
            parameter.mul_(0.9)

    body = nets.Conv()
    assert find(run_of(body, None, Do(follow, changes=("body",))), next(batches(body))).replay is None


SEEDS = {  # tensors of a residual network of which the third block learns
    "stem.weight": True,
    "stem.bias": True,
    "one.bn2.running_mean": True,
    "two.conv1.weight": True,
    "mean": True,  # a buffer that is not saved and belongs to no block
    "three.conv1.weight": False,
    "three.bn1.running_var": False,
}


def test_the_weights_of_a_replay_are_all_that_the_recorded_depends_on():
    body, on, _ = CASES["a residual network, its last block learns"]
    run = run_of(body, on)
    replay = find(run, next(batches(body))).replay
    weights = replay.weights(run.parts)
    assert {name: name in weights for name in SEEDS} == SEEDS
    everything = dict(run.parts["body"].named_parameters()) | dict(run.parts["body"].named_buffers())
    x = next(batches(body)).x
    before = replay.record(run.parts, x)
    for name, value in everything.items():
        kept = value.detach().clone()
        with torch.no_grad():
            value.add_(1)
            changed = not torch.equal(replay.record(run.parts, x), before)
            value.copy_(kept)
        assert not changed or name in weights, name


def test_the_weights_of_a_transformer_hold_its_token_and_positions():
    body, on, _ = CASES["a transformer, its last block learns"]
    run = run_of(body, on)
    weights = find(run, next(batches(body))).replay.weights(run.parts)
    assert {"token", "position", "patches.weight", "layers.1.down.bias"} <= set(weights)
    assert not any(name.startswith(("layers.2", "norm")) for name in weights)


def test_recording_is_in_evaluation_mode_and_without_a_graph():
    body = nets.Conv(drop=0.5)
    run = run_of(body, None)
    batch = next(batches(body))
    replay = find(run, batch).replay
    run.parts.train()
    one, other = replay.record(run.parts, batch.x), replay.record(run.parts, batch.x)
    assert torch.equal(one, other)
    assert not one.requires_grad


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet10t", "efficientnet_lite0", "vit_tiny_patch16_224", "convnext_atto"])
def test_networks_of_timm(name):
    timm = pytest.importorskip("timm")
    size = {"img_size": 32} if name.startswith("vit") else {}
    model = timm.create_model(name, num_classes=0, drop_path_rate=0.3, **size)
    model.width = model.num_features
    parameters = [n.rsplit(".", 1)[0] for n, _ in model.named_parameters()]
    middle = parameters[len(parameters) // 2]
    later = tuple(dict.fromkeys(parameters[parameters.index(middle) :]))
    on = On("body", lambda own, _: own.startswith(later))
    plain, run = run_of(model, on), run_of(model, on)
    g = torch.Generator().manual_seed(1)
    stream = [
        Labelled(torch.randn(4, 3, 32, 32, generator=g), torch.randint(3, (4,), generator=g))
        for _ in range(2)
    ]
    replay = find(run, stream[0]).replay
    assert replay
    drain(train(plain, lambda step: iter(stream[step:])))
    recorded = [Labelled(replay.record(run.parts, batch.x), batch.y) for batch in stream]
    with replay.on(run.parts):
        drain(train(run, lambda step: iter(recorded[step:])))
    for key, value in plain.parts.state_dict().items():
        torch.testing.assert_close(run.parts.state_dict()[key], value, rtol=1e-3, atol=1e-4, msg=key)


def test_an_error_in_the_search_is_told(monkeypatch):
    body = nets.Residual()
    monkeypatch.setattr(frozen, "_proven", lambda *_: 1 / 0)
    found = find(run_of(body, last(1)), next(batches(body)))
    assert found.replay is None
    assert "computed anew each time, which is slower (ZeroDivisionError: division by zero)" in found.note
    monkeypatch.setattr(frozen, "_proven", lambda *_: False)  # that it can't be replayed is no error
    assert find(run_of(body, last(1)), next(batches(body))) == frozen.Found(None)
