"""Each block's own rate, weight decay and start: they are in the optimiser, and they hold after a resume."""

from dataclasses import replace

import pytest
import torch
from tests.methods.ways import PLAIN, Chain, Same, bytes_of, chained, tuned, zero_head
from tests.toy import TASK, Toy

from headstart.core import BadInput, Descend, Labelled, On, Parts
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.methods.mapping.finetuning.lpft import LPFT
from headstart.methods.mapping.pretraining.from_scratch import FromScratch
from headstart.run.loop import start

SGD = replace(PLAIN, optimiser="sgd", lr=0.2, schedule="constant", weight_decay=0.0, steps=1)


def rates(run):
    """The learning rate that the optimiser has for each parameter."""
    (optimiser,) = run.optimisers.values()
    names = {id(parameter): name for name, parameter in run.parts.named_parameters()}
    return {names[id(p)]: group["lr"] for group in optimiser.param_groups for p in group["params"]}


def test_the_rate_of_each_block_by_hand():
    """0.2 for the head, half of it for the last block, and a tenth from each block to the one below."""
    found = rates(chained(FineTune(backbone_lr=0.5, lr_decay=0.1), SGD))
    expected = {"head": 0.2, "norm": 0.1, "c": 0.1, "b": 0.01, "a": 0.001, "token": 0.001}
    for name, rate in found.items():
        key = "head" if name.startswith("head") else name.split(".")[1]
        assert rate == pytest.approx(expected[key]), name
    assert len(found) == len(dict(chained(FineTune(), SGD).parts.named_parameters()))


def test_the_schedule_is_in_each_rate():
    recipe = replace(SGD, steps=4, schedule="linear")
    found = rates(chained(FineTune(backbone_lr=1.0, lr_decay=0.5), recipe, steps=3))
    assert found["backbone.a.weight"] == pytest.approx(0.2 * 0.5 * 0.25)  # progress 1/2, two blocks down


def test_a_step_of_each_block_is_as_long_as_its_rate_says():
    """A rate that is written down and not applied moves all blocks alike."""
    before = {name: p.detach().clone() for name, p in Chain().named_parameters()}
    flat, steep = (chained(FineTune(lr_decay=decay), SGD).parts["backbone"] for decay in (1.0, 0.1))
    for name, factor in (("c.weight", 1.0), ("b.weight", 0.1), ("a.weight", 0.01), ("token", 0.01)):
        one, other = (dict(body.named_parameters())[name] - before[name] for body in (flat, steep))
        assert one.abs().max() > 1e-4
        torch.testing.assert_close(other, factor * one, rtol=1e-3, atol=1e-7)


def test_parameters_of_equal_values_all_learn():
    """The three biases are zeros and the three weights are the same: told apart by identity only."""
    for method in (FineTune(), FineTune(lr_decay=0.5)):
        run = chained(method, SGD)
        assert all(
            not torch.equal(v, dict(Chain().named_parameters())[k])
            for k, v in run.parts["backbone"].named_parameters()
            if k != "norm.bias"
        )
        assert len(rates(run)) == 11


def test_a_block_in_which_nothing_learns_does_not_count():
    """The same depth with and without a frozen block above."""
    on = On("backbone", keep=lambda name, _: not name.startswith("c"), decay=0.5)
    parts = Parts({"backbone": Chain()})
    found = Descend(lambda *_: None, (on,)).groups(parts)
    names = {id(p): name for name, p in parts["backbone"].named_parameters()}
    assert [(each.lr, sorted(names[id(p)] for p in group)) for each, group in found] == [
        (1.0, ["norm.bias", "norm.weight"]),
        (0.5, ["b.bias", "b.weight"]),
        (0.25, ["a.bias", "a.weight", "token"]),
    ]


def test_the_last_blocks_alone_have_their_rates_too():
    found = rates(chained(FineTune(last=2, backbone_lr=1.0, lr_decay=0.5), SGD))
    assert {name: rate for name, rate in found.items() if "weight" in name} == {
        "head.weight": 0.2,
        "backbone.c.weight": 0.2,
        "backbone.b.weight": 0.1,
    }


def test_a_frozen_block_at_the_end_slows_nothing_below_it():
    """The last block that learns has the whole rate, wherever it stands."""
    on = On("backbone", keep=lambda name, _: name[0] in "ab", decay=0.5)
    parts = Parts({"backbone": Chain()})
    found = Descend(lambda *_: None, (on,)).groups(parts)
    names = {id(p): name for name, p in parts["backbone"].named_parameters()}
    assert [(each.lr, sorted(names[id(p)] for p in group)) for each, group in found] == [
        (1.0, ["b.bias", "b.weight"]),
        (0.5, ["a.bias", "a.weight"]),
    ]


def rates_of(optimiser):
    return [group["lr"] for group in optimiser.param_groups]


