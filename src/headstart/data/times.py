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
_OTHER_DATE = re.compile(
    r"(?:(?P<year>[0-9]{4})[-/.](?P<month>[0-9]{1,2})(?:[-/.](?P<day>[0-9]{1,2}))?"
    r"|(?P<day2>[0-9]{1,2})\.(?P<month2>[0-9]{1,2})\.(?P<year2>[0-9]{4})"
    r"|(?P<day3>[0-9]{1,2})(?:st|nd|rd|th)?[ -](?P<name3>[A-Za-z]{3,9})\.?,?[ -](?P<year3>[0-9]{4})"
    r"|(?P<name4>[A-Za-z]{3,9})\.? (?:(?P<day4>[0-9]{1,2})(?:st|nd|rd|th)?,? )?(?P<year4>[0-9]{4}))"
    r"(?:[T ](?P<hour>[0-9]{1,2})(?P<minute>:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)"
    r"(?: ?(?P<noon>[AaPp])\.?[Mm]\.?)?(?P<zone>.*))?"
)  # whose order is known: the year first, points, or the month in letters
_YEARS = range(1000, 2200)  # of a year and a month alone
_ISO_DURATION = re.compile(
    r"P(?=[0-9T])(?:(?P<days>[0-9]+)D)?(?:T(?=[0-9])(?:(?P<hours>[0-9]+)H)?(?:(?P<minutes>[0-9]+)M)?"
    r"(?:(?P<seconds>[0-9]+(?:\.[0-9]+)?)S)?)?"
)
_DURATION = re.compile(
    r"(?P<sign>-)?(?:(?P<days>[0-9]+) days?,? ?)?"
    r"(?:\+?(?P<hours>[0-9]{1,2}):(?P<minutes>[0-9]{2})(?::(?P<seconds>[0-9]{2}(\.[0-9]*)?))?)?"
)
_CLOCK = re.compile(r"(?P<hours>0?[1-9]|1[0-2]):(?P<minutes>[0-5][0-9]) ?(?P<noon>[AaPp])\.?[Mm]\.?")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SHORT = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTHS = tuple(str(month) for month in range(1, 13))
HOURS = tuple(str(hour) for hour in range(24))
PARTS = ("month", "weekday", "hour")
LIKE_A_DATE = re.compile(r"[0-9]{1,2}([./-])[0-9]{1,2}\1([0-9]{4}|[0-9]{2})( .*)?")


def days_of(text: str) -> float | None:
    """Days since 1970 of a date, with or without a time and a zone; None if it is none.

    It is an ISO date, or another whose order is known: 31.1.2026, "31 Jan 2026", "January 31, 2026", 2026-01.
    Times with a zone become UTC, those without one are taken as they are.

    >>> days_of("1970-01-02"), days_of("1970-01-01 12:00"), days_of("1970-01-01T12:00:00+06:00")
    (1.0, 0.5, 0.25)
    """
    match = _DATE.fullmatch(text) or _DATE.fullmatch(_iso(text))
    if match is None:
        return None
    year, month, day, time = match.group(1, 2, 3, 4)
    try:
        moment = np.datetime64(f"{year}-{month}-{day}{(time or '').replace(' ', 'T')}", "us")
    except ValueError:
        return None
    return float(moment.astype(np.int64) - _offset(match.group(5))) / DAY


def _iso(text: str) -> str:
    """A date whose order is known as an ISO date; "" if it is none.

    >>> _iso("31.1.2026"), _iso("Jan 31, 2026 9:05 PM"), _iso("2026-01"), _iso("31/1/2026")
    ('2026-01-31', '2026-01-31 21:05', '2026-01-01', '')
    """
    match = _OTHER_DATE.fullmatch(text)
    if match is None:
        return ""
    said = match.groupdict()
    year, day = _first(said, "year"), _first(said, "day")
    name, month = _first(said, "name").casefold()[:3], _first(said, "month")
    if name:
        month = str(_SHORT.index(name) + 1) if name in _SHORT else ""
    if not month or (not day and int(year) not in _YEARS):
        return ""
    date = f"{year}-{int(month):02}-{int(day or 1):02}"
    if said["hour"] is None:
        return date
    hour = int(said["hour"])
    if said["noon"] is not None:
        hour = hour % 12 + 12 * (said["noon"] in "Pp")
    return f"{date} {hour:02}{said['minute']}{said['zone']}"


def _first(said: dict[str, str | None], name: str) -> str:
    """What one of the ways to write a date says: of its year, month or day."""
    return next((value for key, value in said.items() if key.rstrip("234") == name and value), "")


def duration_of(text: str) -> float | None:
    """Days of a duration, "2 days 06:00:00", "06:00" or "P2DT6H"; None if it is none.

    >>> duration_of("2 days 06:00:00"), duration_of("12:00"), duration_of("-1 days +18:00:00")
    (2.25, 0.5, -0.25)
    >>> duration_of("12:00 AM"), duration_of("6:00 pm")
    (0.0, 0.75)
    """
    if (match := _ISO_DURATION.fullmatch(text)) is not None:
        days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
        return days + (hours * 3600 + minutes * 60 + seconds) / 86400
    if (match := _CLOCK.fullmatch(text)) is not None:  # of twelve hours
        later = 12 if match["noon"] in "Pp" else 0
        return (int(match["hours"]) % 12 + later + float(match["minutes"]) / 60) / 24
    match = _DURATION.fullmatch(text)
    if match is None or (match["days"] is None and match["hours"] is None):
        return None
    hours, minutes, seconds = (float(match[part] or 0) for part in ("hours", "minutes", "seconds"))
    time = (hours * 3600 + minutes * 60 + seconds) / 86400
    if match["days"] is None:
        return -time if match["sign"] else time
    return (-float(match["days"]) if match["sign"] else float(match["days"])) + time


def are_run_together(values: Floats) -> bool:
    """Whether numbers (n,), NaN aside, are all dates written as one number, such as 20260131."""
    there = values[~np.isnan(values)]
    if len(there) == 0 or (there != np.rint(there)).any():
        return False
    years, months, days = there // 10000, there // 100 % 100, there % 100
    fine = (years >= 1900) & (years < 2100) & (months >= 1) & (months <= 12) & (days >= 1) & (days <= 31)
    return bool(fine.all())


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
