"""Every registered method keeps these promises. A new method gets all of them for free."""

import dataclasses
import json
import subprocess
import sys
from copy import deepcopy

import pytest
import torch
from tests.contract.runs import METHODS, Droppable, changed_parts, done, finish, fresh, learning, same
from tests.toy import batch_for, samples_for, stream_for, suited

from headstart.core import Descend, Domains, Unlabelled
from headstart.core.linear_head import LinearHead
from headstart.core.method import About
from headstart.run.checkpoint import load_state, save_state
from headstart.run.frozen import find
from headstart.run.loop import train

every = pytest.mark.parametrize("kind", METHODS, ids=lambda m: m.about.name)


def test_there_are_methods():
    assert len(METHODS) >= 7


def test_names_are_unique():
    assert len({m.about.name for m in METHODS}) == len(METHODS)


@every
def test_is_a_frozen_record_of_its_settings(kind):
    method = kind()
    assert dataclasses.is_dataclass(kind)
    settings = {f.name: getattr(method, f.name) for f in dataclasses.fields(kind)}
    assert kind(**settings) == method
    assert json.loads(json.dumps(settings)) == settings
    for name in settings:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(method, name, 0)


@every
def test_is_final_and_says_what_it_is(kind):
    assert kind.__final__
    assert isinstance(kind.about, About)
    assert kind.about.paper.startswith(("arXiv:", "doi:", "https://"))
    assert kind.__doc__
    assert kind.__doc__ != dataclasses.make_dataclass("X", []).__doc__
    documented = "".join(c.__doc__ or "" for c in kind.__mro__)
    for field in dataclasses.fields(kind):
        assert f"{field.name}:" in documented, f"{field.name} is not explained"


@every
def test_lives_in_the_folder_of_what_it_adapts(kind):
    assert kind.__module__.split(".")[2] == kind.about.adapts


@every
def test_has_its_own_test_and_docs_page(kind):
    from pathlib import Path

    name = kind.__module__.rpartition(".")[2]
    assert Path(f"tests/methods/test_{name}.py").exists()
    assert Path(f"docs/methods/{kind.about.name}.md").exists()


@every
def test_same_seed_gives_the_same_bytes(kind):
    """Whatever the global generator says, and whether or not somebody watches."""
    torch.rand(3)
    again = finish(fresh(kind, warmup=0.0, schedule="constant"))
    assert same(again.parts.state_dict(), done(kind).run.parts.state_dict())


@every
def test_the_global_generator_is_left_alone(kind):
    assert torch.equal(*done(kind).random)


FINISH = """
import sys
sys.path.insert(0, ".")
from pathlib import Path
from tests.contract.runs import METHODS, finish, fresh
from headstart.run.checkpoint import load_state, save_state
folder = Path(sys.argv[1])
for kind in METHODS:
    run = fresh(kind, ema=0.9, warmup=0.0, schedule="constant")
    run.load_state_dict(load_state(folder / f"{kind.about.name}.half"))
    save_state(finish(run).state_dict(), folder / f"{kind.about.name}.whole")
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Every method, stopped after 3 of 6 steps, saved, and finished in one fresh process."""
    folder = tmp_path_factory.mktemp("resume")
    for kind in METHODS:
        save_state(done(kind).halfway, folder / f"{kind.about.name}.half")
    command = [sys.executable, "-c", FINISH, str(folder)]
    done_there = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert done_there.returncode == 0, done_there.stderr
    return folder


@every
@pytest.mark.xdist_group("finished")
def test_finishes_in_a_fresh_process_with_the_same_bytes(kind, finished):
    straight = done(kind).run
    resumed = load_state(finished / f"{kind.about.name}.whole")
    assert resumed["step"] == straight.step == 6
    assert same(resumed["parts"], straight.parts.state_dict())
    assert same(resumed["average"], straight.average.values)


@every
def test_a_descent_moves_only_what_it_says(kind):
    run, before = done(kind).run, done(kind).before
    allowed, changing = learning(run), changed_parts(run)
    for name, value in run.parts.named_parameters():
        if name.split(".")[0] not in changing and not (
            kind.about.selects_parameters and id(value) in allowed
        ):
            assert torch.equal(value, before[name]) == (id(value) not in allowed), name


@every
def test_a_parameter_has_one_optimiser_state(kind):
    """Adam would bring the small gradients of each of several moves to its full rate."""
    optimisers = done(kind).run.optimisers.values()
    held = [id(p) for each in optimisers for group in each.param_groups for p in group["params"]]
    assert len(held) == len(set(held))
    assert set(held) == learning(done(kind).run)


@every
def test_what_is_frozen_keeps_every_byte(kind):
    """Buffers too, and whatever `.train()` was called before: a frozen BatchNorm must not go on counting."""
    run, before = done(kind).run, done(kind).before
    allowed, changing = learning(run), changed_parts(run)
    frozen = {
        f"{part}.{path}".rstrip(".") + ".": module
        for part, root in run.parts.items()
        if part not in changing
        for path, module in root.named_modules()
        if not any(id(p) in allowed for p in module.parameters())
    }
    assert frozen
    for prefix, module in frozen.items():
        for name, value in module.state_dict().items():
            assert torch.equal(value, before[prefix + name]), prefix + name


