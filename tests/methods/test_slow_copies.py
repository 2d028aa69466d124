"""What all methods with a slow copy of the encoder share."""

import pytest
import torch
from tests.toy import TASK, Toy, stream

from headstart.core import find
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe
from headstart.run.watch import drain

SLOW = {"moco": "key_backbone", "byol": "slow_backbone", "dino": "slow_backbone"}


def step_in_parts(name, parts, norm=False):
    """One step of 6 rows in so many parts: the run, and what encoder and slow copy gave."""
    method, given = find(name)(momentum=0.5), {"backbone": [], SLOW[name]: []}
    recipe = Recipe(steps=1, lr=0.05, optimiser="sgd", weight_decay=0.0, accumulate=parts)
    run = start(method, Toy(norm=norm), TASK, recipe)
    for part, seen in given.items():
        run.parts[part].register_forward_hook(lambda _, __, z, seen=seen: seen.append(z.detach()))
    drain(train(run, stream(method.about.needs, n=6)))
    return run, given["backbone"], given[SLOW[name]]


@pytest.mark.parametrize("name", SLOW)
def test_the_copy_computes_each_part_once_and_the_step_is_that_of_the_whole(name):
    whole, fast, slow = step_in_parts(name, 1)
    assert (len(fast), len(slow)) == (1, 1)
    parts, fast, slow = step_in_parts(name, 3)
    assert (len(fast), len(slow)) == (6, 3)
    for key, value in whole.parts.state_dict().items():
        torch.testing.assert_close(parts.parts.state_dict()[key], value, rtol=1e-5, atol=1e-6, msg=key)


@pytest.mark.parametrize("name", SLOW)
def test_dropout_of_the_encoder_is_drawn_again_though_that_of_the_copy_is_not(name):
    _, fast, _ = step_in_parts(name, 3, norm=True)
    for first, again in zip(fast[:3], fast[3:], strict=True):
        assert torch.equal(first, again)
    assert not torch.equal(fast[0], step_in_parts(name, 2, norm=True)[1][0])
