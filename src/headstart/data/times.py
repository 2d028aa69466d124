"""Dates, times and durations in cells: as days, and the parts of the calendar."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DAY = 86_400_000_000  # microseconds
_HOUR = DAY // 24
_DATE = re.compile(
    r"([0-9]{4})[-/]([0-9]{2})[-/]([0-9]{2})"
    r"(?:([T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)(?:(?<=\.[0-9]{6})[0-9]{1,3})?"
    r"(?: ?(Z|UTC|[+-][0-9]{2}(?::?[0-9]{2}(?::[0-9]{2})?)?))?)?"
)
_DURATION = re.compile(
    r"(?P<sign>-)?(?:(?P<days>[0-9]+) days?,? ?)?"
    r"(?:\+?(?P<hours>[0-9]{1,2}):(?P<minutes>[0-9]{2})(?::(?P<seconds>[0-9]{2}(\.[0-9]*)?))?)?"
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = tuple(str(month) for month in range(1, 13))
HOURS = tuple(str(hour) for hour in range(24))
PARTS = ("month", "weekday", "hour")
LIKE_A_DATE = re.compile(r"[0-9]{1,2}([./-])[0-9]{1,2}\1([0-9]{4}|[0-9]{2})( .*)?")


def days_of(text: str) -> float | None:
    """Days since 1970 of an ISO date, with or without a time and a zone; None if it is none.

    Times with a zone become UTC, those without one are taken as they are.

    >>> days_of("1970-01-02"), days_of("1970-01-01 12:00"), days_of("1970-01-01T12:00:00+06:00")
    (1.0, 0.5, 0.25)
    """
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day, time = match.group(1, 2, 3, 4)
    try:
        moment = np.datetime64(f"{year}-{month}-{day}{(time or '').replace(' ', 'T')}", "us")
    except ValueError:
        return None
    return float(moment.astype(np.int64) - _offset(match.group(5))) / DAY


def duration_of(text: str) -> float | None:
    """Days of a duration, "2 days 06:00:00" or "06:00"; None if it is none.

    >>> duration_of("2 days 06:00:00"), duration_of("12:00"), duration_of("-1 days +18:00:00")
    (2.25, 0.5, -0.25)
    """
    match = _DURATION.fullmatch(text)
    if match is None or (match["days"] is None and match["hours"] is None):
        return None
    hours, minutes, seconds = (float(match[part] or 0) for part in ("hours", "minutes", "seconds"))
    time = (hours * 3600 + minutes * 60 + seconds) / 86400
    if match["days"] is None:
        return -time if match["sign"] else time
    return (-float(match["days"]) if match["sign"] else float(match["days"])) + time


def days_in(values: NDArray[np.generic]) -> Floats:
    """Days of datetime64, since 1970, or of timedelta64 (n,); NaN where there is none."""
    target = "datetime64[us]" if values.dtype.kind == "M" else "timedelta64[us]"
    found: Floats = values.astype(target).astype(np.int64) / DAY
    return np.where(np.isnat(values), np.nan, found)


def written(days: float) -> str:
    """The ISO date, with the time unless it is midnight.

    >>> written(0.5)
    '1970-01-01 12:00:00'
    """
    moment = np.datetime64(round(days * DAY), "us")
    text = str(moment.astype("datetime64[s]")).replace("T", " ")
    return text.removesuffix(" 00:00:00")


def calendar_part(days: Floats, part: str) -> tuple[Floats, Sequence[str]]:
    """A part of the calendar for days since 1970 (n,): positions in the names of all its values; NaN stays.

    Args:
        days: (n,).
        part: "month", "weekday" or "hour".
    """
    gone = np.isnan(days)
    moments = np.rint(np.where(gone, 0, days) * DAY).astype(np.int64)
    if part == "month":
        codes, names = moments.view("datetime64[us]").astype("datetime64[M]").astype(np.int64) % 12, MONTHS
    elif part == "weekday":
        codes, names = (moments // DAY + 3) % 7, WEEKDAYS
    else:
        codes, names = moments % DAY // _HOUR, HOURS
    return np.where(gone, np.nan, codes.astype(np.float64)), names


def _offset(zone: str | None) -> int:
    """Microseconds of "+01:00" ahead of UTC."""
    if not zone or zone in ("Z", "UTC"):
        return 0
    digits = zone[1:].replace(":", "").ljust(6, "0")
    seconds = int(digits[:2]) * 3600 + int(digits[2:4]) * 60 + int(digits[4:6])
    return (-seconds if zone[0] == "-" else seconds) * 1_000_000
