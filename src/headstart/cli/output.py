"""How commands talk: tables for people, JSON for machines, both on standard output."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], title: str = "") -> None:
    """A table as wide as the terminal; plain when the output is not a terminal."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    made = Table(
        title=title or None, title_justify="left", header_style="bold", box=_box(console.is_terminal)
    )
    for heading in headings:
        made.add_column(heading, overflow="fold")
    for row in rows:
        made.add_row(*(escape(cell) for cell in row))
    if not console.is_terminal:  # a file or another program takes whole lines
        console.width = 200
    console.print(made)


def line(text: str = "") -> None:
    """A line for people."""
    from rich.console import Console

    Console(highlight=False, soft_wrap=True).print(text, markup=False)


def stderr_line(text: str) -> None:
    """A line for people on standard error, beside the answer."""
    from rich.console import Console

    Console(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False)


def as_json(value: Any) -> None:
    """Indented JSON."""
    import typer

    typer.echo(json.dumps(value, indent=1, ensure_ascii=False))


def record(found: Any) -> None:
    """A record as indented JSON."""
    as_json(json.loads(found.to_json()))


def _box(terminal: bool) -> Any:
    from rich import box

    return box.SIMPLE_HEAD if terminal else box.ASCII2


def page(out: Path | None) -> Path | None:
    """The page of the study in a folder, made now; None without a folder."""
    if out is None:
        return None
    from headstart.studies.pages import build_page

    return build_page(out)
