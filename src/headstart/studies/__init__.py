"""The studies, a folder each: what `headstart` has of them by name, and the pages of their records."""

from functools import cache
from pathlib import Path
from typing import Any

from headstart.studies._spec import Study, studies


@cache
def public_names() -> dict[str, Study]:
    """The study behind each name that `headstart` has of it: `curve`, `CurveSettings`, `SizeCurve`."""
    return {
        name: spec
        for spec in studies()
        for name in (spec.function_name, spec.settings.__name__, spec.record.__name__)
        if name
    }


def find_public(name: str) -> Any:
    """The function, settings or record of a public name."""
    spec = public_names()[name]
    classes = {each.__name__: each for each in (spec.settings, spec.record)}
    return classes[name] if name in classes else study_function(spec)


@cache
def study_function(spec: Study) -> Any:
    """The Python function of a study."""
    from headstart.studies._runner import StudyFunction

    return StudyFunction(spec)


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
    from headstart.core import BadInput
    from headstart.studies._page import read_record, write_page

    run = Path(run)
    for spec in studies():
        if (file := run / spec.record_file).is_file():
            module = spec.module("page")
            record = read_record(spec.record, file)
            view = module.view(record, run) if spec.reads_folder else module.view(record)
            template = getattr(module, "TEMPLATE", "experiment.html")
            return write_page(record, view, run / spec.page_file, template)
    raise BadInput(
        f"{run} holds no record of a study, such as result.json. Finish the study first: its command with "
        "--resume."
    )
