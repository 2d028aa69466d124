"""Learning in context: the weights, what the head keeps, and what is refused."""

import copy
import json
import math

import pytest
import torch
from tests.methods.grown import X, Y, opened_again
from tests.methods.ways import Same, probed
from torch import nn

import headstart as hs
from headstart.core import BadData, BadInput, Ctx, Labelled, Task
from headstart.methods.outputs.in_context.in_context import InContext
from headstart.nn.in_context.head import InContextHead
from headstart.nn.in_context.pretrained import card, digest, pretrained_network
from headstart.tasks.prior import draw_tables

NAN = float("nan")
ROWS, COLUMNS = 60, 4


@pytest.fixture(scope="module")
def head():
    """A head of 60 rows of the prior, with a gap and a column of categories."""
    return InContext(members=2).head(*rows_of(0), 3, (3,))


def rows_of(seed):
    x = torch.randn(ROWS, COLUMNS, generator=torch.Generator().manual_seed(seed))
    y = (x[:, 0] > 0).long() + (x[:, 1] > 0.5).long()
    x[:, 3] = (x[:, 3] > 0).float()
    x[3, 2] = NAN
    return x, y


def test_the_weights_are_those_of_the_card():
    said = card()
    assert said["sha256"] == digest()
    assert said["parameters"] == sum(one.numel() for one in pretrained_network().parameters())
    assert said["steps"] > 0
    assert said["command"]


def test_it_learns_what_a_small_table_says():
    """Three groups that are well apart: nearly all other rows are right."""
    y = torch.arange(150) % 3
    x = torch.randn(150, 4, generator=torch.Generator().manual_seed(0))
    x[torch.arange(150), y] += 5
    head = InContext().head(x[:75], y[:75], 3, ())
    with torch.no_grad():
        right = head(x[75:]).argmax(1) == y[75:]
    assert right.float().mean() > 0.8


def test_random_labels_are_predicted_by_chance():
    """That rows are asked for does not tell their labels; 10 tables of 400 rows."""
    right = []
    for number in range(10):
        tables = draw_tables(7, number, 1, 440, 4)
        y = torch.randint(2, (440,), generator=torch.Generator().manual_seed(number))
        head = InContext(members=1).head(tables.x[0, :40], y[:40], 2, ())
        with torch.no_grad():
            right.append((head(tables.x[0, 40:]).argmax(1) == y[40:]).float().mean())
    assert abs(float(torch.stack(right).mean()) - 0.5) < 4 * 0.5 / math.sqrt(4000)


def test_it_knows_what_it_does_not_know():
    """Labels that have nothing to do with the rows: it says their shares, not more."""
    x, _ = rows_of(1)
    y = torch.tensor([0] * 45 + [1] * 15)[torch.randperm(ROWS, generator=torch.Generator().manual_seed(0))]
    head = InContext().head(x, y, 2, ())
    with torch.no_grad():
        said = head(rows_of(2)[0]).softmax(1)[:, 0].mean()
    assert abs(said - 0.75) < 0.12


def test_probabilities_add_up_and_a_class_without_rows_has_none(head):
    with torch.no_grad():
        out = head(rows_of(1)[0])
    torch.testing.assert_close(out.exp().sum(1), torch.ones(ROWS), rtol=0, atol=1e-4)
    only_two = InContext(members=2).head(rows_of(0)[0], rows_of(0)[1].clamp(max=1), 3, (3,))
    with torch.no_grad():
        assert only_two(rows_of(1)[0]).softmax(1)[:, 2].max() == 0


def test_the_names_of_classes_hardly_matter():
    """Class 0 and class 1 change places: averaged over orders, so do the answers, nearly."""
    x, y = rows_of(0)
    asked = rows_of(1)[0]
    with torch.no_grad():
        plain = InContext(members=8).head(x, (y > 0).long(), 2, (3,))(asked).softmax(1)
        other = InContext(members=8).head(x, (y == 0).long(), 2, (3,))(asked).softmax(1)
    assert (plain - other.flip(1)).abs().mean() < 0.05


