"""Verdicts as they stand on a page: the tone of each coloured figure, by the row that it is in."""

import html
import re
from pathlib import Path

from headstart.records.record import Interval, Record
from headstart.studies import build_page

ROW = re.compile(r'<th scope="row">.*?</tr>', re.DOTALL)
NAME = re.compile(r'<span class="name">(.*?)</span>')
VERDICT = re.compile(r'<span class="verdict (\w+)"')


def between(low: float, high: float) -> Interval:
    """The interval with these ends and its value in the middle."""
    return Interval((low + high) / 2, low, high)


def page_of(record: Record, name: str, folder: Path) -> str:
    """The page that is made of the record of a study."""
    (folder / f"{name}.json").write_text(record.to_json(), "utf-8")
    return build_page(folder).read_text("utf-8")


def tones(page: str) -> dict[str, list[str]]:
    """The tones in each row of its table: "good", "bad" or "even" where something was compared."""
    rows = {NAME.search(row): VERDICT.findall(row) for row in ROW.findall(page)}
    return {html.unescape(name[1]): found for name, found in rows.items() if name}
