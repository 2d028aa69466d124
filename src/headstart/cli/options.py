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
            plain = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
            return command(**given, **{parameter: kind(**plain)})

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
    name = f"--{field.name.replace('_', '-')}"
    if get_origin(hint) is tuple:
        hint, default, name = list[get_args(hint)[0]], list(default or ()), name.removesuffix("s")  # type: ignore[misc]
    names = [f"{name}/--no-{field.name}"] if hint is bool else [name]
    option = typer.Option(default, *names, help=field.metadata.get("help", ""))
    return inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=option, annotation=hint)
