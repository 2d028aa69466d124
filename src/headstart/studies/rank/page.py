"""A ranking of backbones as a table, and as one self-contained page."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from headstart.report.format import metric_format
from headstart.report.html import asset

NONE = "-"


def headings(ranking: Mapping[str, Any]) -> list[str]:
    """Of the columns; `ranking` is the record as JSON values."""
    metric = metric_format(ranking.get("metric", "accuracy")).title
    tuned = [f"{metric} of {ranking['tuned']}"] if ranking["tuned"] else []
    return ["backbone", "weights", *ranking["scores"], *tuned, "features", "seconds"]


def rows(ranking: Mapping[str, Any]) -> Iterator[list[str]]:
    """A row for each backbone, the best first; with accuracies, a last one has the agreement with them."""
    scores = ranking["scores"]
    for one in ranking["table"]:
        cells = [_number(one["scores"][score]) for score in scores]
        tuned = [_interval(one["accuracy"])] if ranking["tuned"] else []
        yield [one["backbone"], one["weights"], *cells, *tuned, str(one["width"]), f"{one['seconds']:.1f}"]
    if ranking["tuned"]:
        cells = [_number(ranking["agreement"][score]) for score in scores]
        yield ["weighted Kendall tau with the accuracy", "", *cells, "", "", ""]


def page(ranking: Mapping[str, Any]) -> str:
    """The table as HTML without any outside part; every word is escaped."""
    task = escape(ranking["task"])
    about = f"{ranking['rows']} rows of {ranking['classes']} classes, one pass of features for each backbone."
    if ranking["tuned"]:
        about += f" Accuracies are of {ranking['held_out']} rows that were held out, with 95 % intervals."
    notes = "".join(f'<p class="hint">{escape(note)}</p>\n' for note in ranking["notes"])
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{task} · headstart ranking</title>
<style>{asset("style.css")}</style>
</head>
<body>
<main class="alone">
<h1>Which backbone for {task}?</h1>
<p>{escape(about)} Higher is better; the table is in the order of {escape(ranking["scores"][0])}.</p>
<div class="scroll" tabindex="0" role="region" aria-label="The ranking"><table class="figures">
<thead>{_row("th", "col", headings(ranking))}</thead>
<tbody>
{"".join(_row("td", "row", row) for row in rows(ranking))}</tbody>
</table></div>
{notes}</main>
</body>
</html>
"""


def _row(kind: str, scope: str, cells: list[str]) -> str:
    """A row of the table; its first cell is a heading."""
    shown = "".join(f"<{kind}>{escape(cell)}</{kind}>" for cell in cells[1:])
    return f'<tr><th scope="{scope}">{escape(cells[0])}</th>{shown}</tr>\n'


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:.3f}"


def _interval(value: Mapping[str, float] | None) -> str:
    return NONE if value is None else f"{value['value']:.3f} ({value['low']:.2f} to {value['high']:.2f})"
