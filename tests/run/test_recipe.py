"""Learning rates worked out by hand, and settings that can't be used."""

import math

import pytest
import torch

from headstart.core import BadInput
from headstart.run.recipe import SCHEDULES, Recipe


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        # ten steps, the first two warm up: (1, 2) thirds; then 8 steps from 1 down
        ("linear", [1 / 3, 2 / 3, 1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8]),
        ("constant", [1 / 3, 2 / 3, *[1] * 8]),
        ("cosine", [1 / 3, 2 / 3, *((1 + math.cos(math.pi * k / 8)) / 2 for k in range(8))]),
    ],
)
def test_rates_by_hand(schedule, expected):
    recipe = Recipe(steps=10, lr=0.4, warmup=0.2, schedule=schedule)
    rates = [recipe.rate(step / 10) for step in range(10)]
    assert rates == pytest.approx([0.4 * factor for factor in expected])


def test_without_warmup_the_first_step_has_the_whole_rate():
    assert Recipe(steps=10, lr=0.4, warmup=0.0).rate(0.0) == 0.4


def test_the_rate_has_no_state_and_never_leaves_its_range():
    for schedule in SCHEDULES:
        recipe = Recipe(steps=7, lr=2.0, warmup=0.3, schedule=schedule)
        rates = [recipe.rate(k / 100) for k in range(101)]
        assert all(0 <= rate <= 2.0 for rate in rates)
        assert rates == [recipe.rate(k / 100) for k in range(101)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("steps", 0),
        ("steps", 2.5),
        ("batch", 0),
        ("batch", 8.0),
        ("lr", 0.0),
        ("lr", -1.0),
        ("lr", math.nan),
        ("lr", math.inf),
        ("warmup", 1.0),
        ("warmup", -0.1),
        ("accumulate", 0),
        ("accumulate", 33),
        ("accumulate", 1.5),
        ("weight_decay", -1e-9),
        ("weight_decay", math.nan),
        ("clip", 0.0),
        ("clip", -1.0),
        ("ema", 1.0),
        ("ema", -0.1),
        ("views", -1),
        ("views", 0.5),
        ("schedule", "cosinus"),
        ("optimiser", "adam"),
        ("precision", "fp16"),
    ],
)
def test_a_bad_setting_is_named_with_its_value(name, value):
    with pytest.raises(BadInput, match=f"recipe: {name} is {value!r}; it must be"):
        Recipe(**{name: value})


def test_what_lbfgs_would_pass_over_is_refused():
    with pytest.raises(BadInput, match="clip"):
        Recipe(optimiser="lbfgs")
    recipe = Recipe(optimiser="lbfgs", clip=None, lr=0.5)
    p = torch.nn.Parameter(torch.zeros(2))
    plain = {"params": [p], "factor": 1.0, "since": 0.0, "weight_decay": 0.0}
    other = {"params": [torch.nn.Parameter(torch.zeros(2))], "factor": 0.5, "since": 0.0, "weight_decay": 0.0}
    with pytest.raises(BadInput, match="weight_decay=0"):
        recipe.build([plain | {"weight_decay": 0.01}])
    with pytest.raises(BadInput, match="one learning rate"):
        recipe.build([plain, other])
    with pytest.raises(BadInput, match="unfreeze"):
        recipe.build([plain | {"since": 0.5}])
    assert recipe.build([other]).param_groups[0]["lr"] == 0.25
    assert recipe.build([plain]).param_groups[0]["params"] == [p]


@pytest.mark.parametrize("name", ["sgd", "momentum", "adamw"])
def test_the_optimiser_is_the_one_asked_for(name):
    p = torch.nn.Parameter(torch.zeros(2))
    optimiser = Recipe(optimiser=name).build([{"params": [p], "weight_decay": 0.25}])
    kind = {"sgd": "SGD", "momentum": "SGD", "adamw": "AdamW"}[name]
    (group,) = optimiser.param_groups
    assert type(optimiser).__name__ == kind
    assert group["weight_decay"] == 0.25
    if kind == "SGD":
        assert (group["momentum"], group["nesterov"]) == ((0.9, True) if name == "momentum" else (0, False))
