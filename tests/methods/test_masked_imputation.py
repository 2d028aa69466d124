"""Fill in the blank: what is hidden, what is seen, and what the loss is of, by hand."""

import pytest
import torch
from tests.toy import TASK, Columns, Toy, make
from torch import nn

import headstart as hs
from headstart.core import BadInput, Ctx, Seeded, Task, find
from headstart.core.schema import Column, Schema
from headstart.models.tables import TableEncoder
from headstart.nn.imputation.cell_targets import CellTargets, schema_of_rows
from headstart.nn.imputation.cells import CellImputer
from headstart.nn.imputation.imputer import hidden_parts, mean_of_hidden

Masked = find("masked-imputation")
NAN = float("nan")
ROWS = torch.tensor([[0.0, 10.0], [2.0, 30.0]])  # means 1 and 20, deviations 1 and 10
CTX = Ctx(0, 0.0, lambda x: x)


def silent(imputer):
    """A decoder that says 0 for everything, which is the mean of a standardised column."""
    for parameter in imputer.decoder.parameters():
        nn.init.zeros_(parameter)
    return imputer


def test_the_loss_is_the_squared_error_of_the_hidden_cells_alone():
    """Standardised, the row is (2, -1): 4 where the first cell is hidden, 1 where the second is."""
    imputer = silent(CellImputer(Columns(2), ROWS, hide=0.5))
    x, seen = torch.tensor([[3.0, 10.0]]), set()
    for number in range(8):
        seed = torch.tensor([number])
        hidden, _ = imputer.corrupted(x, seed)
        assert hidden.sum() == 1
        wanted = 4.0 if hidden[0, 0] else 1.0
        assert imputer(Columns(2), x, seed)["hidden_cells"].item() == pytest.approx(wanted)
        seen.add(wanted)
    assert seen == {1.0, 4.0}
    assert imputer.chance == pytest.approx(1.0)  # the variance of a standardised column


def test_the_mean_is_of_a_rows_hidden_parts_then_of_rows():
    loss = torch.tensor([[1.0, 2.0, 9.0], [4.0, 9.0, 9.0]])
    hidden = torch.tensor([[True, True, False], [True, False, False]])
    assert mean_of_hidden(loss, hidden).item() == (1.5 + 4) / 2


@pytest.mark.parametrize("corruption", ["marginal", "mask"])
def test_what_is_hidden_does_not_reach_the_encoder(corruption):
    imputer = CellImputer(Columns(8), TASK.columns, 0.4, corruption)
    x, seed = make(Seeded, 5, 0).x, torch.arange(5)
    hidden, rest = imputer.corrupted(x, seed)
    assert hidden.sum(1).tolist() == [3] * 5
    other = torch.where(hidden, x + 7, x)
    torch.testing.assert_close(imputer.corrupted(other, seed)[1], rest)
    torch.testing.assert_close(rest[~hidden], x[~hidden])
    if corruption == "mask":
        torch.testing.assert_close(rest[hidden], TASK.columns.mean(0).expand(5, -1)[hidden])
    else:
        drawn = rest[hidden][:, None]
        assert (drawn == TASK.columns.T[hidden.nonzero()[:, 1]]).any(1).all()  # cells of the same column


def test_a_rows_mask_is_a_function_of_its_seed():
    there = torch.ones(4, 9, dtype=torch.bool)
    seed = torch.tensor([5, 6, 7, 5])
    mask = hidden_parts(seed, 0.3, there)
    assert torch.equal(mask[1:2], hidden_parts(seed[1:2], 0.3, there[:1]))
    assert torch.equal(mask[0], mask[3])
    assert not torch.equal(mask[0], mask[1])
    assert mask.sum(1).tolist() == [3] * 4


MIXED = Schema(
    (
        Column("colour", "categorical", categories=("blue", "red"), missing=True),
        Column("age", "numeric", median=2.0, mean=4.0, deviation=2.0, missing=True),
        Column("flat", "numeric", median=1.0, mean=1.0),
        Column("size", "numeric", median=3.0, mean=1.0, deviation=0.5),
    )
)
TABLE = torch.tensor([[0, 6.0, 1, 1], [1, NAN, 1, 2], [2, 4, 1, 2], [NAN, 0, 1, 1]])


def test_missing_cells_are_not_hidden_and_have_no_loss():
    base = TableEncoder(MIXED)
    imputer = CellImputer(base, TABLE, 0.5)
    assert imputer.targets.names == ["age", "size", "colour"]  # the constant one is left out
    for number in range(6):
        hidden, _ = imputer.corrupted(TABLE, torch.full((4,), number))
        assert hidden.sum(1).tolist() == [2, 1, 2, 1]
        assert not hidden[1, 0]
        assert not hidden[3, 2]
    loss = imputer.targets.losses(torch.zeros(4, 5), TABLE)
    wanted = [[1.0, 0], [0, 4], [0, 4], [4, 0]]  # standardised: age 1, missing, 0, -2; size 0, 2, 2, 0
    torch.testing.assert_close(loss[:, :2], torch.tensor(wanted))
    entropy = torch.tensor(3.0).log().item()  # of two colours and all others alike
    torch.testing.assert_close(loss[:, 2], torch.tensor([entropy, entropy, entropy, 0.0]))


