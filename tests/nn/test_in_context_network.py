"""The in-context network: golden values, and what must not matter."""

import pytest
import torch
from tests.rounding import rounding

from headstart.core.draws import normals
from headstart.nn.in_context.cells import INPUTS, Scale
from headstart.nn.in_context.encoder import TAGS, Sizes
from headstart.nn.in_context.layers import attend
from headstart.nn.in_context.losses import bin_centres, bin_edges, in_context_loss
from headstart.nn.in_context.network import ABSENT, BINS, InContextNetwork

NAN = float("nan")
SMALL = Sizes(width=12, heads=3, hidden=20, layers=2, codes=4)
NEAR = rounding(12 * 30, largest=10, sums=20)
SUPPORT, ASKED, COLUMNS = 20, 7, 4


def filled(net):
    """The network with weights that are a function of their names and places alone."""
    with torch.no_grad():
        for number, value in enumerate(net.parameters()):
            drawn = normals(torch.tensor([number]), value.numel()).view(value.shape)
            value.copy_(drawn * (0.3 if value.ndim < 2 else value.shape[-1] ** -0.5))
    return net.eval()


@pytest.fixture(scope="module")
def net():
    return filled(InContextNetwork(SMALL))


@pytest.fixture(scope="module")
def table():
    """One table: two columns of numbers, one with gaps, one of categories; three classes."""
    x = normals(torch.arange(SUPPORT + ASKED), COLUMNS)
    x[:, 3] = (x[:, 3] > 0).float() + (x[:, 3] > 1)
    x[[2, 5, 22], 1] = NAN
    named = torch.tensor([False, False, False, True])
    y = torch.arange(SUPPORT) % 3
    tags = normals(torch.arange(1), COLUMNS * TAGS).view(1, COLUMNS, TAGS)
    return x[None], named, y[None], tags


def outputs(net, x, named, y, tags):
    scale = Scale.of(x[:, : y.shape[1]], named, SMALL.codes)
    with torch.no_grad():
        return net(scale.cells(x), tags, y)


def test_golden_values(net, table):
    """Of weights and rows that are counter-based random numbers, so the same everywhere."""
    x, named, y, tags = table
    found = outputs(net, x, named, y, tags)
    assert found.shape == (1, ASKED, 10)
    assert (found[..., 3:] == ABSENT).all()
    golden = torch.tensor([GOLDEN_FIRST, GOLDEN_LAST])
    torch.testing.assert_close(found[0, [0, -1], :3], golden, rtol=0, atol=2e-4)
    numbers = outputs(net, x, named, normals(torch.arange(1), SUPPORT), tags)
    assert numbers.shape == (1, ASKED, BINS)
    torch.testing.assert_close(numbers[0, 0, :3], torch.tensor(GOLDEN_BINS), rtol=0, atol=2e-4)


def test_the_order_of_rows_does_not_matter(net, table):
    x, named, y, tags = table
    order = torch.randperm(SUPPORT, generator=torch.Generator().manual_seed(0))
    moved = torch.cat([x[:, :SUPPORT][:, order], x[:, SUPPORT:].flip(1)], 1)
    again = outputs(net, moved, named, y[:, order], tags).flip(1)
    torch.testing.assert_close(again, outputs(net, x, named, y, tags), rtol=0, atol=NEAR)


def test_the_order_of_columns_does_not_matter_where_their_tags_go_along(net, table):
    x, named, y, tags = table
    order = torch.tensor([3, 1, 0, 2])
    again = outputs(net, x[..., order], named[order], y, tags[:, order])
    plain = outputs(net, x, named, y, tags)
    torch.testing.assert_close(again, plain, rtol=0, atol=NEAR)
    assert not torch.allclose(outputs(net, x[..., order], named[order], y, tags), plain, atol=1e-3)


def test_a_row_that_is_asked_for_changes_no_other(net, table):
    x, named, y, tags = table
    plain = outputs(net, x, named, y, tags)
    other = x.clone()
    other[:, -1] = 100.0
    again = outputs(net, other, named, y, tags)
    torch.testing.assert_close(again[:, :-1], plain[:, :-1], rtol=0, atol=NEAR)
    assert not torch.allclose(again[:, -1], plain[:, -1], atol=1e-2)


