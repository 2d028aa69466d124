"""The queue of keys, by hand, and the copies that make them."""

import math
from dataclasses import replace

import pytest
import torch
from tests.methods.contrast import CTX, begin, embedded, steps_of
from tests.toy import TASK, Toy, make, stream

from headstart.core import BadInput, Parts, Seeded, find
from headstart.nn.key_queue import KeyQueue
from headstart.run.loop import train
from headstart.run.watch import drain

MoCo = find("moco")


def filled(size, counts, queue=None):
    """A queue that took batches of so many keys, which are numbered."""
    queue, number = queue or KeyQueue(size, 1), 0
    for count in counts:
        queue.stage(torch.arange(number, number + count, dtype=torch.float32)[:, None])
        queue.commit()
        number += count
    return queue


@pytest.mark.parametrize(
    ("counts", "kept"),
    [
        ((4,), range(4)),
        ((4, 4), range(8)),
        ((4, 4, 4), range(2, 12)),
        ((4,) * 9, range(26, 36)),
        ((10, 3), range(3, 13)),
    ],
)
def test_the_queue_holds_the_last_keys_whatever_the_batch(counts, kept):
    """Ten places, which no batch of four fills evenly."""
    assert sorted(filled(10, counts).content[:, 0].tolist()) == list(kept)


def test_the_queue_goes_on_where_it_was_saved():
    straight, again = filled(10, (4, 4, 4)), KeyQueue(10, 1)
    again.load_state_dict(straight.state_dict())
    for queue in (straight, again):
        filled(10, (7,), queue)
    assert torch.equal(straight.content, again.content)


def test_keys_that_are_staged_twice_are_added_once():
    queue = KeyQueue(10, 1)
    for _ in range(2):  # a step that is computed again
        queue.stage(torch.ones(4, 1))
    queue.commit()
    queue.commit()
    assert len(queue.content) == 4


def test_a_query_is_not_compared_with_its_own_key_twice():
    """Two rows at right angles; the queue holds the key of the first only after the step."""
    method, q = MoCo(temperature=0.5, queue=4, out=2), torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    parts = Parts({"queue": KeyQueue(4, 2)})
    assert method.loss(parts, embedded(q, q), CTX).total.item() == 0
    parts["queue"].commit()
    second = method.loss(parts, embedded(q, q), CTX).total.item()
    assert second == pytest.approx(math.log(2 * math.exp(2) + 1) - 2)  # the old keys are like the new


def test_refuses_a_queue_smaller_than_a_batch():
    with pytest.raises(BadInput, match="queue is 7, smaller than a batch of 8 rows"):
        steps_of(MoCo(queue=7))


def test_the_copies_begin_as_what_they_copy_and_follow_it():
    run = begin(MoCo(momentum=0.75), steps=1)
    before = {name: value.clone() for name, value in run.parts.state_dict().items()}
    for name in ("backbone", "projection"):
        for one, other in zip(
            run.parts[name].parameters(), run.parts[f"key_{name}"].parameters(), strict=True
        ):
            assert torch.equal(one, other)
    drain(train(run, stream(Seeded, n=8)))
    after = run.parts.state_dict()
    for name in ("backbone.body.0.weight", "projection.2.bias"):
        expected = 0.75 * before[name] + 0.25 * after[name]
        torch.testing.assert_close(after[f"key_{name}"], expected)


@pytest.mark.parametrize("momentum", [0.0, 1.0])
def test_without_momentum_the_copy_is_the_encoder_and_with_all_of_it_never_moves(momentum):
    run, before = steps_of(MoCo(momentum=momentum))
    key, now = run.parts["key_backbone"].body[0].weight, run.parts["backbone"].body[0].weight
    assert not torch.equal(now, before["backbone.body.0.weight"])
    assert torch.equal(key, now if momentum == 0 else before["backbone.body.0.weight"])


def test_chance_is_that_of_a_filled_queue():
    assert MoCo(queue=9).chance_level(4) == math.log(10)


def test_the_copies_normalise_by_the_batch_as_the_encoder_does():
    """With views that are the same, keys are the queries; modes are those that a step begins with."""
    toy = Toy()
    toy.body[3].p = 0.0
    method = MoCo()
    parts = method.parts(toy, replace(TASK, views=lambda x, seed: x)).eval()
    parts["backbone"].train()
    q, k = method.embed(parts, make(Seeded, 8, 0), CTX)
    torch.testing.assert_close(q, k)
