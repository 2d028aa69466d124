"""A method that does not know tables of this size is left out of `adapt`, and the others go on."""

from types import SimpleNamespace

import pytest
import torch

import headstart as hs
from headstart.core import BadData, Task, make
from headstart.session.table_backbone import table_backbone
from headstart.studies.adapt.usual_methods import within_bounds

METHODS = [make("in-context"), make("nearest-centroid")]


def session_of(classes=2, columns=2, rows=30):
    """A session of a table, as far as it is asked for."""
    x = torch.randn(30, columns, generator=torch.Generator().manual_seed(0))
    data = hs.data.load({f"c{k}": x[:, k].tolist() for k in range(columns)} | {"label": ["a", "b"] * 15})
    backbone = table_backbone(data, "table", None)
    return SimpleNamespace(
        data=data, backbone=backbone, task=lambda _rows, _seed: Task(classes, (columns,), rows)
    )


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ({"classes": 11}, "up to 10 classes, and this one has 11"),
        ({"columns": 101}, "up to 100 columns, and this one has 101"),
        ({"rows": 10_001}, "up to 10,000 rows, and this one has 10,001"),
    ],
)
def test_what_it_does_not_know_is_left_out_and_the_others_go_on(sizes, said):
    left, notes = within_bounds(METHODS, session_of(**sizes))
    assert left == METHODS[1:]
    assert notes == [f"One method is left out: in-context knows tables of {said}."]
    with pytest.raises(BadData, match=said):
        within_bounds(METHODS[:1], session_of(**sizes))


def test_what_all_know_leaves_none_out():
    assert within_bounds(METHODS, session_of(classes=10, rows=10_000)) == (METHODS, [])
