"""The loop interprets moves: who learns, when, how fast, and what a tick says."""

from dataclasses import replace

import pytest
import torch
from tests.run.simple import PLAIN, Given, Two, begin, ones, same_batch, slope_one, values
from tests.toy import Toy
from torch import nn

from headstart.core import About, BadInput, Descend, Do, Labelled, Loss, On, Task
from headstart.run.loop import start, train
from headstart.run.watch import drain


def named(name):
    return lambda own, _module: own.rpartition(".")[2] == name


def go(*on, recipe=PLAIN, **move):
    run = begin({"a": Two()}, Descend(slope_one, on=on, **move), recipe=recipe)
    drain(train(run, same_batch()))
    return {name: round(value.flatten()[0].item(), 6) for name, value in values(run).items()}


def test_each_on_has_its_own_rate():
    """Linear from 0.1 in 4 steps: 0.1 + 0.075 + 0.05 + 0.025 = 0.25, times the factor, down."""
    on = (On("a", named("w")), On("a", named("b"), lr=0.1), On("a", blocks=slice(0, 1), lr=2.0))
    found = go(*on, recipe=replace(PLAIN, schedule="linear"))
    assert found == {"w": -0.25, "b": -0.025, "first.weight": -0.5, "second.weight": 0.0}


def test_weight_decay_is_the_groups_own_or_the_recipes():
    run = begin(
        {"a": Two()},
        Descend(
            slope_one,
            on=(On("a", named("w")), On("a", named("b"), weight_decay=0.5), On("a", weight_decay=0.0)),
        ),
        recipe=replace(PLAIN, steps=1, weight_decay=0.25),
    )
    with torch.no_grad():
        run.parts["a"].w.fill_(1.0)
        run.parts["a"].b.fill_(1.0)
        run.parts["a"].first.weight.fill_(1.0)
    drain(train(run, same_batch()))
    # the gradient is 1, and the decay adds its share of the weight, which is 1
    assert run.parts["a"].w.tolist() == pytest.approx([1 - 0.1 * 1.25] * 2)
    assert run.parts["a"].b.tolist() == pytest.approx([1 - 0.1 * 1.5] * 2)
    assert run.parts["a"].first.weight.flatten().tolist() == pytest.approx([0.9] * 2)


@pytest.mark.parametrize("optimiser", ["sgd", "adamw", "momentum"])
def test_since_freezes_until_its_progress_and_then_learns(optimiser):
    """Four steps begin at progress 0, 1/4, 1/2, 3/4: since 1/2 two of them move it."""
    recipe = replace(PLAIN, optimiser=optimiser, weight_decay=0.1)
    move = Descend(slope_one, on=(On("a", named("w")), On("a", named("b"), since=0.5)))
    run = begin({"a": Two()}, move, recipe=recipe)
    with torch.no_grad():  # a weight decay would show
        run.parts["a"].b.fill_(3.0)
    b, w, learns = [], [], []
    for _ in train(run, same_batch()):
        b.append(run.parts["a"].b[0].item())
        w.append(run.parts["a"].w[0].item())
        learns.append(run.parts["a"].b.requires_grad)
    assert b[:2] == [3.0, 3.0]
    assert 3.0 > b[2] > b[3]
    assert 0 > w[0] > w[1] > w[2] > w[3]
    assert learns == [False, False, True, True]
    if optimiser == "sgd":
        assert b[2] == pytest.approx(3.0 - 0.1 * (1 + 0.1 * 3))


def test_a_move_may_wait_altogether():
    """The first move starts at once, the second half way; its loss is logged from the start."""
    first = Descend(slope_one, on=(On("a", named("w")),), name="first")
    late = Descend(slope_one, on=(On("a", named("b"), since=0.5),), name="late")
    run = begin({"a": Two()}, first, late)
    ticks = list(train(run, same_batch()))
    assert values(run)["w"][0].item() == pytest.approx(-0.4)
    assert values(run)["b"][0].item() == pytest.approx(-0.2)
    assert all("late/total" in tick.terms for tick in ticks)


def test_a_gradient_is_edited_before_it_is_clipped():
    """Gradients (1, 1) and (1, 1); the hook makes them (3, 0), (4, 0): norm 5, clipped to 1."""

    def edit(parts, learning):
        assert [id(p) for p in learning] == [id(parts["a"].w), id(parts["a"].b)]
        for parameter, value in zip(learning, (3.0, 4.0), strict=True):
            parameter.grad.mul_(torch.tensor([value, 0.0]))

    def run_with(clip):
        move = Descend(slope_one, on=(On("a", named("w")), On("a", named("b"))), gradient=edit)
        run = begin({"a": Two()}, move, recipe=replace(PLAIN, steps=1, clip=clip))
        drain(train(run, same_batch()))
        return run.parts["a"].w.tolist() + run.parts["a"].b.tolist()

    assert run_with(None) == pytest.approx([-0.3, 0, -0.4, 0])
    assert run_with(1.0) == pytest.approx([-0.06, 0, -0.08, 0], rel=1e-5)
    assert run_with(9.0) == pytest.approx([-0.3, 0, -0.4, 0])


