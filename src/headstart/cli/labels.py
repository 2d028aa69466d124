"""The command `labels`: which labels of a run are probably wrong, and a page or a file to fix them."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import output
from .options import AsJson

if TYPE_CHECKING:
    from headstart.records.label_errors import LabelErrors

LONGEST = 72  # letters of a text that is shown


def labels(
    run: Annotated[Path, typer.Argument(help="A run folder of adapt.")],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="CSV file for the rows, whose column action is yours to fill in: keep, relabel or remove. "
            "Default: a new one in runs, called by the time.",
            show_default=False,
        ),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the file if it is there.")] = False,
    rows: Annotated[int, typer.Option(help="Number of rows to print.", min=0)] = 10,
    json: AsJson = False,
) -> None:
    """Show which labels are probably wrong, and write a page to fix them one by one.

    Examples:
        headstart labels run
    """
    from headstart.core import BadInput
    from headstart.studies._dated import dated_folder
    from headstart.studies.adapt.page_labels import (
        FIXES,
        about,
        next_command,
        require_label_errors,
        write_labels_page,
    )

    errors = require_label_errors(run)
    if replace and out is None:
        raise BadInput("--replace goes with --out, the file that it replaces.")
    if out is not None:
        _write(errors, out, replace)
    if json:
        output.as_json(asdict(errors))
        return
    file = out or dated_folder("labels", ".csv")
    if errors.rows and out is None:
        _write(errors, file, replace)
    _print(errors, rows)
    for sentence in about(errors):
        output.prose(sentence)
    if not errors.rows:
        return
    output.line(f"File:   {file}: write keep, relabel or remove into its column action,")
    output.line(f"Page:   {write_labels_page(run)}: or decide here, which saves {FIXES}.")
    output.line(f"Next:   {next_command(run, str(file))}")


def _print(errors: "LabelErrors", rows: int) -> None:
    """The worst rows as a table."""
    from headstart.report.text import shorten_middle
    from headstart.studies.adapt.page_labels import in_words

    kind = errors.label_kind
    texts = ["text"] if any(row.text for row in errors.rows) else []
    shown = [
        (
            row.item,
            *(shorten_middle(" ".join(row.text.split()), LONGEST) for _ in texts),
            in_words(row.label, kind),
            in_words(row.suggestion, kind),
            f"{row.quality:.2f}",
        )
        for row in errors.rows[:rows]
    ]
    if shown:
        first = f", the first {len(shown)} of {errors.found}" if len(shown) < errors.found else ""
        headings = ("row", *texts, "label", "perhaps", "quality")
        output.table(headings, shown, f"Labels that are probably wrong{first}")
    if shown and (more := len(errors.rows) - len(shown)):
        output.line(f"{more:,} more: --rows {len(errors.rows)} prints all.")


def _write(errors: "LabelErrors", out: Path, replace: bool) -> None:
    """The rows as label fixes without an action."""
    from headstart.core import CannotWrite
    from headstart.core.atomic_file import write_atomically
    from headstart.data.label_fixes import LabelFix, as_csv

    if out.is_dir() or (out.exists() and not replace):
        raise CannotWrite(f"{out} is there already. Name another file, or replace it: --replace.")
    fixes = [LabelFix(row.item, row.label, row.suggestion) for row in errors.rows]
    write_atomically(out, as_csv(fixes).encode("utf-8", "backslashreplace"))
