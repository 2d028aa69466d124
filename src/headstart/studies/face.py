"""What the studies add to `headstart`: a function each, its settings and its record, found by walking."""

from functools import cache
from typing import Any

from headstart.studies._spec import Study, studies


@cache
def names() -> dict[str, Study]:
    """The study behind each public name: `curve`, `CurveSettings`, `SizeCurve`."""
    return {
        name: spec
        for spec in studies()
        for name in (function_name(spec), spec.settings.__name__, spec.record.__name__)
        if name
    }


def find(name: str) -> Any:
    """The function, settings or record of that name."""
    spec = names()[name]
    if name == spec.settings.__name__:
        return spec.settings
    if name == spec.record.__name__:
        return spec.record
    return function(spec)


def function_name(spec: Study) -> str:
    """Of the Python function; "" if there is none."""
    return spec.name if spec.function is None else spec.function


@cache
def function(spec: Study) -> Any:
    """The Python function of a study."""
    from headstart.studies._runner import StudyFunction

    return StudyFunction(spec)
