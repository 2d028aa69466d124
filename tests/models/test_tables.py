"""Rows of a table as features, against numbers worked out by hand and scanpy's formula."""

import copy
import json
import math

import numpy as np
import pytest
import torch

from headstart.core import BadInput
from headstart.core.schema import Column, Schema
from headstart.models.backbone import backbone
from headstart.models.tables import TableEncoder

NAN = math.nan
MIXED = Schema(
    (
        Column("colour", "categorical", categories=("blue", "red"), missing=True),
        Column("age", "numeric", median=2.0, mean=4.0, deviation=2.0, missing=True),
        Column("hole", "numeric", median=1.0, mean=1.0, missing=True),
        Column("size", "numeric", median=3.0, mean=1.0, deviation=0.5),
    )
)


def test_features_by_hand():
    base = TableEncoder(MIXED)
    x = torch.tensor([[0, 6.0, 1, 1], [1, NAN, NAN, NAN], [2, 4, 1, 2], [NAN, 0, 1, 1]])
    wanted = [  # age, size | blue, red, other | no colour, no age, no hole
        [1, 0, 1, 0, 0, 0, 0, 0],
        [-1, 4, 0, 1, 0, 0, 1, 1],
        [0, 2, 0, 0, 1, 0, 0, 0],
        [-2, 0, 0, 0, 0, 1, 0, 0],
    ]
    assert base.width == 8
    torch.testing.assert_close(base(x).detach(), torch.tensor(wanted, dtype=torch.float32))
    torch.testing.assert_close(TableEncoder(MIXED, hidden=0)(x), torch.tensor(wanted, dtype=torch.float32))


def test_counts_are_normalised_as_scanpy_does():
    counts = torch.from_numpy(np.random.default_rng(0).poisson(2.0, (20, 7)).astype(np.float32))
    counts[3] = 0
    total = counts.sum(1, keepdim=True)
    total[total == 0] = 1  # scanpy.pp.normalize_total leaves empty cells
    logs = torch.log1p(counts / (total / 1e4))  # normalize_total(target_sum=1e4), then log1p
    mean, deviation = logs.mean(0), logs.std(0, unbiased=False)
    rows = zip(mean.tolist(), deviation.tolist(), strict=True)
    columns = [Column(f"g{n}", "numeric", mean=m, deviation=d) for n, (m, d) in enumerate(rows)]
    columns[2] = Column("g2", "numeric")  # constant in training: no feature, but part of the total
    base = TableEncoder(Schema(tuple(columns), counts=True), hidden=0)
    kept = [0, 1, 3, 4, 5, 6]
    torch.testing.assert_close(base(counts), ((logs - mean) / deviation)[:, kept], rtol=1e-4, atol=1e-4)
    plain = TableEncoder(Schema(tuple(columns)), hidden=0)
    assert not torch.allclose(plain(counts), base(counts), atol=0.1)


def test_the_block_does_nothing_until_it_is_tuned_and_is_random_from_scratch():
    base = TableEncoder(MIXED, hidden=5)
    x = torch.tensor([[0, 6.0, 1, 1], [1, NAN, NAN, NAN]])
    bare = TableEncoder(MIXED, hidden=0)(x)
    torch.testing.assert_close(base(x).detach(), bare)
    assert base.blocks == ("inner.block",)
    assert TableEncoder(MIXED, hidden=0).blocks == ()
    before = copy.deepcopy(base.state_dict())
    fresh, again, other = base.untrained(3), base.untrained(3), base.untrained(4)
    assert not torch.allclose(fresh(x), bare, atol=1e-3)
    torch.testing.assert_close(fresh(x), again(x), rtol=0, atol=0)
    assert not torch.equal(fresh(x), other(x))
    assert all(torch.equal(before[key], value) for key, value in base.state_dict().items())
    base(x).square().sum().backward()
    grown = [name for name, p in base.named_parameters() if p.grad is not None and p.grad.any()]
    assert "inner.block.down.weight" in grown


def test_it_is_rebuilt_from_json_with_its_own_weights():
    base = TableEncoder(MIXED, hidden=4).untrained(1)
    twin = TableEncoder.rebuilt(json.loads(json.dumps(base.source)))
    twin.load_state_dict(base.state_dict())
    x = torch.tensor([[0, 6.0, 1, 1], [2, NAN, NAN, NAN]])
    torch.testing.assert_close(twin(x), base(x), rtol=0, atol=0)
    assert twin.schema == MIXED
    assert base(base.example).shape == (2, 8)
    assert base.features(x)["inner.block"].shape == (2, 8)


def test_a_row_is_answered_alone_as_in_a_batch():
    base = TableEncoder(MIXED).untrained(0)
    x = torch.tensor([[0, 6.0, 1, 1], [1, NAN, NAN, NAN], [2, 4, 1, 2]])
    alone = torch.cat([base(row[None]) for row in x])
    torch.testing.assert_close(alone, base(x), rtol=1e-5, atol=1e-6)


def test_wrong_settings_are_refused():
    with pytest.raises(BadInput, match="hidden is -1"):
        TableEncoder(MIXED, hidden=-1)
    with pytest.raises(BadInput, match="no column gives a feature"):
        TableEncoder(Schema((Column("flat", "numeric"),)))


def test_with_a_width_what_is_learned_takes_the_place_of_the_columns():
    base = TableEncoder(MIXED, hidden=6, width=3)
    x = torch.tensor([[0, 6.0, 1, 1], [1, NAN, NAN, NAN]])
    columns = TableEncoder(MIXED, hidden=0)(x)
    assert (base.name, base.width, base.learned) == ("table-mlp", 3, False)
    project = base.get_submodule("inner.project")
    torch.testing.assert_close(base(x), project(columns))  # the blocks are the identity at first
    torch.testing.assert_close(TableEncoder(MIXED, hidden=6, width=3)(x), base(x))
    assert not torch.allclose(base.untrained(1)(x), base(x))
    base.get_submodule("inner.block2").down.weight.data.fill_(0.1)
    assert base.learned
    again = TableEncoder.rebuilt(json.loads(json.dumps(base.source)))
    again.load_state_dict(base.state_dict())
    torch.testing.assert_close(again(x), base(x))


@pytest.mark.parametrize(
    ("sizes", "said"), [({"width": -1}, "width is -1"), ({"width": 3, "hidden": 0}, "take hidden >= 1")]
)
def test_sizes_that_no_encoder_has_are_refused(sizes, said):
    with pytest.raises(BadInput, match=said):
        TableEncoder(MIXED, **sizes)


@pytest.mark.parametrize("name", ["table", "table-mlp", "minilm+table"])
def test_one_without_its_table_is_none(name):
    with pytest.raises(BadInput, match=f"made for the columns of a table.*hs.fit.method, '{name[:5]}"):
        backbone(name)
