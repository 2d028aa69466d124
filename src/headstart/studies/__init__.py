"""The studies, a folder each: what `headstart` has of them by name, and the pages of their records."""

import inspect
from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from typing import Any, get_type_hints

from headstart.studies._page import build_page as build_page
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
    """The Python function of a study, such as `hs.curve`: its inputs, then settings as keywords."""
    from headstart.studies._runner import run_study

    def function(*arguments: Any, **options: Any) -> Any:
        arguments, options = with_backbone(spec, arguments, options)
        bound = signature.bind(*arguments, **options).arguments
        more = bound.pop("options", {})
        given = {item.name: bound.pop(item.name) for item in spec.inputs if item.name in bound}
        return run_study(spec, given, **bound, **more)

    finish = spec.hook("finish")
    returns = spec.record if finish is None else inspect.signature(finish).return_annotation
    shared = [p for p in inspect.signature(run_study).parameters.values() if p.name not in ("spec", "given")]
    signature = inspect.Signature([*_parameters(spec), *shared], return_annotation=returns)
    function.__signature__ = _with_settings(signature, spec)  # type: ignore[attr-defined]
    function.__name__ = function.__qualname__ = spec.function_name
    function.__module__ = spec.module().__name__
    own = "\n".join(f"    {item.name}: {item.help}" for item in spec.inputs)
    text, rest = inspect.getdoc(spec.module()) or spec.summary, inspect.getdoc(run_study) or ""
    function.__doc__ = f"{text}\n\nArgs:\n{own}\n{rest[rest.index('    out: ') :]}"
    return function


def _with_settings(signature: inspect.Signature, spec: Study) -> inspect.Signature:
    """The signature with each setting and option of files as a keyword, as notebooks complete it."""
    from headstart.data.load import load

    hints, keyword, usual = get_type_hints(spec.settings), inspect.Parameter.KEYWORD_ONLY, spec.settings()
    settings = [
        inspect.Parameter(one.name, keyword, default=getattr(usual, one.name), annotation=hints[one.name])
        for one in fields(spec.settings)
        if one.init
    ]
    named = [one for one in signature.parameters.values() if one.kind is not one.VAR_KEYWORD]
    taken = {one.name for one in (*named, *settings)}
    files = [one for one in inspect.signature(load).parameters.values() if one.name not in (*taken, "source")]
    return signature.replace(parameters=[*named, *settings, *(files if spec.columns else ())])


def with_backbone(spec: Study, given: Sequence[Any], options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The arguments of a call; that of the data alone gets a backbone of None, the built-in one for them.

    Data by place beside a backbone by name are data.
    """
    first = [item.name for item in spec.inputs[:2]]
    if first == ["backbone", "data"] and len(given) == 1 and "backbone" in options and "data" not in options:
        return (options["backbone"], *given), {name: v for name, v in options.items() if name != "backbone"}
    data = [*given, *(options[name] for name in ("data",) if name in options)]
    if first != ["backbone", "data"] or "backbone" in options or len(data) > 1:
        return given, options
    return (None, *data), {name: value for name, value in options.items() if name != "data"}


def _parameters(spec: Study) -> list[inspect.Parameter]:
    """Of the inputs; those that may be left out and have no place are keywords."""
    kind = inspect.Parameter
    parameters = [
        kind(
            item.name,
            kind.POSITIONAL_OR_KEYWORD if item.required or item.positional else kind.KEYWORD_ONLY,
            default=kind.empty if item.required else None,
        )
        for item in spec.inputs
    ]
    return sorted(parameters, key=lambda parameter: (parameter.kind, parameter.default is None))
