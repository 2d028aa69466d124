"""The backbone `tablenet`: made for a table, rebuilt, reset, and what it refuses."""

import json

import numpy as np
import pytest
import torch

import headstart as hs
from headstart.core import BadData, BadInput
from headstart.data.schemas import encoded
from headstart.models.backbone import rebuild
from headstart.models.tables import CONTEXT
from headstart.session.table_backbone import by_training_part, table_backbone


def table(rows=40, columns=3):
    """Numbers, one with a gap, and a name."""
    draw = np.random.default_rng(0)
    found = {f"c{k}": draw.normal(size=rows) for k in range(columns)}
    found["c0"][3] = np.nan
    return {**found, "colour": draw.choice(["red", "blue"], rows), "label": ["yes", "no"] * (rows // 2)}


@pytest.fixture(scope="module")
def data():
    return hs.data.load(table())


@pytest.fixture(scope="module")
def base(data):
    return table_backbone(data, "tablenet", None)


@pytest.fixture(scope="module")
def rows(data, base):
    return torch.from_numpy(encoded(data.table, base.schema).values)


def test_it_has_features_of_each_row_by_itself(base, rows):
    with torch.no_grad():
        all_of_them, one = base(rows), base(rows[5:6])
    assert (base.name, base.width, base.learned, base.codes) == ("tablenet", 96, True, ())
    assert all_of_them.shape == (40, 96)
    torch.testing.assert_close(one, all_of_them[5:6], rtol=0, atol=1e-4)
    assert all_of_them.isfinite().all()
    assert all_of_them.std(0).mean() > 0.01


def test_it_is_rebuilt_from_its_source_and_tensors(base, rows):
    again = rebuild(json.loads(json.dumps(base.source)))
    again.load_state_dict(base.state_dict())
    with torch.no_grad():
        assert torch.equal(again(rows), base(rows))


def test_it_reads_rows_beside_those_of_the_training_part_alone(data, base):
    part = hs.data.load({name: column[:20] for name, column in table().items()})
    read = by_training_part(base, part).inner.get_submodule("read")
    assert len(read.rows) == 20
    large = table_backbone(hs.data.load(table(600)), "tablenet", None).inner.get_submodule("read")
    assert len(large.rows) == CONTEXT


def test_random_weights_are_others_and_a_function_of_the_seed(base, rows):
    with torch.no_grad():
        one, same, other = (base.untrained(seed)(rows) for seed in (0, 0, 1))
        assert torch.equal(one, same)
        assert not torch.allclose(one, other, atol=1e-2)
        assert not torch.allclose(one, base(rows), atol=1e-2)


def test_columns_as_they_are(base, rows):
    columns = base.coded_columns()
    assert columns.codes == (3,)
    assert columns.coded_columns().source == columns.source
    torch.testing.assert_close(columns(rows), rows, equal_nan=True)


def test_what_it_does_not_know_is_refused(data):
    with pytest.raises(BadInput, match="up to 100 columns, and this one has 102; take 'table'"):
        table_backbone(hs.data.load(table(columns=101)), "tablenet", None)
    with pytest.raises(BadInput, match="made for the columns of a table"):
        hs.models.backbone("tablenet")
    with pytest.raises(BadData, match="takes tables"):
        hs.fit(hs.methods.RidgeProbe(), "tablenet", (np.zeros((4, 2, 2), np.float32), [0, 1, 0, 1]))
