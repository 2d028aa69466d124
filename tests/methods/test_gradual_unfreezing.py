"""The head first, then one block after the other, whatever is stopped and resumed in between."""

from dataclasses import replace

import pytest
import torch
from tests.methods.ways import CHAIN_BATCH, PLAIN, Chain, bytes_of, chain_head, chained, same, tuned
from tests.toy import Toy, make, stream

from headstart.core import BadInput, Labelled, Task
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.methods.mapping.finetuning.gradual_unfreezing import GradualUnfreezing
from headstart.run.checkpoint import load_state, save_state
from headstart.run.frozen import find
from headstart.run.loop import start, train
from headstart.run.watch import drain

SGD = replace(PLAIN, optimiser="sgd", lr=0.1, schedule="constant", weight_decay=0.0, steps=8)
METHOD = GradualUnfreezing(begin=0.25, full=0.75, backbone_lr=1.0)


def begun(method, recipe):
    """The step in which each parameter moved first."""
    run = start(method, Chain(), Task(2, (3,), head=chain_head()), recipe)
    before, first = bytes_of(run), {}
    for tick in train(run, lambda step: iter([CHAIN_BATCH] * (8 - step))):
        for name, value in bytes_of(run).items():
            if not torch.equal(value, before[name]):
                first.setdefault(name, tick.step - 1)
    return first


@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
def test_when_each_block_begins_by_hand(optimiser):
    """Eight steps begin at progress 0, 1/8, ...: 1/4, 1/2 and 3/4 are steps 2, 4 and 6."""
    first = begun(METHOD, replace(SGD, optimiser=optimiser, weight_decay=0.1))
    assert first["head.weight"] == 0
    weights = {name: first[f"backbone.{name}.weight"] for name in ("a", "b", "c", "norm")}
    assert weights == {"norm": 2, "c": 2, "b": 4, "a": 6}
    assert first["backbone.token"] == 6


def test_it_goes_on_as_it_was_wherever_it_is_stopped(tmp_path):
    """A run that freezes again what had begun, or begins it too soon, ends elsewhere."""
    recipe = replace(SGD, optimiser="adamw")
    whole = bytes_of(tuned(METHOD, Toy(), recipe=recipe))
    for stop in range(1, 8):
        half = tuned(
            METHOD,
            Toy(),
            recipe=recipe,
            batches=lambda _, n=stop: (b for b, _ in zip(stream(Labelled)(0), range(n), strict=False)),
        )
        save_state(half.state_dict(), tmp_path / "half")
        again = start(METHOD, Toy(), Task(3, (8,)), recipe)
        again.load_state_dict(load_state(tmp_path / "half"))
        drain(train(again, stream(Labelled)))
        assert same(whole, bytes_of(again)), stop


def test_what_has_yet_to_begin_rests_whatever_was_called_before():
    """Its batch normalisation, which goes with the first block, does not even count."""
    method = GradualUnfreezing(begin=0.25, full=0.5, norm="train")
    run = start(method, Toy(), Task(3, (8,)), SGD)
    counted = []
    for _ in train(run, stream(Labelled)):
        counted.append(int(run.parts["backbone"].body[1].num_batches_tracked))
        assert run.parts["backbone"].body[1].training == (run.step > 4)
        run.parts.train()
    assert counted == [0, 0, 0, 0, 1, 2, 3, 4]


def test_with_nothing_to_wait_for_it_is_fine_tuning():
    at_once = tuned(GradualUnfreezing(begin=0.0, full=0.0), Toy())
    assert same(bytes_of(at_once), bytes_of(tuned(FineTune(), Toy())))
    assert not same(bytes_of(at_once), bytes_of(tuned(GradualUnfreezing(), Toy())))


def test_what_learns_later_is_not_recorded_as_if_it_never_did():
    """The cache asks which parameters ever learn: below the last block none do, and the replay is exact."""
    batch = make(Labelled, 4, 0)

    def run(**settings):
        method = GradualUnfreezing(begin=0.3, full=0.6, lr_decay=0.5, **settings)
        return start(method, Toy(norm=False), Task(3, (8,)), PLAIN)

    assert find(run(), batch).replay is None
    plain, replayed = run(last=1), run(last=1)
    replay = find(replayed, batch).replay
    assert replay is not None
    assert not any(module.startswith("body.4") for module in replay.prefix)
    drain(train(plain, stream(Labelled)))
    batches = [b for b, _ in zip(stream(Labelled)(0), range(4), strict=False)]
    recorded = [Labelled(replay.record(replayed.parts, b.x), b.y) for b in batches]
    with replay.on(replayed.parts):
        drain(train(replayed, lambda step: iter(recorded[step:])))
    for name, value in bytes_of(plain).items():
        torch.testing.assert_close(bytes_of(replayed)[name], value, rtol=1e-4, atol=1e-6, msg=name)


def test_rates_and_starts_go_together():
    run = chained(replace(METHOD, lr_decay=0.1), SGD)
    (optimiser,) = run.optimisers.values()
    found = [(round(g["lr"], 9), g["since"]) for g in optimiser.param_groups]
    assert found == [(0.1, 0.0), (0.1, 0.25), (0.01, 0.5), (0.001, 0.75)]


@pytest.mark.parametrize(
    "settings", [{"begin": 1.0}, {"begin": -0.1}, {"begin": 0.5, "full": 0.4}, {"full": 1.0}]
)
def test_a_bad_setting_is_named(settings):
    with pytest.raises(BadInput, match=r"gradual-unfreezing: (begin|full) is .*; it must be"):
        GradualUnfreezing(**settings)
