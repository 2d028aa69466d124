"""How cells are written: missing ones, numbers, truth values, and one name for one number."""

import re
from collections.abc import Sequence
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
_SIGN = "[$\u20ac\u00a3\u00a5\u20b9]"  # dollar, euro, pound, yen, rupee
_AMOUNT = re.compile(
    rf"(?P<before>{_SIGN}|[A-Z]{{3}} )?[+-]?[0-9][0-9.,'\u2019]*"
    rf"(?P<after> ?(%|\u2030|{_SIGN}|\u00b0?[A-Za-z\u00b5\u03bc/\u00b2\u00b3]{{1,5}}))?"
)
_PLAIN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-][0-9]+)?")  # as programs write numbers
_EXACT = 2**53  # whole numbers up to it are floats exactly


def is_separated(text: str) -> bool:
    """Whether a text is a number with thousands separators or a decimal comma: "1,234", "1,5"."""
    return _SEPARATED.fullmatch(text) is not None


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
