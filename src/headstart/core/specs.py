"""Specs: a name and settings in one line, as in "fine-tune:last=2,norm=train", parsed and written."""

import ast
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from .errors import BadInput, Unknown

T = TypeVar("T")


def build(kind: type[T], spec: str) -> T:
    """An object of a dataclass with the settings that a spec gives, as "fine-tune:last=2".

    Raises:
        Unknown: there is no setting of that name.
        BadInput: a setting has no value, or an invalid one.
    """
    name, _, pairs = spec.partition(":")
    known = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    given: dict[str, Any] = {}
    for pair in filter(None, pairs.split(",")):
        setting, equals, value = pair.partition("=")
        if setting not in known:
            raise Unknown(f"setting of {name}", setting, known)
        if not equals:
            raise BadInput(f"{spec}: {setting} has no value; write {setting}=VALUE.")
        given[setting] = _plain(value)
    try:
        return kind(**given)
    except TypeError as error:
        text = f"{spec}: a value has the wrong type ({error}). `headstart show {name}` lists the settings."
        raise BadInput(text) from error


def changed_settings(settings: Any) -> dict[str, Any]:
    """The fields of a dataclass that differ from their defaults."""
    mine = {field.name: (getattr(settings, field.name), field.default) for field in fields(settings)}
    return {name: value for name, (value, default) in mine.items() if value != default}


def spec_of(name: str, settings: Mapping[str, Any]) -> str:
    """The spec that `build` parses: a name and its settings, as in "knn:neighbours=3"."""
    pairs = ",".join(f"{setting}={written(value)}" for setting, value in settings.items())
    return f"{name}:{pairs}" if pairs else name


def written(value: Any) -> str:
    """A setting as `_plain` parses it: several numbers with slashes between them."""
    return "/".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _plain(text: str) -> Any:
    """Parse a number, several as in "1/0.5", True, False or None; any other text is returned as is."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        several = [_plain(part) for part in text.split("/")] if "/" in text else []
        return tuple(several) if several and all(isinstance(one, int | float) for one in several) else text
