"""A value counts from the step after, and not at all if the step failed."""

import torch

from headstart.nn.recent import Recent


def test_the_first_value_is_the_mean_and_the_next_count_by_the_rate():
    found = Recent(2)
    for value in ([1.0, 0.0], [0.0, 1.0]):
        found.note(torch.tensor(value))
        found.settle(0.1)
    torch.testing.assert_close(found.mean, torch.tensor([0.9, 0.1]))
    assert found.seen == 2


def test_noted_is_not_counted_and_nothing_takes_a_note_back():
    found = Recent()
    found.note(torch.tensor(3.0))
    assert (found.mean.item(), found.seen.item()) == (0, 0)
    found.note(None)
    found.settle(0.1)
    assert (found.mean.item(), found.seen.item()) == (0, 0)


def test_forgotten_it_is_as_new():
    found, new = Recent(), Recent()
    found.note(torch.tensor(3.0))
    found.settle(0.5)
    found.forget()
    assert all(torch.equal(a, b) for a, b in zip(found.buffers(), new.buffers(), strict=True))
