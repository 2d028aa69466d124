"""How cells are written: missing ones, numbers, truth values, and one name for one number."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .times import days_of, written

MISSING = frozenset(
    [
        *("", "NA", "N/A", "n/a", "NaN", "nan", "-NaN", "-nan", "<NA>", "NULL", "null", "NaT", "None", "?"),
        *("#N/A", "#N/A N/A", "#NA", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),  # as pandas reads them
    ]
)
TRUE, FALSE = "True", "False"  # the names of truth values, however they are written
_TRUTH = {
    **dict.fromkeys(("true", "yes", "t", "y"), TRUE),
    **dict.fromkeys(("false", "no", "f", "n"), FALSE),
}
_WRITTEN_OUT = {"true", "false"}

NUMBER = re.compile(r"[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[iI]nf(inity)?)")
_GAPS = " '\u2019\u00a0\u202f"
_SEPARATED = re.compile(
    rf"[+-]?([1-9][0-9]{{0,2}}([,{_GAPS}][0-9]{{3}})+([.,][0-9]*)?"  # 1,234.5, 1 234,5
    r"|[1-9][0-9]{0,2}(\.[0-9]{3})+,[0-9]+"  # 1.234,5
    r"|[1-9][0-9]?(,[0-9]{2})+,[0-9]{3}(\.[0-9]*)?"  # 1,23,456.7
    r"|[0-9]+,[0-9]+)"  # 1234,5
)
_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]*)?")  # 1,234.5
_SIGN = "[$\u20ac\u00a3\u00a5\u20b9]"  # dollar, euro, pound, yen, rupee
_AMOUNT = re.compile(
    rf"(?P<before>{_SIGN}|[A-Z]{{3}} )?[+-]?[0-9][0-9.,'\u2019]*"
    rf"(?P<after> ?(%|\u2030|{_SIGN}|\u00b0?[A-Za-z\u00b5\u03bc/\u00b2\u00b3]{{1,5}}))?"
)
_PLAIN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-][0-9]+)?")  # as programs write numbers
_WHOLE = re.compile(r"[0-9]+(\.0*)?")
_NAME = re.compile(r"\w[\w./ -]{0,19}")
_UNIT_LETTERS = frozenset("bcdfghklmstw")  # of units and magnitudes of one letter
CODED = 50  # one cell in so many is a code, at least; fewer may be slips
_EXACT = 2**53  # whole numbers up to it are floats exactly


def is_separated(text: str) -> bool:
    """Whether a text is a number with thousands separators or a decimal comma: "1,234", "1,5"."""
    return _SEPARATED.fullmatch(text) is not None


def ungrouped(texts: Sequence[str]) -> list[str]:
    """Numbers without their commas of thousands, if all are numbers and some have such: else none.

    >>> ungrouped(["1,234.5", "7"]), ungrouped(["1,5", "1,234.5"]), ungrouped(["1.5", "7"])
    (['1234.5', '7'], [], [])
    """
    grouped = [_GROUPED.fullmatch(text) is not None for text in texts]
    fine = any(grouped) and all(
        one or NUMBER.fullmatch(text) for one, text in zip(grouped, texts, strict=True)
    )
    return [text.replace(",", "") for text in texts] if fine else []


def without_separators(text: str) -> str:
    """The number that such a text probably means.

    >>> [without_separators(text) for text in ("1,234.5", "1,5", "1.234,5", "1,23,456", "1 234,5")]
    ['1234.5', '1.5', '1234.5', '123456', '1234.5']
    """
    text = re.sub(f"[{_GAPS}]", "", text)
    if "." in text and "," in text:
        decimal, other = (",", ".") if text.rfind(",") > text.rfind(".") else (".", ",")
        return text.replace(other, "").replace(decimal, ".")
    thousands = re.fullmatch(r"[+-]?[0-9]{1,3}(,[0-9]{2,3})*,[0-9]{3}", text)
    return text.replace(",", "" if thousands else ".")


def units(texts: Sequence[str]) -> list[tuple[str, str]]:
    """What stands before and after the numbers, if each text is one with a unit: "12 %", "$5", "3 kg"."""
    found = [match for match in map(_AMOUNT.fullmatch, texts) if match]
    signs = sorted({(match["before"] or "", (match["after"] or "").strip()) for match in found})
    return signs if len(found) == len(texts) and ("", "") not in signs else []


def are_codes(often: Mapping[str, int]) -> bool:
    """Whether a column is one of codes, such as numbers of flats, most of which are whole numbers.

    Two different cells and one in 50, at least, hold digits with letters or with `-`, `.` or `/`; all that
    hold no whole number are short names. Codes that may be amounts with a unit are none.

    Args:
        often: how often each text is there, none of them missing.

    >>> [are_codes({"12": 9} | more) for more in ({"136A": 1, "7B": 1}, {"3o": 1}, {"3 kg": 1, "4 kg": 1})]
    [True, False, False]
    """
    others = [text for text in often if not _WHOLE.fullmatch(text)]
    codes = [text for text in others if re.search("[0-9]", text)]
    if len(codes) < 2 or CODED * sum(often[text] for text in codes) < sum(often.values()):
        return False
    if not all(map(_may_be_name, others)):
        return False
    signs = units(codes)
    return not signs or any(not before and _is_mark(after) for before, after in signs)


def _may_be_name(text: str) -> bool:
    """Whether a text is short, and neither a number in any spelling nor a date."""
    numeric = NUMBER.fullmatch(text) or is_separated(text)
    return bool(_NAME.fullmatch(text)) and not numeric and days_of(text) is None


def _is_mark(letters: str) -> bool:
    """Whether what stands after a number is a single letter of no unit, as in 136A."""
    return len(letters) == 1 and letters.isalpha() and letters.casefold() not in _UNIT_LETTERS


def name_of(text: str) -> str:
    """The name of a category: one for each number, however it is written; other texts as they are.

    An exponent without a sign is not taken for a number, as in codes like "1e5". An ISO date has one
    name, too.

    >>> name_of("1"), name_of("1.0"), name_of("01"), name_of("2.50"), name_of("1e5"), name_of("a")
    ('1', '1', '1', '2.5', '1e5', 'a')
    """
    if not _PLAIN.fullmatch(text):
        days = days_of(text) if text[4:5] in ("-", "/") else None
        return text if days is None else written(days)
    if text.lstrip("+-").isdigit():
        return str(int(text))
    value = float(text)
    return str(int(value)) if value.is_integer() and abs(value) <= _EXACT else repr(value)


def truth_of(text: str) -> str | None:
    """The name of a truth value, also of 1 and 0; None if it is none."""
    return {"1": TRUE, "0": FALSE}.get(name_of(text)) or _TRUTH.get(text.casefold())


def are_truths(texts: Any) -> bool:
    """Whether all texts are truth values in words: true or false, or both of yes and no."""
    words = {text.casefold() for text in texts}
    if not words or not words <= _TRUTH.keys():
        return False
    return words <= _WRITTEN_OUT or len({_TRUTH[word] for word in words}) == 2
