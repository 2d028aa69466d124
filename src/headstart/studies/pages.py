"""The page that belongs to what is in a folder."""

from pathlib import Path
from typing import Any

from headstart.studies._page import write
from headstart.studies._spec import studies
from headstart.studies.adapt.page import build_page as build_report
from headstart.studies.adapt.run_records import record
from headstart.studies.shortcuts import page as confounding
from headstart.studies.shortcuts.record import Shortcuts

EXPERIMENTS: dict[str, tuple[Any, Any]] = {
    "shortcuts": (Shortcuts, confounding.view),
}


def holds_record(run: Path) -> bool:
    """Whether a folder holds the record of a finished study."""
    names = (
        "result.json",
        *(f"{name}.json" for name in EXPERIMENTS),
        *(one.record_file for one in studies()),
    )
    return any((run / name).exists() for name in names)


def build_page(run: Path) -> Path:
    """Write the page of a finished run: the name of its record, and else `report.html`.

    The same records in a folder of the same name give the same bytes.

    Args:
        run: the folder that `adapt`, `curve`, `probe`, `search` or `yosinski` wrote.

    Returns:
        The path of the page.

    Raises:
        BadInput: if there is no record.
        BadData: if a record can't be read.
        MissingPackage: if jinja2 is not installed.
        CannotWrite: if the page can't be written.
    """
    run = Path(run)
    for spec in studies():
        if (file := run / spec.record_file).is_file():
            module = spec.module("page")
            if hasattr(module, "build_page"):
                return Path(module.build_page(run))
            found = record(spec.record, file)
            view = module.view(found, run) if spec.reads_folder else module.view(found)
            return write(found, view, run / spec.page_file)
    for name, (kind, view) in EXPERIMENTS.items():
        if (file := run / f"{name}.json").is_file():
            found = record(kind, file)
            return write(found, view(found), run / f"{name}.html")
    return build_report(run)
