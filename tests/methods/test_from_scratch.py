"""From scratch means: nothing of what the backbone knew."""

from dataclasses import replace

import torch
from tests.methods.ways import PLAIN, equal, tuned
from tests.toy import Toy

from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.methods.mapping.pretraining.from_scratch import FromScratch


def poisoned():
    body = Toy()
    with torch.no_grad():
        for tensor in (*body.parameters(), *body.buffers()):
            if tensor.is_floating_point():
                tensor.fill_(torch.nan)
    return body


def test_pretrained_weights_are_not_looked_at():
    run = tuned(FromScratch(), poisoned())
    assert equal(run, tuned(FromScratch(), Toy()))
    assert all(bool(value.isfinite().all()) for value in run.parts.state_dict().values())


def test_the_callers_backbone_stays_as_it_is():
    body = Toy()
    before = {name: value.clone() for name, value in body.state_dict().items()}
    tuned(FromScratch(), body)
    assert all(torch.equal(value, before[name]) for name, value in body.state_dict().items())


def test_it_begins_at_random_weights_that_the_seed_says():
    hardly = replace(PLAIN, lr=1e-30, weight_decay=0.0)
    start = tuned(FromScratch(norm="frozen"), Toy(), recipe=hardly, seed=5).parts["backbone"]
    for name, value in Toy().untrained(5).state_dict().items():
        torch.testing.assert_close(start.state_dict()[name], value, rtol=0, atol=1e-20)
    other = tuned(FromScratch(), Toy(), recipe=hardly, seed=6).parts["backbone"]
    assert not torch.equal(other.body[0].weight, start.body[0].weight)


def test_it_is_fine_tuning_of_random_weights_at_the_full_rate():
    twin = FineTune(backbone_lr=1.0, norm="train")
    assert equal(tuned(FromScratch(), Toy(), seed=3), tuned(twin, Toy().untrained(3), seed=3))


def test_knowing_something_makes_a_difference():
    assert not equal(tuned(FromScratch(), Toy()), tuned(FineTune(backbone_lr=1.0, norm="train"), Toy()))


def test_by_default_all_of_it_learns_statistics_too():
    run = tuned(FromScratch(), Toy(), recipe=replace(PLAIN, steps=1))
    assert run.parts["backbone"].body[1].num_batches_tracked == 1
    (selected,) = (move.parameters(run.parts) for move in run.moves)
    assert {id(p) for p in selected} == {id(p) for p in run.parts.parameters()}