def test_a_parameter_belongs_to_the_first_on_that_selects_it():
    found = go(On("a", named("w"), lr=2.0), On("a", lr=1.0), On("a", named("w"), lr=5.0), recipe=PLAIN)
    assert found == {"w": -0.8, "b": -0.4, "first.weight": -0.4, "second.weight": -0.4}


def test_tied_weights_learn_once():
    """Both names share one tensor: its gradient is 1 + 1 and it steps once."""

    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
            self.two.weight = self.one.weight
            nn.init.zeros_(self.one.weight)

    def both(parts, batch, ctx):
        return Loss.sum(total=parts["a"].one.weight.sum() + parts["a"].two.weight.sum())

    run = begin({"a": Tied()}, Descend(both, on=(On("a"),)), recipe=replace(PLAIN, steps=1))
    assert len(run.optimisers["main"].param_groups[0]["params"]) == 1
    drain(train(run, same_batch()))
    assert run.parts["a"].two.weight.item() == pytest.approx(-0.2)


def test_equal_values_are_not_the_same_parameter():
    run = begin({"a": Two()}, Descend(slope_one, on=(On("a"),)))
    (group,) = run.optimisers["main"].param_groups
    assert {id(p) for p in group["params"]} == {id(p) for p in run.parts.parameters()}
    drain(train(run, same_batch()))
    assert all(torch.equal(value, torch.full_like(value, -0.4)) for value in values(run).values())


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        (slice(-1, None), {"body.4.weight", "body.4.bias"}),
        (slice(0, 1), {"body.0.weight", "body.0.bias"}),
        (slice(None), {"body.0.weight", "body.0.bias", "body.4.weight", "body.4.bias"}),
    ],
)
def test_blocks_are_counted_in_the_order_they_run(blocks, expected):
    run = begin({"a": Toy()}, Descend(slope_one, on=(On("a", blocks=blocks),)))
    selected = {id(p) for p in run.moves[0].parameters(run.parts)}
    assert {name for name, p in run.parts["a"].named_parameters() if id(p) in selected} == expected


@pytest.mark.parametrize(
    ("on", "words"),
    [
        ((On("b"),), "is on 'b'; parts are a"),
        ((On("a", named("none")),), "selects no parameter"),
        ((On("a", named("w")), On("a", blocks=slice(2, None))), "blocks 2:None of 'a', which has 2"),
    ],
)
def test_a_move_on_nothing_is_refused(on, words):
    with pytest.raises(BadInput, match=words):
        begin({"a": Two()}, Descend(slope_one, on=on))


def test_moves_of_one_name_must_learn_on_the_same():
    one, other = Descend(slope_one, on=(On("a", blocks=slice(0, 1)),)), Descend(slope_one, on=(On("a"),))
    with pytest.raises(BadInput, match="Two moves called 'main'"):
        begin({"a": Two()}, one, other)
    run = begin({"a": Two()}, one, one, recipe=replace(PLAIN, steps=1))  # two steps with one optimiser
    drain(train(run, same_batch()))
    assert run.parts["a"].first.weight[0].item() == pytest.approx(-0.2)


def test_moves_that_share_an_optimiser_share_the_state_of_a_parameter():
    """Momentum 0.9, Nesterov, rate 0.1, gradients 1 and then 0.01 of w.

    Shared: the buffer is 1 and then 0.9 + 0.01, so w goes by 0.1 * 1.9 and 0.1 * (0.01 + 0.9 * 0.91). Of its
    own the second would go by 0.1 * 0.019.
    """

    def slope(share):
        return lambda parts, batch, ctx: Loss.sum(total=share * parts["a"].w.sum())

    def gone(second):
        recipe = replace(PLAIN, steps=1, optimiser="momentum")
        on = (On("a", named("w")),)
        first = Descend(slope(1.0), on=(*on, On("a", named("b"))), name="first", optimiser="shared")
        last = Descend(slope(0.01), on=on, name="second", optimiser=second)
        run = begin({"a": Two()}, first, last, recipe=recipe)
        drain(train(run, same_batch()))
        assert run.parts["a"].b.tolist() == [0.0, 0.0]
        return list(run.optimisers), run.parts["a"].w[0].item()

    assert gone("shared") == (["shared"], pytest.approx(-0.1 * (1.9 + 0.01 + 0.9 * 0.91)))
    assert gone("") == (["shared", "second"], pytest.approx(-0.1 * (1.9 + 0.019)))


