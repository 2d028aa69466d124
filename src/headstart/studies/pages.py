"""The page that belongs to the record in a folder."""

from pathlib import Path

from headstart.core import BadInput
from headstart.studies._page import read_record, write
from headstart.studies._spec import studies


def build_page(run: Path) -> Path:
    """Write the page of a finished study.

    The same records in a folder of the same name give the same bytes.

    Args:
        run: the output folder of a study.

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
            record = read_record(spec.record, file)
            view = module.view(record, run) if spec.reads_folder else module.view(record)
            return write(record, view, run / spec.page_file)
    raise BadInput(
        f"{run} holds no record of a study, such as result.json. Finish the study first: its command with "
        "--resume."
    )