@every
def test_what_is_frozen_gets_no_gradient(kind):
    run = done(kind).run
    allowed = learning(run)
    assert all(p.grad is None for p in run.parts.parameters() if id(p) not in allowed)


@every
def test_its_loss_falls(kind):
    if kind.about.opposing_losses:
        pytest.skip("declares that its losses pull against each other")
    if kind.about.growing_contrast:
        pytest.skip("declares that it compares with more and more samples")
    run = fresh(kind, steps=12 if kind.about.closed_form else 60, schedule="constant")
    descents = [m for m in run.moves if isinstance(m, Descend)]
    ticks = list(train(run, stream_for(kind, n=32)))
    if not descents:  # a solution in closed form: it must fit what it has seen
        if kind.about.needs is Unlabelled:
            pytest.skip("is told no labels that it could fit")
        model = kind().predictor(run.parts).eval()
        batch = batch_for(kind, 200, 99)
        batch = batch.source if isinstance(batch, Domains) else batch
        assert (model(batch.x).argmax(1) == batch.y).float().mean() > 0.6
        return
    early = sum(sum(t.terms.values()).item() for t in ticks[:10])
    late = sum(sum(t.terms.values()).item() for t in ticks[-10:])
    assert late < early


@every
def test_ticks_hold_no_graph(kind):
    assert [tick.step for tick in done(kind).ticks] == [1, 2, 3, 4, 5, 6]
    for tick in done(kind).ticks:
        assert not any(value.requires_grad for value in tick.terms.values())
        assert tick.outputs is None or not tick.outputs.requires_grad


@every
def test_the_predictor_answers_one_sample_as_in_a_batch(kind):
    predictor = kind().predictor(deepcopy(done(kind).run.parts)).eval()
    x = samples_for(kind, torch.randn(5, 8, generator=torch.Generator().manual_seed(0)))
    assert predictor(x).shape == (5, 3)
    if not kind.about.batch_statistics:
        alone = torch.cat([predictor(row[None]) for row in x])
        torch.testing.assert_close(alone, predictor(x), rtol=1e-4, atol=1e-5)


@every
def test_accumulation_is_exact(kind):
    """One batch in 3 parts = the batch at once; without layers that look at the batch."""
    results = []
    for parts in (1, 3):
        if parts > 1 and (kind.about.stochastic_loss or not done(kind).run.divisible):
            pytest.skip("declares that its loss compares rows or draws random numbers")
        norm = kind.about.needs_batch_norm or kind.about.needs_dropout
        run = fresh(kind, norm=norm, accumulate=parts, optimiser="sgd", batch=8)
        results.append(finish(run).parts.state_dict())
    for name, value in results[0].items():
        torch.testing.assert_close(results[1][name], value, rtol=1e-4, atol=1e-6, msg=name)


@every
def test_a_replay_of_what_is_frozen_changes_nothing(kind):
    """The cache's promise: where a frozen prefix is found, training on its outputs gives the same."""
    norm = kind.about.needs_batch_norm or kind.about.needs_dropout
    run, twin = fresh(kind, norm=norm), fresh(kind, norm=norm)
    replay = find(run, batch_for(kind, 8, 0)).replay
    learned = learning(run)
    parameters = [id(p) for p in run.parts.parameters()]
    if parameters and learned.issuperset(parameters):
        assert replay is None
        return
    if replay is None:
        pytest.skip("learns from the first layer on")
    finish(twin)

    def recorded(step):
        for batch in stream_for(kind)(step):
            yield batch.changed(lambda x: replay.record(run.parts, x))

    # outputs are recorded before, as a cache does: nothing that learns may be in them
    batches = [batch for batch, _ in zip(recorded(0), range(6), strict=False)]
    with replay.on(run.parts):
        finish(run, lambda step: iter(batches[step:]))
    for name, value in twin.parts.state_dict().items():
        torch.testing.assert_close(run.parts.state_dict()[name], value, rtol=1e-4, atol=1e-6, msg=name)


@every
def test_another_seed_gives_another_head_and_changes_nothing_else_that_was_given(kind):
    """A method in closed form begins with no number that is drawn."""
    run, other = fresh(kind), fresh(kind, seed=4)
    values, others = run.parts.state_dict(), other.parts.state_dict()
    drawn = {name for name in values if not torch.equal(values[name], others[name])}
    heads = {part for part, module in run.parts.items() if isinstance(module, LinearHead)}
    assert {name.partition(".")[0] for name in drawn} >= heads
    assert bool(heads) != (kind.about.closed_form or kind.about.needs_text_tower)
    assert not (drawn and kind.about.closed_form)
    given = {
        f"backbone.{name}" for name in suited(kind, Droppable()).state_dict()
    }  # an adapter may add to it
    assert not drawn & given


@every
def test_in_bf16_the_weights_stay_in_float32(kind):
    run = fresh(kind, precision="bf16")
    kinds = {name: value.dtype for name, value in run.parts.state_dict().items()}
    finish(run)
    for name, value in run.parts.state_dict().items():
        assert value.dtype == kinds[name]
        assert bool(value.isfinite().all()), name
