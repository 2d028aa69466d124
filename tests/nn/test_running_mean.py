"""A value counts from the step after, and not at all if the step failed."""

import torch

from headstart.nn.running_mean import RunningMean


def test_the_first_value_is_the_mean_and_the_next_count_by_the_rate():
    found = RunningMean(2)
    for value in ([1.0, 0.0], [0.0, 1.0]):
        found.stage(torch.tensor(value))
        found.commit(0.1)
    torch.testing.assert_close(found.mean, torch.tensor([0.9, 0.1]))
    assert found.seen == 2


def test_noted_is_not_counted_and_nothing_takes_a_note_back():
    found = RunningMean()
    found.stage(torch.tensor(3.0))
    assert (found.mean.item(), found.seen.item()) == (0, 0)
    found.stage(None)
    found.commit(0.1)
    assert (found.mean.item(), found.seen.item()) == (0, 0)


def test_forgotten_it_is_as_new():
    found, new = RunningMean(), RunningMean()
    found.stage(torch.tensor(3.0))
    found.commit(0.5)
    found.reset()
    assert all(torch.equal(a, b) for a, b in zip(found.buffers(), new.buffers(), strict=True))