def test_a_shared_optimiser_moves_only_the_parameters_of_the_move():
    """The moments of b would carry it on in the second move, where it does not learn."""
    recipe = replace(PLAIN, steps=1, optimiser="adamw", weight_decay=0.5)
    first = Descend(slope_one, on=(On("a"),), name="first", optimiser="shared")
    second = Descend(slope_one, on=(On("a", named("w")),), name="second", optimiser="shared")
    run = begin({"a": Two()}, first, second, recipe=recipe)
    drain(train(run, same_batch()))
    steps = {name: run.optimisers["shared"].state[p]["step"] for name, p in run.parts["a"].named_parameters()}
    assert {name: int(step) for name, step in steps.items()} == {
        "w": 2,
        "b": 1,
        "first.weight": 1,
        "second.weight": 1,
    }


def test_moves_that_share_an_optimiser_must_agree_on_rates():
    moves = (
        Descend(slope_one, on=(On("a"),), name="first", optimiser="shared"),
        Descend(slope_one, on=(On("a", named("w"), lr=0.5),), name="second", optimiser="shared"),
    )
    with pytest.raises(BadInput, match="share the optimiser 'shared' give parameters of 'a' different rates"):
        begin({"a": Two()}, *moves)


def test_moves_happen_in_order_each_with_its_own_optimiser():
    """a goes down by 0.1; then b follows the new a: its gradient is a = -0.1; then a Do doubles b."""

    def of_b(parts, batch, ctx):
        return Loss.sum(product=(parts["a"].weight.detach() * parts["b"].weight).sum())

    def of_a(parts, batch, ctx):
        return Loss.sum(a=parts["a"].weight.sum(), zero=0 * parts["a"].weight.sum())

    def double(parts, batch, ctx):
        assert not torch.is_grad_enabled()
        assert (parts["a"].training, parts["b"].training) == (True, False)
        parts["b"].weight.mul_(2)

    a, b = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    nn.init.zeros_(a.weight)
    nn.init.zeros_(b.weight)
    moves = (
        Descend(of_a, on=(On("a"),), name="first"),
        Descend(of_b, on=(On("b"),), name="second"),
        Do(double, changes=("b",), train=("a",)),
    )
    run = begin({"a": a, "b": b}, *moves, recipe=replace(PLAIN, steps=1))
    assert set(run.optimisers) == {"first", "second"}
    (tick,) = train(run, same_batch())
    assert a.weight.item() == pytest.approx(-0.1)
    assert b.weight.item() == pytest.approx(2 * 0.1 * 0.1)
    assert set(tick.terms) == {"first/a", "first/zero", "second/product"}


def test_it_stops_after_its_steps_or_with_the_stream():
    move = Descend(slope_one, on=(On("a"),))
    run = begin({"a": Two()}, move)
    assert [tick.step for tick in train(run, same_batch())] == [1, 2, 3, 4]
    assert list(train(run, same_batch())) == []
    short = begin({"a": Two()}, move)
    assert [tick.step for tick in train(short, lambda step: iter([ones()] * (3 - step)))] == [1, 2, 3]


def test_a_resumed_run_asks_for_the_step_it_stopped_at():
    asked = []

    def stream(step):
        asked.append(step)
        return same_batch()(step)

    run = begin({"a": Two()}, Descend(slope_one, on=(On("a"),)))
    seen = next(train(run, stream))
    drain(train(run, stream))
    assert (seen.step, asked, run.step) == (1, [0, 1], 4)


def test_what_a_move_knows_of_the_run():
    seen = []

    def loss(parts, batch, ctx):
        seen.append((ctx.step, ctx.progress, torch.equal(ctx.gather(batch.x), batch.x)))
        return slope_one(parts, batch, ctx)

    drain(train(begin({"a": Two()}, Descend(loss, on=(On("a"),))), same_batch()))
    assert seen == [(0, 0.0, True), (1, 0.25, True), (2, 0.5, True), (3, 0.75, True)]


def test_accumulation_of_a_loss_that_compares_rows_is_refused():
    about = About("pairs", "start", "mapping", Labelled, "doi:none", per_sample_loss=False)
    method = Given({"a": Two()}, Descend(slope_one, on=(On("a"),)), about=about)
    with pytest.raises(BadInput, match="accumulate must be 1"):
        start(method, Toy(), Task(3, (8,)), replace(PLAIN, accumulate=2))
    assert not start(method, Toy(), Task(3, (8,)), PLAIN).divisible
