"""Whether predicted classes come as random draws of training rows would."""

import pytest
import torch

from headstart.streaming.mixture import looks_drawn

QUARTERS = torch.full((4,), 0.25)


def in_runs(runs):
    """100 rows, 25 of each of four classes, in a number of runs."""
    numbers = [(runs - k + 3) // 4 for k in range(4)]
    lengths = [[25 // n + (k < 25 % n) for k in range(n)] for n in numbers]
    return torch.cat([torch.full((lengths[k % 4][k // 4],), k % 4) for k in range(runs)])


@pytest.mark.parametrize(("more", "drawn"), [(0, True), (11, True), (12, False), (-11, True), (-12, False)])
def test_frequencies_by_hand(more, drawn):
    """Of 100 rows, d more and fewer of two quarters: 2 d^2 / 25 is 9.7 for 11, 11.5 for 12; 1 % is 11.4."""
    rows = torch.arange(4).repeat_interleave(torch.tensor([25 + more, 25 - more, 25, 25]))
    spread = rows[torch.arange(100) * 37 % 100]  # so that few neighbours are alike
    assert looks_drawn(spread, QUARTERS) == drawn


@pytest.mark.parametrize(("alike", "drawn"), [(0, True), (25, True), (34, True), (35, False), (96, False)])
def test_order_by_hand(alike, drawn):
    """Of 99 pairs of neighbours 0.25 + 2.326 sqrt(0.1875 / 99) = 0.351 may be alike: 34 are 0.343."""
    rows = in_runs(100 - alike)
    assert (len(rows), int((rows[1:] == rows[:-1]).sum())) == (100, alike)
    assert torch.bincount(rows).tolist() == [25] * 4
    assert looks_drawn(rows, QUARTERS) == drawn


def test_random_draws_pass_and_what_is_sorted_or_uneven_does_not():
    g = torch.Generator().manual_seed(0)
    shares = torch.tensor([0.4, 0.2, 0.2, 0.1, 0.1])
    draws = [torch.multinomial(shares, 64, replacement=True, generator=g) for _ in range(500)]
    passed = [looks_drawn(rows, shares) for rows in draws]
    assert 0.95 < sum(passed) / 500 < 1  # two tests at 1 %
    assert not any(looks_drawn(rows.sort().values, shares) for rows in draws[:50])
    assert not looks_drawn(torch.full((64,), 3), shares)


def test_three_classes_or_one_that_is_common_say_too_little():
    assert not looks_drawn(torch.arange(99) % 3, torch.full((3,), 1 / 3))
    common = torch.tensor([0.6, 0.1, 0.1, 0.1, 0.1])
    assert not looks_drawn(torch.multinomial(common, 64, True, generator=torch.manual_seed(0)), common)
