import math
from dataclasses import replace

import pytest
import torch
from tests.toy import TASK, Toy

from headstart.core import BadData, BadInput, Ctx, Embedded, Seeded, find
from headstart.losses.contrastive.nt_xent import nt_xent
from headstart.nn.views.cells import CellViews, varying_columns

SCARF = find("scarf")
CTX = Ctx(0, 0.0, lambda x: x)
SEEDS = torch.arange(200)


def test_the_share_of_changed_cells_is_exact():
    """Of ten columns six change in each row, none of them always."""
    x, others = torch.zeros(200, 10), torch.arange(1.0, 51).view(5, 10)
    changed = CellViews(others, 0.6)(x, SEEDS) != 0
    assert (changed.sum(1) == 6).all()
    assert int(changed.sum(0).min()) > 90
    assert int(changed.sum(0).max()) < 150


def test_cells_come_from_their_own_column():
    others = torch.arange(50.0).view(5, 10)
    view = CellViews(others, 1.0)(torch.full((200, 10), -1.0), SEEDS)
    for column in range(10):
        assert set(view[:, column].tolist()) == set(others[:, column].tolist())
    rows = (view - torch.arange(10.0)) / 10
    assert (rows.std(1) > 0).float().mean() > 0.9  # each cell from a row of its own


def test_columns_that_never_change_do_not_count():
    """Two of four are constant, a column of missing cells too: of the other two one half is drawn."""
    others = torch.tensor(
        [[1.0, 5.0, torch.nan, 7.0], [2.0, 5.0, torch.nan, 8.0], [3.0, 5.0, torch.nan, 9.0]]
    )
    assert (
        "2 of 4 columns are the same in all rows and never replaced: 2, 3" in CellViews(others, 0.5).caution
    )
    assert varying_columns(others).tolist() == [True, False, False, True]
    hidden = CellViews(others, 0.5).hidden(torch.zeros(200, 4), SEEDS)
    assert (hidden.sum(1) == 1).all()
    assert not hidden[:, 1:3].any()


def test_one_cell_at_least_is_drawn():
    assert CellViews(torch.rand(5, 3), 0.1).count == 1
    assert CellViews(torch.rand(5, 3), 0.0).count == 0


def test_missing_cells_are_cells():
    others = torch.tensor([[1.0, torch.nan], [2.0, 3.0]])
    view = CellViews(others, 1.0)(torch.zeros(200, 2), SEEDS)
    assert 60 < int(view[:, 1].isnan().sum()) < 140


def test_one_view_is_the_row_itself():
    """The first embedding is that of the row, whatever the seed; the second changes with it."""
    method = SCARF()
    parts = method.parts(Toy(norm=False), TASK)
    x = torch.randn(6, 8)
    a, b = method.embed(parts, Seeded(x, SEEDS[:6]), CTX)
    other_a, other_b = method.embed(parts, Seeded(x, SEEDS[6:12]), CTX)
    torch.testing.assert_close(a, parts["projection"](parts["backbone"](x)))
    torch.testing.assert_close(a, other_a)
    assert not torch.allclose(b, other_b)


def test_both_views_are_compared():
    """pytorch-scarf compares the clean views with themselves, and its loss ignores the corrupted ones."""
    z, w = torch.randn(4, 5), torch.randn(4, 5)
    method, batch = SCARF(temperature=0.5), Seeded(z, SEEDS[:4])
    found = method.loss({}, Embedded(batch, (z, w)), CTX).total
    assert found.item() == pytest.approx(nt_xent(z, w, 0.5).item())
    assert found.item() != pytest.approx(method.loss({}, Embedded(batch, (z, z)), CTX).total.item())


def test_chance_and_what_is_refused():
    assert SCARF().chance_level(8) == math.log(15)
    with pytest.raises(BadInput, match="corruption is 0"):
        SCARF(corruption=0.0)
    with pytest.raises(BadInput, match="scarf draws cells from the columns of a table"):
        SCARF().parts(Toy(), replace(TASK, columns=None))
    with pytest.raises(BadData, match="All 8 columns are constant in the 5 rows"):
        SCARF().parts(Toy(), replace(TASK, columns=torch.ones(5, 8)))
