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
from headstart.data.times import days_of, duration_of

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


@pytest.mark.parametrize(
    "form",
    [
        "%d.%m.%Y",
        "%d %b %Y",
        "%d-%B-%Y",
        "%b %d, %Y",
        "%B %d %Y",
        "%Y.%m.%d",
        "%Y/%m/%d",
        "%Y-%m-%dT%H:%M:%S.%fZ",
    ],
)
def test_dates_in_other_words_whose_order_is_known(form):
    moments = [datetime.date(2020, 1, 29) + datetime.timedelta(days=7 * row) for row in range(20)]
    schema = schema_of(from_columns({"when": [str(moment) for moment in moments]}, "t"))
    said = from_columns({"when": [moment.strftime(form) for moment in moments]}, "t")
    assert said.kinds == ("date",)
    assert schema_of(said) == schema
    assert said.row(1) == {"when": "2020-02-05"}


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("1.2.1970", 31.0),
        ("1970-1-2", 1.0),
        ("2nd January, 1970 6:00 pm", 1.75),
        ("1970-01-01 12:00 AM", 0.0),
        ("1970-01-01 12:30 p.m.", 0.5 + 0.5 / 24),
        ("1970-01-01 9:00+03:00", 0.25),
        ("Feb 1970", 31.0),
        ("1970-02", 31.0),
    ],
)
def test_dates_by_hand(text, days):
    assert days_of(text) == pytest.approx(days)


@pytest.mark.parametrize(
    "text", ["1/2/1970", "31.1.70", "31.13.1970", "4711-02", "12 Foo 1970", "1970-01-01 25:00", "1970"]
)
def test_what_is_no_date(text):
    assert days_of(text) is None


@pytest.mark.parametrize(
    ("text", "days"), [("P2DT6H", 2.25), ("PT36M", 0.025), ("P3DT13H0M0.5S", 3.541672454)]
)
def test_durations_of_iso(text, days):
    assert duration_of(text) == pytest.approx(days)
    assert duration_of("P") is duration_of("PT") is duration_of("P12") is None


def test_dates_written_as_one_number_are_found():
    moments = [datetime.date(2020, 1, 1) + datetime.timedelta(days=11 * row) for row in range(40)]
    rows = {"day": [int(f"{moment:%Y%m%d}") for moment in moments], "price": [20200101.5] * 20 + [3] * 20}
    data = hs.data.load({**rows, "label": ["a", "b"] * 20})
    (found,) = [one for one in hs.data.check(data).findings if one.kind == "looks-like-dates"]
    assert "'day' looks like dates, but its cells count as numbers" in found.text
    assert "such as 20200101" in found.text


def test_a_table_of_dates_of_unknown_order_says_so():
    moments = [datetime.date(2020, 1, 1) + datetime.timedelta(days=row) for row in range(40)]
    rows = {"day": [f"{moment:%m/%d/%Y}" for moment in moments], "label": ["a", "b"] * 20}
    with pytest.raises(BadData, match="Write the dates of 'day' as 2026-01-31"):
        hs.data.load(rows)


def test_times_of_twelve_hours_are_those_of_a_day():
    """They were names, of which the next day's are none."""
    clock = ["12:00 AM", "6:00 am", "12:30 p.m.", "11:45PM"]
    assert [duration_of(text) for text in clock] == pytest.approx([0, 0.25, 12.5 / 24, 23.75 / 24])
    assert duration_of("13:00 PM") is duration_of("0:30 PM") is duration_of("1:60 PM") is None
    assert from_columns({"at": clock}, "t").kinds == ("duration",)
