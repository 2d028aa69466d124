"""Subspace alignment: one linear head on plain features, held against the two projections of the paper."""

import pytest
import torch
from tests.methods.frozen import drawn, hidden, mapped, right
from tests.methods.ways import probed

from headstart.core import BadInput, Labelled
from headstart.methods.inputs.domains.subspace_alignment import SubspaceAlignment
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe
from headstart.solvers.alignment import subspace_alignment

SOURCE, TARGET, SEEN = hidden(120, 0, True), hidden(90, 1, False), hidden(300, 2, False)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_the_one_head_is_the_probe_on_coordinates_after_the_targets_projection(size):
    found = subspace_alignment(SOURCE.x, TARGET.x, size)
    theirs = probed(LogisticProbe(penalty=2.0), found.source(SOURCE.x), SOURCE.y, 2)
    ours = mapped(SubspaceAlignment(size=size, penalty=2.0), SOURCE, TARGET.x)
    torch.testing.assert_close(ours(SEEN.x), theirs(found.target(SEEN.x)), rtol=1e-3, atol=1e-3)
    assert ours.head.weight.shape == (2, 5)


def test_along_two_axes_by_hand():
    """The source varies along x, the target along the diagonal: (a, 0) goes to its shadow (a/2, a/2)."""
    a = torch.tensor([-3.0, -1.0, 1.0, 3.0])
    source, target = torch.stack([a, 0 * a], 1), torch.stack([a, a], 1) + 5
    moved = SubspaceAlignment(size=1).move(source, torch.tensor([0, 0, 1, 1]), target)
    torch.testing.assert_close(moved, torch.stack([a / 2, a / 2], 1) + 5)


def test_its_own_size_holds_95_percent_of_the_variance():
    """Variances 81, 14, 5 and 0.01: two axes hold 95 of 100.01, which is less than 95 %; three hold it."""
    x = drawn(500, 4, 0)
    x = torch.linalg.svd(x - x.mean(0), full_matrices=False).U * torch.tensor([81, 14, 5, 0.01]).sqrt()
    y = torch.arange(500) % 2
    found = SubspaceAlignment().move(x, y, x)
    torch.testing.assert_close(found, SubspaceAlignment(size=3).move(x, y, x))
    assert not torch.allclose(found, SubspaceAlignment(size=2).move(x, y, x), atol=1e-3)


def test_without_weight_it_is_a_logistic_probe_on_the_source_to_the_bit():
    ours = mapped(SubspaceAlignment(weight=0.0), SOURCE, TARGET.x)
    assert torch.equal(ours.head.weight, probed(LogisticProbe(), SOURCE.x, SOURCE.y, 2, 40).head.weight)


def test_it_helps_where_the_target_does_not_vary_along_what_showed_the_label():
    assert right(mapped(SubspaceAlignment(weight=0.0), SOURCE, TARGET.x), SEEN) < 0.6
    assert right(mapped(SubspaceAlignment(size=1), SOURCE, TARGET.x), SEEN) > 0.95


def test_what_can_not_be_is_refused():
    with pytest.raises(BadInput, match="subspace-alignment: size is 0; it must be >= 1"):
        SubspaceAlignment(size=0)
    flat = Labelled(torch.zeros(6, 3), torch.arange(6) % 2)
    with pytest.raises(BadInput, match="the domains vary along 0 axes"):
        mapped(SubspaceAlignment(), flat, torch.zeros(5, 3))
