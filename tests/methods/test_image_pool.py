"""The pool of made samples: filled first, then half of what is asked for comes out of it."""

import pytest
import torch

from headstart.core import BadInput
from headstart.nn.image_pool import ImagePool


def rows(start, n):
    return torch.arange(start, start + n, dtype=torch.float32)[:, None]


def full(size=4, seed=0):
    pool = ImagePool(size, (1,), seed=seed)
    pool.exchange(rows(0, size))
    return pool


def test_while_there_is_room_all_is_kept_and_given_back():
    pool = ImagePool(5, (1,), seed=0)
    assert pool.exchange(rows(0, 3)).flatten().tolist() == [0, 1, 2]
    assert pool.exchange(rows(3, 2)).flatten().tolist() == [3, 4]
    assert pool.kept.flatten().tolist() == [0, 1, 2, 3, 4]


def test_when_it_is_full_half_of_them_are_former_ones_whose_place_is_taken():
    pool = full(4)
    given = pool.exchange(rows(100, 400)).flatten()
    same = given == rows(100, 400).flatten()
    assert 0.4 < same.float().mean() < 0.6
    everything = torch.cat([given, pool.kept.flatten()]).sort().values
    assert torch.equal(everything, torch.cat([rows(0, 4), rows(100, 400)]).flatten())  # none lost, none twice


def test_it_goes_on_after_a_stop_and_draws_other_places_each_time():
    one, other = full(16), ImagePool(16, (1,), seed=1)
    other.load_state_dict(one.state_dict())
    first = [pool.exchange(rows(100, 40)) for pool in (one, other)]
    assert torch.equal(*first)
    kept = one.kept.clone()
    one.asked -= 1
    one.kept.copy_(other.kept)
    second = [pool.exchange(rows(200, 40)) - 200 for pool in (one, other)]
    assert torch.equal(kept, other.kept) or not torch.equal(*second)
    assert not torch.equal(second[0] == rows(0, 40), second[1] == rows(0, 40))


def test_a_pool_of_none_and_one_below():
    assert ImagePool(0, (1,), seed=0).exchange(rows(7, 2)).flatten().tolist() == [7, 8]
    with pytest.raises(BadInput, match="-1 samples"):
        ImagePool(-1, (1,), seed=0)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_given_holds_no_graph_and_is_no_view(seed):
    made = rows(0, 2).requires_grad_(True)
    pool = full(2, seed)
    given = pool.exchange(made)
    assert not given.requires_grad
    copy = given.clone()
    pool.kept.fill_(-1)
    made.detach().fill_(-1)
    assert torch.equal(given, copy)


def test_another_seed_draws_others():
    given = [full(16, seed).exchange(rows(100, 40)) for seed in (0, 0, 1)]
    assert torch.equal(given[0], given[1])
    assert not torch.equal(given[0], given[2])
