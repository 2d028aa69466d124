"""Dates and durations as days and parts of the calendar, from any source."""

import datetime
import math

import numpy as np
import pytest

import headstart as hs
from headstart.core import BadData, Schema
from headstart.data.schemas import encoded, schema_of
from headstart.data.table_rows import rows_of
from headstart.data.tables import from_columns, from_rows

NAN = math.nan


def dates(count, start="2020-01-01 06:00"):
    return np.datetime64(start, "s") + np.arange(count) * np.timedelta64(13, "h")


def test_dates_become_days_and_parts_that_vary():
    schema = schema_of(from_columns({"when": [*dates(40).astype(str), ""]}, "t"))
    assert [column.part for column in schema.columns] == ["days", "weekday", "hour"]  # one month
    assert schema.columns[0].missing
    assert schema == Schema.from_settings(schema.settings())
    new = ["2020-01-01 06:00", "2020-01-02T18:30:00", "2021-05-05", ""]
    found = encoded(rows_of({"when": new}, schema), schema)
    assert found.values[:3, 0].tolist() == [0.0, np.float32(1 + 12.5 / 24), np.float32(489.75)]
    weekdays = schema.columns[1].categories
    assert [weekdays[int(code)] for code in found.values[:3, 1]] == ["Wednesday", "Thursday", "Wednesday"]
    assert found.unseen == {}  # another month is no error
    assert np.isnan(found.values[3]).all()


def test_dates_are_the_same_however_they_come():
    pandas = pytest.importorskip("pandas")
    moments = pandas.Series(pandas.date_range("2020-03-27 22:15", periods=30, freq="17h"))
    zoned = moments.dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin")
    forms = {
        "datetime64": moments,
        "texts": moments.astype(str),
        "iso": moments.map(lambda one: one.isoformat() + "Z"),
        "zoned": zoned,
        "zoned texts": zoned.astype(str),
        "python": moments.map(lambda one: one.to_pydatetime()).astype(object),
        "slashes": moments.dt.strftime("%Y/%m/%d %H:%M"),
    }
    schema = schema_of(from_rows(pandas.DataFrame({"when": moments}), "t"))
    expected = encoded(from_rows(pandas.DataFrame({"when": moments}), "t"), schema).values
    for name, column in forms.items():
        table = from_rows(pandas.DataFrame({"when": column}), "t")
        assert table.kinds == ("date",), name
        assert schema_of(table) == schema, name
        np.testing.assert_array_equal(encoded(table, schema).values, expected)
    assert from_columns({"day": [datetime.date(2020, 1, 31)] * 3}, "t").row(0) == {"day": "2020-01-31"}


def test_durations_are_days():
    pandas = pytest.importorskip("pandas")
    waits = pandas.Series(pandas.to_timedelta([1.5, -0.25, 3.0, None], unit="D"))
    table = from_rows(pandas.DataFrame({"wait": waits, "text": waits.astype(str)}), "t")
    assert table.kinds == ("duration", "duration")
    np.testing.assert_array_equal(table.values[:, 0], [1.5, -0.25, 3.0, NAN])
    np.testing.assert_array_equal(table.values[:, 0], table.values[:, 1])


def test_what_is_no_date_is_named():
    with pytest.raises(
        BadData, match=r"row 1, column 'when' is '2020-02-30', which is not an ISO date.*categor"
    ):
        from_columns({"when": ["2020-01-01", "2020-02-30", "2020-03-01"]}, "t")
    schema = schema_of(from_columns({"when": ["2020-01-01", "2020-02-03"]}, "t"))
    for wrong in (["soon"], [17.0]):
        with pytest.raises(BadData, match=r"row 0, column 'when' is .*, which is not an ISO date"):
            rows_of({"when": wrong}, schema)


def test_dates_of_unknown_order_are_found():
    data = hs.data.load(
        {"when": [f"{n % 28 + 1}/03/2020" for n in range(40)], "x": [n % 3 for n in range(40)]},
        labels=["a", "b"] * 20,
    )
    finding = {one.kind: one for one in hs.data.check(data).findings}["looks-like-dates"]
    assert "'when' looks like dates" in finding.text
