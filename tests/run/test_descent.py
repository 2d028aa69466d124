"""One step: exact in parts, unmoved by what is not a number, and whole again after a shortage of memory."""

from dataclasses import replace

import pytest
import torch
from tests.run.simple import (
    BOTH,
    EIGHT,
    PLAIN,
    SEVEN,
    Given,
    Two,
    begin,
    body_and_head,
    loss,
    same_batch,
    slope_one,
    values,
)
from tests.toy import TASK, Toy
from torch import nn

from headstart.core import About, Descend, Labelled, Loss, On
from headstart.run.engine import One
from headstart.run.loop import start, train
from headstart.run.watch import drain


def after(steps=3, norm=False, loss=loss, rows=SEVEN, **recipe):
    """A run on the same rows, and its ticks."""
    how = replace(PLAIN, **({"steps": steps, "batch": len(rows)} | recipe))
    run = begin(body_and_head(norm), Descend(loss, on=BOTH), recipe=how)
    return run, list(train(run, same_batch(rows)))


def close(run, other, **tolerance):
    for name, value in run.parts.state_dict().items():
        torch.testing.assert_close(other.parts.state_dict()[name], value, **tolerance, msg=name)


@pytest.mark.parametrize("parts", [2, 3, 7])
def test_a_batch_in_uneven_parts_gives_the_same_step_and_the_same_terms(parts):
    whole, ticks = after()
    pieces, others = after(accumulate=parts)
    close(whole, pieces, rtol=1e-5, atol=1e-6)
    for one, other in zip(ticks, others, strict=True):
        torch.testing.assert_close(other.outputs, one.outputs)  # all rows, in order
        assert other.terms.keys() == one.terms.keys() == {"main/label", "main/norm"}
        for name, value in one.terms.items():
            torch.testing.assert_close(other.terms[name], value)


def test_a_short_last_batch_has_no_more_parts_than_rows():
    whole, _ = after()
    pieces, _ = after(accumulate=16, batch=32)
    close(whole, pieces, rtol=1e-5, atol=1e-6)


def test_the_gradient_is_clipped_to_the_norm():
    """Eight parameters of gradient 1, of which w and b (4 numbers) learn: norm 2, clipped to 1."""
    both = On("a", lambda name, _: name in ("w", "b"))
    run = begin({"a": Two()}, Descend(slope_one, on=(both,)), recipe=replace(PLAIN, steps=1, clip=1.0))
    drain(train(run, same_batch()))
    assert values(run)["w"].tolist() == pytest.approx([-0.05, -0.05], rel=1e-5)


class Short:
    """A loss that finds no memory for more than `rows` rows, after it has run the forward."""

    def __init__(self, rows, error=torch.OutOfMemoryError):
        self.rows, self.error, self.calls = rows, error, []

    def __call__(self, parts, batch, ctx):
        self.calls.append(len(batch))
        found = loss(parts, batch, ctx)
        if len(batch) > self.rows:
            raise self.error("can't allocate memory: CUDA out of memory")
        return found


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, MemoryError, RuntimeError])
def test_short_memory_halves_what_is_computed_at_once(error):
    whole, _ = after()
    short = Short(2, error)
    run, ticks = after(loss=short)
    close(whole, run, rtol=1e-5, atol=1e-6)
    # 7 rows; then 4 (and 3); then 2, 2, 2, 1; from then on at once
    assert short.calls == [7, 4, 2, 2, 2, 1, 2, 2, 2, 1, 2, 2, 2, 1]
    assert (run.accumulate, len(ticks)) == (4, 3)
    assert "step 0" in run.notes["accumulate"]
    assert "7 rows is now computed in 4 parts" in run.notes["accumulate"]


def test_a_batch_that_was_computed_anew_is_counted_once():
    """The statistics are those of a run that was told to compute in 4 parts from the start."""
    told, _ = after(norm=True, rows=EIGHT, accumulate=4)
    found_out, _ = after(norm=True, rows=EIGHT, loss=Short(2))
    close(told, found_out, rtol=0, atol=0)


def test_a_batch_normalisation_never_gets_a_part_of_one_row():
    """7 rows in 4 parts would leave one row alone, of which there is no variance: 3 parts are the most."""
    short = Short(3)
    run, _ = after(norm=True, loss=short, steps=1)
    assert (short.calls, run.accumulate) == ([7, 4, 3, 2, 2], 3)
    assert "in 3 parts; batch normalisations" in run.notes["accumulate"]
    assert "gradient is the same" not in run.notes["accumulate"]
    with pytest.raises(torch.OutOfMemoryError):  # not torch's complaint about one value per channel
        after(norm=True, loss=Short(2))
    told, _ = after(norm=True, accumulate=7, steps=1)
    close(run, told, rtol=0, atol=0)


def test_a_frozen_batch_normalisation_sees_rows_alone():
    """In evaluation mode it compares no rows, so parts may be single rows and the gradient is the same."""
    still = Descend(loss_short := Short(1), on=(On("head"),))
    run = begin(body_and_head(norm=True), still, recipe=replace(PLAIN, steps=1))
    drain(train(run, same_batch(SEVEN)))
    assert (run.accumulate, loss_short.calls[-7:]) == (7, [1] * 7)
    assert "gradient is the same" in run.notes["accumulate"]