def test_what_is_kept_of_the_rows_predicts_as_the_rows_themselves(net, table):
    x, named, y, tags = table
    scale = Scale.of(x[:, :SUPPORT], named, SMALL.codes)
    with torch.no_grad():
        context = net.read(scale.cells(x[:, :SUPPORT]), tags, y)
        kept = net.predict(scale.cells(x[:, SUPPORT:]), tags, context)
        one = net.predict(scale.cells(x[:, -1:]), tags, context)
    torch.testing.assert_close(kept, outputs(net, x, named, y, tags), rtol=0, atol=NEAR)
    torch.testing.assert_close(one, kept[:, -1:], rtol=0, atol=NEAR)


def test_fused_attention_is_the_one_that_is_written_out():
    shape = torch.Size((2, 3, 2, 7, 4))
    query, key, value = normals(torch.arange(3), shape.numel()).view(3, *shape)
    with torch.enable_grad():
        plain = attend(query, key[..., :5, :], value[..., :5, :])
    with torch.no_grad():
        fused = attend(query, key[..., :5, :], value[..., :5, :])
    assert fused.shape == shape
    torch.testing.assert_close(fused, plain, rtol=0, atol=NEAR)


def test_units_of_columns_do_not_matter(net, table):
    """1000 times as large, and somewhere else: the same cells."""
    x, named, y, tags = table
    other = torch.where(named, x, 1000 * x + 5)
    torch.testing.assert_close(
        outputs(net, other, named, y, tags), outputs(net, x, named, y, tags), rtol=0, atol=20 * NEAR
    )


def test_blind_features_do_not_see_labels(net, table):
    x, named, y, tags = table
    cells = Scale.of(x[:, :SUPPORT], named, SMALL.codes).cells(x)
    with torch.no_grad():
        plain = net(cells, tags, y, blind=True)
        other = net(cells, tags, (y + 1) % 3, blind=True)
    torch.testing.assert_close(other.roll(-1, 2)[..., :2], plain[..., :2], rtol=0, atol=NEAR)


def test_cells_by_hand():
    """Known 1, 2, 3, 4: 2.5 lies between two and two; 4 has three below and one equal, (3 + 4) / 4 - 1."""
    known = torch.tensor([[1.0, 0], [2, 0], [3, 1], [4, NAN]])[None]
    scale = Scale.of(known, torch.tensor([False, True]), codes=4)
    cells = scale.cells(torch.tensor([[2.5, 0.0], [4, 1], [NAN, 3]])[None])
    assert cells.values.shape == (1, 3, 2, INPUTS)
    assert cells.values[0, :, 0, 1].tolist() == [0, 0.75, 0]  # ranks
    assert cells.values[0, :, 0, 2].tolist() == [0, 0, 1]  # missing
    assert cells.values[0, 0, 0, 0] == 0  # the mean
    assert cells.values[0, 1, 0, 0].item() == pytest.approx(
        3 * torch.asinh(torch.tensor(1.5 / 1.25**0.5 / 3)).item()
    )
    assert cells.codes[0].tolist() == [[0, 1], [0, 2], [0, 4]]
    assert cells.values[0, :, 1, 3].tolist() == [0.5, 0.25, 0]  # shares of the categories


def test_bins_lie_around_their_edges():
    edges, centres = bin_edges(), bin_centres()
    assert len(centres) == BINS == len(edges) + 1
    assert (torch.bucketize(centres, edges) == torch.arange(BINS)).all()
    torch.testing.assert_close(centres[1:-1], (edges[1:] + edges[:-1]) / 2)


def test_rows_of_a_class_that_was_not_shown_have_no_loss(net, table):
    x, named, _, tags = table
    y = torch.cat([torch.arange(SUPPORT) % 3, torch.arange(ASKED) % 3])[None]
    plain = in_context_loss(net, x, named, y, tags, SUPPORT)
    y[:, -1] = 7  # ABSENT would be a loss of 10,000
    assert in_context_loss(net, x, named, y, tags, SUPPORT) < plain + 10


GOLDEN_FIRST = (-0.70530, -0.35222, -0.72600)
GOLDEN_LAST = (-0.65904, -0.39299, -0.82558)
GOLDEN_BINS = (0.08473, -0.31989, -0.39582)
