"""What a study returns with its record: it shows itself, its tables and its page."""

import os
from html import escape
from pathlib import Path
from typing import Any

from headstart.core import BadInput
from headstart.face import spell
from headstart.studies._page import build_page, show_page
from headstart.studies._spec import study_of, terminal_of


class ShownResult:
    """What a study returns with its record, and perhaps its folder: shown as the command prints it."""

    result: Any  # the record

    def __repr__(self) -> str:
        """What the command prints, and the folder."""
        folder = getattr(self, "folder", None)
        return terminal_of(self.result, folder).text() + (f"\nFolder: {folder}" if folder else "")

    def _repr_html_(self) -> str:
        """The same for notebooks, with a link to the page."""
        folder, spec = getattr(self, "folder", None), study_of(self.result)
        page = None if folder is None else folder / spec.page_file
        shown = terminal_of(self.result, folder).html()
        if page is None or not page.is_file():
            return shown
        return f'{shown}<p><a href="{escape(os.path.relpath(page))}" target="_blank">{spec.page_file}</a></p>'

    def to_frame(self, table: str | None = None) -> Any:
        """A table of the record as a `pandas.DataFrame`; see `StudyRecord.to_frame`."""
        return self.result.to_frame(table)

    def show(self) -> None:
        """Show the page: below the cell of a notebook, elsewhere in the browser.

        Raises:
            BadInput: nothing was kept, so that there is no page.
            MissingPackage: the packages that build the page are not installed.
        """
        folder: Path | None = getattr(self, "folder", None)
        if folder is None:
            raise BadInput(f"Nothing was kept, so that there is no page: give {spell('out')}, a folder.")
        page = folder / study_of(self.result).page_file
        show_page(page if page.is_file() else build_page(folder))