def test_counts_are_predicted_as_the_encoder_reads_them():
    schema = Schema(tuple(Column(f"g{n}", "numeric", mean=1.0, deviation=2.0) for n in range(3)), counts=True)
    counts = torch.tensor([[1.0, 3.0, 0.0]])
    imputer = CellImputer(TableEncoder(schema), counts, 0.4)
    standard = (torch.log1p(1e4 * counts / 4) - 1) / 2
    loss = imputer.targets.losses(torch.zeros(1, 3), counts)
    torch.testing.assert_close(loss, standard.square())


def test_telling_what_was_hidden_is_a_loss_of_its_own():
    imputer = CellImputer(Columns(8), TASK.columns, 0.25, mask_weight=2.0)
    for parameter in imputer.estimator.parameters():
        nn.init.zeros_(parameter)
    x, seed = make(Seeded, 5, 0).x, torch.arange(5)
    terms = imputer(Columns(8), x, seed)
    assert terms["mask"].item() == pytest.approx(2 * torch.tensor(2.0).log().item())


@pytest.mark.parametrize("share", [0, 1, 1.5, -0.2])
def test_refuses_to_hide_nothing_or_everything(share):
    with pytest.raises(BadInput, match=r"hide is .*; it must be in \(0, 1\)"):
        Masked(hide=float(share))


@pytest.mark.parametrize(
    ("share", "said"), [(0.05, "nothing of 8 columns"), (0.95, "everything of 8 columns")]
)
def test_names_the_number_of_parts_where_nothing_or_everything_would_be_hidden(share, said):
    with pytest.raises(BadInput, match=said):
        Masked(hide=share).parts(Toy(), TASK)


def test_names_columns_that_are_all_constant():
    with pytest.raises(BadInput, match="the columns 'column 0', 'column 1' are constant"):
        CellImputer(Columns(2), torch.ones(5, 2), 0.5)


def test_names_a_single_part_that_nothing_is_left_to_predict_from():
    with pytest.raises(BadInput, match="too few columns that vary to predict some of them from others: 1"):
        CellImputer(Columns(2), torch.tensor([[1.0, 2.0], [1.0, 3.0]]), 0.5)


def test_names_the_shape_of_samples_that_have_no_parts():
    with pytest.raises(BadInput, match=r"samples have the shape \(3, 9\)"):
        Masked().parts(Toy(), Task(outputs=2, shape=(3, 9)))


def test_tells_what_it_fills_in():
    base = TableEncoder(MIXED)
    task = Task(outputs=2, shape=(4,), columns=TABLE)
    method = Masked(hide=0.7)
    parts = method.parts(base, task).eval()
    silent(parts["imputer"])
    found = method.examples(parts, Seeded(TABLE[:1], torch.tensor([3])))
    blanks = {blank.place: blank for one in found for blank in one.blanks}
    assert len(blanks) == 2
    numbers = {"age": ("6", (("4", None),)), "size": ("1", (("1", None),))}  # 0 is the mean of a column
    for name in set(numbers) & set(blanks):
        assert (blanks[name].truth, blanks[name].guesses) == numbers[name]
    for number in range(9):  # until the colour is hidden
        (one,) = method.examples(parts, Seeded(TABLE[:1], torch.tensor([number])))
        if colour := [blank for blank in one.blanks if blank.place == "colour"]:
            assert colour[0].truth == "blue"
            assert {word for word, _ in colour[0].guesses} == {"blue", "red", "another"}
            assert sum(share for _, share in colour[0].guesses) == pytest.approx(1)
            return
    raise AssertionError("the colour was never hidden")


@pytest.mark.parametrize("value", [0.0, 0.3, 2e-4])
def test_a_zero_is_shown_as_one_not_as_what_standardising_leaves_of_it(value):
    rows = torch.tensor([[0.1], [0.7], [1.3], [value]])
    targets = CellTargets(schema_of_rows(rows))
    (blank,) = targets.blanks(targets.encode(rows)[3], rows[3], torch.tensor([True]))
    assert (blank.truth, blank.guesses) == (f"{value:.4g}", ((f"{value:.4g}", None),))


def test_pretrains_the_columns_of_a_table():
    rows = {"a": [0.1 * n for n in range(40)], "b": [str(n % 4) + "x" for n in range(40)]}
    model = hs.fit(Masked(steps=3), "table-mlp", (rows, ["u", "v"] * 20), hs.Recipe(steps=3))
    assert model.model.backbone.learned
