"""How commands print: tables for people, CSV and JSON for machines, all on standard output."""

import json
import re
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from . import waiting

if TYPE_CHECKING:
    from headstart.runtime.predicts import Predicts

Form = Literal["table", "csv", "json"]
COMMAND = re.compile(r"(?<=: )((?:headstart|pip|npm|python) \S.*)$")  # at the end of a sentence


WORD = 10  # letters of a word that no column cuts


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], title: str = "", whole: int = 0) -> None:
    """A table as wide as the terminal; plain when the output is not a terminal.

    The first columns, as many as are `whole`, are never folded.
    """
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    waiting.end()
    console, rows = Console(highlight=False), list(rows)
    close: Any = {"box": box.SIMPLE_HEAD, "collapse_padding": True, "pad_edge": False}
    look = close if console.is_terminal else {"box": box.ASCII2}
    content = Table(title=title or None, title_justify="left", header_style="bold", **look)
    if not console.is_terminal:  # a file or another program takes whole lines
        console.width = 200
    cells = [[row[number] for row in rows] for number in range(len(headings))]
    widths = [_longest([heading, *column]) for heading, column in zip(headings, cells, strict=True)]
    if sum(widths) + 2 * len(widths) > console.width:  # what finds no room is cut: fold headings
        widths = [_longest(column) for column in cells]
    for number, (heading, least) in enumerate(zip(headings, widths, strict=True)):
        content.add_column(heading, overflow="fold", no_wrap=number < whole, min_width=least)
    for row in rows:
        content.add_row(*map(escape, row))
    console.print(content)


def _longest(texts: Sequence[str]) -> int:
    """Letters of the longest word that no column cuts."""
    return max((len(word) for word in " ".join(texts).split() if len(word) <= WORD), default=1)


def line(text: str = "", stderr: bool = False) -> None:
    """A line for people, on standard error if it stands beside an output for machines."""
    from rich.console import Console

    waiting.end()
    Console(stderr=stderr, highlight=False, soft_wrap=True).print(text, markup=False)


def prose(text: str, stderr: bool = False, start: str = "") -> None:
    """Sentences for people, wrapped between words where a terminal is narrow; in red a word to `start` with.

    A command at the end stands on a line of its own, so that it can be pasted.
    """
    from rich.console import Console
    from rich.text import Text

    waiting.end()
    console = Console(stderr=stderr, highlight=False, soft_wrap=True)
    said = (
        "\n".join(wrap(f"{start} {text}".lstrip(), console.width))
        if console.is_terminal
        else f"{start} {text}"
    )
    shown = Text(said.lstrip())
    shown.stylize("bold red", 0, len(start))
    console.print(shown)


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` letters, but for words and commands that are longer.

    >>> wrap("It is absent. Install it with: pip install a-package another", 24)
    ['It is absent. Install it', 'with:', 'pip install a-package another']
    """
    found = COMMAND.search(text)
    start, last = (text[: found.start()], [found[1]]) if found and len(text) > width else (text, [])
    return [*textwrap.wrap(start, width, break_long_words=False, break_on_hyphens=False), *last]


def as_json(value: Any) -> None:
    """Indented JSON."""
    import typer

    waiting.end()
    typer.echo(json.dumps(value, indent=1, ensure_ascii=False))


def predictions(
    rows: Sequence[tuple[str, Any]], predictor: "Predicts", form: Form, item: str = "file"
) -> None:
    """Print predictions by the name of their file or row; every class, tag or number is a column of CSV.

    Args:
        rows: predictions by name.
        predictor: that made them.
        form: of what is printed.
        item: the heading of the names in a table; a column of CSV is called "file".
    """
    from headstart.runtime.prediction_files import PredictedRows

    kind, names = predictor.label_kind, predictor.classes
    whole = PredictedRows([name for name, _ in rows], [row for _, row in rows], kind, names)
    if form == "json":
        as_json(whole.as_objects())
    elif form == "csv":
        waiting.end()
        sys.stdout.write(whole.as_csv())
    elif kind == "numbers":
        shown = [(file, *(f"{prediction.values[name]:.6g}" for name in names)) for file, prediction in rows]
        table((item, *names), shown)
    else:
        headings = ("label", "probability") if kind == "classes" else ("tags", "probabilities")
        table((item, *headings), [(file, *_short(prediction, kind)) for file, prediction in rows])


def _short(prediction: Any, kind: str) -> tuple[str, str]:
    if kind == "classes":
        return prediction.label, f"{prediction.probability:.3f}"
    shares = ", ".join(f"{prediction.probabilities[tag]:.3f}" for tag in prediction.tags)
    return ", ".join(prediction.tags) or "none", shares or "-"
