"""A note where rows of one name are partly recognised, not predicted."""

import numpy as np
import pytest

import headstart as hs
from headstart.data.check import check
from headstart.data.repeated_names import intraclass_correlation

NAMES = 30


def houses(within: float, many: int = NAMES, each: int = 4, **given: object) -> hs.data.Dataset:
    """A table whose label is that of the street, and `within` as much of the row."""
    random = np.random.default_rng(0)
    street = np.repeat(np.arange(many), each)
    price = random.normal(size=many)[street] + within * random.normal(size=many * each)
    columns = {"street": [f"street {one}" for one in street], "rooms": random.normal(size=len(street))}
    return hs.data.load({**columns, "price": price}, label_column="price", **given)


def kinds(data: hs.data.Dataset) -> list[str]:
    return [one.kind for one in check(data).findings]


def test_rows_whose_names_tell_the_label_belong_together():
    (found,) = (one for one in check(houses(0.3)).findings if one.kind == "repeated-names")
    assert found.severity == "note"
    assert "'street' has 30 names with 4 rows each" in found.text
    assert "group_column='street'" in found.text


@pytest.mark.parametrize(
    "data",
    [houses(5.0), houses(0.3, many=10), houses(0.3, each=2), houses(0.3, group_column="street")],
    ids=["labels differ within names", "few names", "few rows of each", "groups are given"],
)
def test_nothing_is_said_where_a_split_does_not_flatter(data: hs.data.Dataset):
    assert "repeated-names" not in kinds(data)


def test_intraclass_correlation_by_hand():
    """Means 1, 5 of 2 rows each: between 16 / 1, within (1 + 1 + 1 + 1) / 2, so (16 - 2) / (16 + 2)."""
    labels = np.array([[0.0], [2.0], [4.0], [6.0]])
    assert intraclass_correlation(labels, np.array([0, 0, 1, 1])) == pytest.approx(14 / 18)
    assert intraclass_correlation(labels, np.array([0, 1, 0, 1])) == pytest.approx((4 - 8) / (4 + 8))