schedulers = torch.optim.lr_scheduler
SCHEDULERS = {
    "step": lambda o: schedulers.StepLR(o, 2, 0.5),
    "exponential": lambda o: schedulers.ExponentialLR(o, 0.7),
    "linear": lambda o: schedulers.LinearLR(o, 0.1, total_iters=5),
    "cosine": lambda o: schedulers.CosineAnnealingLR(o, 20),
    "restarts": lambda o: schedulers.CosineAnnealingWarmRestarts(o, 3),
    "polynomial": lambda o: schedulers.PolynomialLR(o, 20),
    "lambda": lambda o: schedulers.LambdaLR(o, lambda step: 1 / (1 + step)),
    "cycle": lambda o: schedulers.OneCycleLR(o, rates_of(o), total_steps=20, cycle_momentum=False),
    "plateau": lambda o: schedulers.ReduceLROnPlateau(o, patience=0),
}


@pytest.mark.parametrize("kind", SCHEDULERS)
def test_each_group_has_its_own_rate_whatever_scheduler_follows(kind):
    """The rates are the optimiser's own, from before the first step, and no note that only our loop reads."""
    run = start(FineTune(lr_decay=0.1, norm="train"), Chain(), TASK, SGD)
    (optimiser,) = run.optimisers.values()
    factors = [group["factor"] for group in optimiser.param_groups]
    assert factors == pytest.approx([1.0, 0.1, 0.01, 0.001])
    assert [group["lr"] for group in optimiser.param_groups] == pytest.approx([0.2 * f for f in factors])
    scheduler = SCHEDULERS[kind](optimiser)
    seen = set()
    for step in range(7):
        before = [group["params"][0].detach().clone() for group in optimiser.param_groups]
        for group in optimiser.param_groups:
            for parameter in group["params"]:
                parameter.grad = torch.ones_like(parameter)
        optimiser.step()
        rate = optimiser.param_groups[0]["lr"]
        for old, group, factor in zip(before, optimiser.param_groups, factors, strict=True):
            assert group["lr"] == pytest.approx(rate * factor)
            torch.testing.assert_close(
                old - group["params"][0], torch.full_like(old, rate * factor), rtol=1e-3, atol=1e-6
            )
        seen.add(round(rate, 9))
        scheduler.step(*([1.0 + step] if kind == "plateau" else []))
    assert len(seen) > 1  # it did something


def test_a_part_without_blocks_is_one_group():
    on = On("head", decay=0.5, spread=0.5)
    ((found, group),) = Descend(lambda *_: None, (on,)).groups(Parts({"head": zero_head(2, 2)}))
    assert (found.lr, found.since, len(group)) == (1.0, 0.0, 2)


def test_without_a_decay_there_is_one_group_for_the_backbone():
    (move,) = FineTune().moves()
    assert [on.part for on, _ in move.groups(Parts({"backbone": Chain(), "head": zero_head(2, 2)}))] == [
        "head",
        "backbone",
    ]


@pytest.mark.parametrize("kind", [FineTune, LPFT, FromScratch])
def test_weight_decay_can_be_turned_off_or_set(kind):
    """AdamW shrinks what has no gradient by rate * decay: behind a head of zeros that is all that happens."""
    batch = Labelled(torch.tensor([[1.0, 2.0]]), torch.tensor([0]))
    recipe = replace(PLAIN, steps=1, lr=0.1, schedule="constant", weight_decay=0.5)

    def scale(**settings):
        body = Same(2)
        body.untrained = lambda _seed: Same(2)
        method = kind(backbone_lr=0.5, **settings)
        run = tuned(method, body, zero_head(2, 2), recipe, batches=lambda _: iter([batch]))
        return run.parts["backbone"].scale.weight[0, 0].item()

    assert scale() == pytest.approx(1 - 0.1 * 0.5 * 0.5)
    assert scale(weight_decay=0.0) == 1
    assert scale(weight_decay=0.2) == pytest.approx(1 - 0.1 * 0.5 * 0.2)


def test_a_decay_changes_the_result():
    one, other = bytes_of(tuned(FineTune(), Toy())), bytes_of(tuned(FineTune(lr_decay=0.5), Toy()))
    assert not torch.equal(one["backbone.body.0.weight"], other["backbone.body.0.weight"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lr_decay", 0.0),
        ("lr_decay", 1.1),
        ("lr_decay", float("nan")),
        ("weight_decay", -0.1),
        ("head_std", -0.1),
        ("head_std", float("inf")),
        ("weight_decay", float("inf")),
    ],
)
def test_a_bad_setting_is_named(name, value):
    with pytest.raises(BadInput, match=f"fine-tune: {name} is {value!r}; it must be"):
        FineTune(**{name: value})


def test_lbfgs_says_that_it_has_one_rate():
    with pytest.raises(BadInput, match="one learning rate"):
        chained(FineTune(lr_decay=0.5), replace(SGD, optimiser="lbfgs"))
