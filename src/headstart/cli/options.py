"""Command-line options out of dataclasses: their fields, defaults and sentences."""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any, get_args, get_origin, get_type_hints

import typer

from headstart.records.settings import StudySettings


def with_options(
    kind: type[Any], parameter: str, without: tuple[str, ...] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a command: the fields of dataclass `kind`, but for those `without`, become its options.

    The command's own `parameter` is filled with the record that the options make.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        own = inspect.signature(command)
        by_name = {field.name: field for field in fields(kind)}
        names = kind.names() if issubclass(kind, StudySettings) else tuple(by_name)
        chosen = [by_name[name] for name in names if name not in without]
        added = [_option(kind, field) for field in chosen]
        kept = [p for name, p in own.parameters.items() if name != parameter]

        def run(**given: Any) -> Any:
            values = {field.name: given.pop(field.name) for field in chosen}
            return command(**given, **{parameter: kind(**{k: _value(kind, k, v) for k, v in values.items()})})

        run.__name__, run.__doc__ = command.__name__, command.__doc__
        run.__signature__ = inspect.Signature([*kept, *added])  # type: ignore[attr-defined]
        hints = get_type_hints(command)
        run.__annotations__ = {p.name: hints[p.name] for p in kept} | {p.name: p.annotation for p in added}
        return run

    return decorate


def _option(kind: type[Any], field: Any) -> inspect.Parameter:
    """A field as a typer option; tuples are options that may be given several times."""
    hint = get_type_hints(kind)[field.name]
    default = None if field.default is MISSING else field.default
    name = f"--{_flag(field)}"
    if _is_numbers(hint):
        return _parsed(field, name, "N,N,...", str | None)
    if "parse" in field.metadata:
        return _parsed(field, name, field.metadata["metavar"], list[str] | None)
    if get_origin(hint) is tuple:
        hint, default, name = list[get_args(hint)[0]], list(default or ()), name.removesuffix("s")  # type: ignore[misc]
    names = [f"{name}/--no-{field.name}"] if hint is bool else [name]
    shown = {name: field.metadata.get(name) for name in ("help", "metavar")}
    option = typer.Option(default, *names, **shown)
    return inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=option, annotation=hint)


def _parsed(field: Any, name: str, metavar: str, annotation: Any) -> inspect.Parameter:
    """An option whose text is parsed by `_value`."""
    option = typer.Option(None, name, help=field.metadata["help"], metavar=metavar, show_default=False)
    keyword = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(field.name, keyword, default=option, annotation=annotation)


def _flag(field: Any) -> str:
    return str(field.metadata.get("flag", field.name.replace("_", "-")))


def _is_numbers(hint: Any) -> bool:
    """Whether a field holds whole numbers, written with commas between them."""
    return tuple[int, ...] in (hint, *get_args(hint))


def _value(kind: type[Any], name: str, value: Any) -> Any:
    """What the command line gave as the field takes it."""
    field = next(field for field in fields(kind) if field.name == name)
    if _is_numbers(get_type_hints(kind)[name]):
        return field.default if value is None else _numbers(_flag(field), value)
    if "parse" in field.metadata:
        return field.metadata["parse"](value or [])
    return tuple(value) if isinstance(value, list) else value


def _numbers(flag: str, text: str) -> tuple[int, ...]:
    """Whole numbers with commas between them."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not all(word.isdecimal() for word in words):
        from headstart.core import BadInput

        raise BadInput(f"--{flag} is {text!r}; write whole numbers with commas between them, as in 1,2,5.")
    return tuple(int(word) for word in words)