def test_the_parts_are_remembered_by_a_resumed_run():
    run, _ = after(loss=Short(2))
    other = begin(body_and_head(), Descend(loss, on=BOTH))
    other.load_state_dict(run.state_dict())
    assert other.accumulate == 4


def test_other_errors_and_single_rows_that_do_not_fit_are_raised():
    with pytest.raises(torch.OutOfMemoryError):
        after(loss=Short(0))

    def wrong(parts, batch, ctx):
        raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes"):
        after(loss=wrong)


def test_a_loss_that_compares_rows_is_never_computed_in_parts():
    about = About("pairs", "start", "mapping", Labelled, "doi:none", per_sample_loss=False)
    method = Given(body_and_head(), Descend(Short(4), on=BOTH), about=about)
    run = start(method, Toy(), TASK, PLAIN)
    with pytest.raises(torch.OutOfMemoryError):
        drain(train(run, same_batch(SEVEN)))


def test_the_average_by_hand():
    """w is -0.1, -0.2, -0.3 after each step; the average starts at 0 and keeps half."""
    move = Descend(slope_one, on=(On("a"),))
    still = nn.Linear(1, 1)
    run = begin({"a": Two(), "still": still}, move, recipe=replace(PLAIN, ema=0.5))
    found = [run.average.values["a.w"][0].item() for _ in train(run, same_batch())]
    assert found == pytest.approx([-0.05, -0.125, -0.2125, -0.30625])
    assert "still.weight" not in run.average.values  # nothing learns there
    assert values(run)["w"][0].item() == pytest.approx(-0.4)


def test_the_average_follows_statistics_but_not_counts():
    run = begin(body_and_head(norm=True), Descend(loss, on=BOTH), recipe=replace(PLAIN, steps=1, ema=0.75))
    before = run.parts.state_dict()["body.body.1.running_mean"].clone()
    drain(train(run, same_batch(SEVEN)))
    now = run.parts.state_dict()["body.body.1.running_mean"]
    expected = 0.75 * before + 0.25 * now
    torch.testing.assert_close(run.average.values["body.body.1.running_mean"], expected)
    assert "body.body.1.num_batches_tracked" not in run.average.values


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_bf16_computes_in_bf16_and_keeps_weights_in_float32(precision):
    seen = {}

    def look(parts, batch, ctx):
        features = parts["body"](batch.x)
        seen["forward"] = features.dtype
        return loss(parts, batch, ctx)

    def edit(parts, learning):
        seen["gradients"] = {p.grad.dtype for p in learning}

    move = Descend(look, on=BOTH, gradient=edit)
    run = begin(body_and_head(), move, recipe=replace(PLAIN, precision=precision))
    drain(train(run, same_batch(SEVEN)))
    assert seen["forward"] is (torch.bfloat16 if precision == "bf16" else torch.float32)
    assert seen["gradients"] == {torch.float32}
    assert {p.dtype for p in run.parts.parameters()} == {torch.float32}


def test_bf16_ends_near_float32_but_not_at_it():
    (one, _), (other, _) = after(), after(precision="bf16")
    close(one, other, rtol=0.1, atol=0.02)
    assert not torch.equal(one.parts["head"].weight, other.parts["head"].weight)


def test_dropout_is_a_function_of_seed_and_step_and_the_same_in_every_look():
    """L-BFGS evaluates a step many times: with other dropout each time no line search could end."""
    drop, looks = nn.Dropout(0.5), []

    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight, self.drop = nn.Parameter(torch.ones(64)), drop

    def noisy(parts, batch, ctx):
        kept = parts["a"].drop(torch.ones(64))
        looks.append((ctx.step, tuple(kept.tolist())))
        return Loss.sum(total=(kept * (parts["a"].weight - 3)).square().mean())

    run = begin({"a": Noisy()}, Descend(noisy, on=(On("a"),)), recipe=replace(PLAIN, optimiser="lbfgs"))
    drain(train(run, same_batch()))
    masks = set(looks)
    assert len(looks) > len(masks) == 4  # one mask a step
    assert len({mask for _, mask in masks}) == 4


def test_one_rank_of_several_draws_its_own_noise():
    class Second(One):
        rank, world = 1, 2

    class Noise(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(64))

    def noise(engine):
        seen = []

        def loss(parts, batch, ctx):
            seen.append((torch.rand(8), batch.x.clone()))
            return slope_one(parts, batch, ctx)

        run = begin({"a": Noise()}, Descend(loss, on=(On("a"),)), engine=engine)
        next(train(run, same_batch(SEVEN)))
        return seen[0]

    one, second = noise(One()), noise(Second())
    assert not torch.equal(one[0], second[0])
    assert torch.equal(one[1], SEVEN.x)
    assert torch.equal(second[1], SEVEN.x[4:])  # 4 and 3 rows
