"""What is not a number stops a run, and everything is as it was before that step."""

import copy
from dataclasses import replace

import pytest
import torch
from tests.run.simple import BOTH, EIGHT, PLAIN, SEVEN, Two, begin, body_and_head, loss, same_batch, values

from headstart.core import Descend, Diverged, Loss, On
from headstart.run.loop import train
from headstart.run.watch import drain


def broken(kind):
    """A loss that breaks at its third step in one way."""

    def bad(parts, batch, ctx):
        found = loss(parts, batch, ctx)
        if ctx.step < 2:
            return found
        if kind == "loss":
            return Loss.sum(label=found.total * torch.nan)
        if kind == "gradient":  # the root of 0 is 0, with an infinite slope
            return Loss.sum(label=found.total, root=(parts["head"].bias.sum() * 0).abs().sqrt())
        return loss(parts, replace(batch, x=batch.x * torch.inf), ctx)  # rows

    return bad


@pytest.mark.parametrize("optimiser", ["sgd", "adamw", "lbfgs"])
@pytest.mark.parametrize("kind", ["loss", "gradient", "rows"])
def test_what_is_not_a_number_stops_the_run_before_any_change(kind, optimiser):
    """Statistics of batch normalisations included, which a forward changes."""
    recipe = replace(PLAIN, steps=5, batch=7, schedule="linear", optimiser=optimiser)
    run = begin(body_and_head(norm=True), Descend(broken(kind), on=BOTH), recipe=recipe)
    ticks = train(run, same_batch(SEVEN))
    assert [next(ticks).step, next(ticks).step] == [1, 2]
    before = {name: value.clone() for name, value in run.parts.state_dict().items()}
    with pytest.raises(Diverged, match=r"given: at step 2 the loss is .* learning rate \(now 0\.06\)"):
        next(ticks)
    assert run.step == 2
    assert all(torch.equal(before[name], value) for name, value in run.parts.state_dict().items())


def test_a_line_search_that_runs_into_nothing_is_undone():
    """The loss is finite at the start and nowhere else, so the second look of L-BFGS is not a number."""

    def cliff(parts, batch, ctx):
        w = parts["a"].w
        return Loss.sum(total=w.sum() if bool((w == 0).all()) else w.sum() * torch.nan)

    on = On("a", lambda name, _: name == "w")
    run = begin({"a": Two()}, Descend(cliff, on=(on,)), recipe=replace(PLAIN, optimiser="lbfgs"))
    with pytest.raises(Diverged, match="at step 0 the loss is nan"):
        drain(train(run, same_batch()))
    assert values(run)["w"].tolist() == [0.0, 0.0]


def bounded(parts, batch, ctx):
    """A loss that is 0 with gradient 1 while the weights are finite, and no number when they are not."""
    w = parts["a"].w[0]
    return Loss.sum(total=w - w.detach())


W = On("a", lambda name, _: name == "w")


@pytest.mark.parametrize("optimiser", ["sgd", "momentum", "adamw"])
def test_a_step_out_of_the_range_of_numbers_is_taken_back(optimiser):
    """Steps of 3.3e37 and more from -2.5e38, where float32 ends at -3.4e38; noticed when one goes too far."""
    recipe = replace(PLAIN, optimiser=optimiser, lr=3.3e37, steps=9)
    run = begin({"a": Two()}, Descend(bounded, on=(W,)), recipe=recipe)
    with torch.no_grad():
        run.parts["a"].w.fill_(-2.5e38)
    good = []

    def watched():
        for tick in train(run, same_batch()):
            good.append(copy.deepcopy((values(run), run.optimisers["main"].state_dict())))
            assert values(run)["w"].isfinite().all()
            yield tick

    with pytest.raises(Diverged, match=r"at step \d the weights become too large"):
        drain(watched())
    assert run.step == len(good) > 0
    weights, state = good[-1]
    assert torch.equal(values(run)["w"], weights["w"])
    for index, kept in state["state"].items():  # so that it can go on with a lower rate
        for name, value in kept.items():
            assert torch.equal(value, run.optimisers["main"].state_dict()["state"][index][name])


def test_weights_that_decay_past_nought_are_taken_back():
    """lr 10 times decay 1 makes w -9 w a step: -9e37 from 1e37, and then too large."""
    recipe = replace(PLAIN, lr=10.0, weight_decay=1.0)
    run = begin({"a": Two()}, Descend(bounded, on=(W,)), recipe=recipe)
    with torch.no_grad():
        run.parts["a"].w.fill_(1e37)
    with pytest.raises(Diverged, match=r"at step 1 the weights .* smaller weight decay"):
        drain(train(run, same_batch()))
    assert values(run)["w"].tolist() == pytest.approx([-9e37] * 2)


def test_statistics_are_taken_back_with_the_weights():
    def steep(parts, batch, ctx):
        found = loss(parts, batch, ctx)
        return Loss.sum(label=found.total, steep=9 * sum(p.sum() for p in parts.parameters()))

    run = begin(body_and_head(norm=True), Descend(steep, on=BOTH), recipe=replace(PLAIN, lr=3e38))
    before = {name: value.clone() for name, value in run.parts.state_dict().items()}
    with pytest.raises(Diverged, match="at step 0 the weights"):
        drain(train(run, same_batch(EIGHT)))
    assert all(torch.equal(before[name], value) for name, value in run.parts.state_dict().items())