def test_what_is_kept_is_read_anew_when_rows_change(head):
    asked = rows_of(1)[0]
    twin = copy.deepcopy(head)
    with torch.no_grad():
        before = twin(asked)
        assert torch.equal(twin(asked), before)
        twin.labels.copy_(2 - twin.labels)
        after = twin(asked)
    assert not torch.allclose(before, after, atol=1e-2)
    with torch.enable_grad():
        torch.testing.assert_close(twin(asked), after, rtol=0, atol=1e-4)


def test_many_rows_are_predicted_as_few_are(head, monkeypatch):
    asked = rows_of(1)[0]
    with torch.no_grad():
        whole = head(asked)
        monkeypatch.setattr("headstart.nn.in_context.head.AT_ONCE", 50)
        torch.testing.assert_close(head(asked), whole, rtol=0, atol=1e-4)


def test_numbers_keep_their_units():
    """In other units the same numbers come out; of rows of one number, that number."""
    x, _ = rows_of(0)
    y = (2 * x[:, :1] + 5).clone()
    plain = InContext(members=1).head(x, y, 1, (3,))
    with torch.no_grad():
        out = plain(rows_of(1)[0])
        large = InContext(members=1).head(x, 1000 * y, 1, (3,))(rows_of(1)[0])
        again = plain.rescaled(torch.tensor([3.0]), torch.tensor([10.0]))(rows_of(1)[0])
    torch.testing.assert_close(large, 1000 * out, rtol=1e-3, atol=1)
    torch.testing.assert_close(again, 10 * out + 3, rtol=1e-4, atol=1e-2)
    both = InContext(members=1).head(x, torch.cat([y, -y], 1), 2, (3,))
    with torch.no_grad():
        assert both(rows_of(1)[0]).shape == (ROWS, 2)


def test_it_is_saved_with_its_rows_and_opened(tmp_path):
    model, again, file = opened_again(InContext(members=1), tmp_path)
    assert [one.probability for one in again.predict(str(file))] == [
        one.probability for one in model.predict(str(file))
    ]
    config = json.loads((tmp_path / "saved" / "config.json").read_text())
    assert config["head"]["name"] == "InContextHead"
    assert config["head"]["settings"]["named"] == [1]
    assert isinstance(model.model.head, InContextHead)
    assert model.model.head.rows.isnan().any()


def test_rows_of_weight_0_are_left_out_and_other_weights_refused():
    weight = torch.ones(20)
    weight[:5] = 0
    method = InContext(members=1)
    parts = method.parts(Same(4), Task(3, (4,), rows=20))
    method.collect(parts, Labelled(X[:20], Y[:20], weight), Ctx(0, 0.0, lambda x: x))
    assert torch.equal(method.predictor(parts).head.rows, X[5:20])
    weight[7] = 2
    with pytest.raises(BadInput, match="leave the weights of rows out"):
        method.collect(parts, Labelled(X[:20], Y[:20], weight), Ctx(0, 0.0, lambda x: x))


@pytest.mark.parametrize(
    ("rows", "classes", "columns", "said"),
    [(30, 11, 3, "10 classes, and this one has 11"), (30, 2, 101, "100 columns, and this one has 101")],
)
def test_a_larger_table_than_it_knows_is_refused(rows, classes, columns, said):
    x = torch.randn(rows, columns, generator=torch.Generator().manual_seed(0))
    with pytest.raises(BadData, match=said):
        probed(InContext(), x, torch.arange(rows) % classes, classes)


def test_settings_are_checked():
    with pytest.raises(BadInput, match="members is 0"):
        InContext(members=0)


def test_what_reads_no_columns_is_refused():
    data = (X.numpy(), Y.numpy())
    with pytest.raises(BadInput, match="reads no columns of a table"):
        hs.fit(InContext(), nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)), data)
