"""The page that belongs to what is in a folder."""

from pathlib import Path
from typing import Any

from headstart.study.aligning.record import Alignment
from headstart.study.confounding.record import Shortcuts
from headstart.study.experiments.curve_record import SizeCurve
from headstart.study.experiments.yosinski_record import Transfer
from headstart.study.probing.record import Probing
from headstart.study.searching.record import Search
from headstart.study.shifting.record import Shift
from headstart.study.streaming.record import Prequential
from headstart.study.translating.record import Translating

from . import aligning, confounding, curve, probing, search, shift, streaming, translating, yosinski
from .experiment import write
from .given import record
from .page import build as build_report

EXPERIMENTS: dict[str, tuple[Any, Any]] = {
    "align": (Alignment, aligning.view),
    "curve": (SizeCurve, curve.view),
    "probe": (Probing, probing.view),
    "search": (Search, search.view),
    "shift": (Shift, shift.view),
    "shortcuts": (Shortcuts, confounding.view),
    "stream": (Prequential, streaming.view),
    "translate": (Translating, translating.view),
    "yosinski": (Transfer, yosinski.view),
}

PICTURED = ("translate",)  # whose pages show pictures of the folder


def build(run: Path) -> Path:
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
    for name, (kind, view) in EXPERIMENTS.items():
        if (file := run / f"{name}.json").is_file():
            found = record(kind, file)
            shown = view(found, run) if name in PICTURED else view(found)
            return write(found, shown, run / f"{name}.html")
    return build_report(run)
