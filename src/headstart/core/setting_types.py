"""The types of a method's settings, which a dataclass does not check by itself."""

import types
import typing
from collections.abc import Callable, Iterator
from functools import cache
from numbers import Integral, Real
from typing import Any, Literal

PLAIN: dict[Any, tuple[Any, str]] = {  # by type: what is taken for one, and how a message calls it
    bool: (Integral, "True or False"),
    int: (Integral, "a whole number"),
    float: (Real, "a number"),
    str: (str, "a text"),
    type(None): (type(None), "None"),
}


def wrong_types(settings: Any) -> Iterator[tuple[str, str]]:
    """The settings of a dataclass whose values are of another type, and which are allowed, in words.

    Fields of other types than numbers, texts, truth values and None are passed over.
    """
    for name, (taken, words) in _plain_fields(type(settings)).items():  # type: ignore[arg-type]
        if not isinstance(getattr(settings, name), taken):
            yield name, words


def types_first(kind: type[Any]) -> Callable[[Any], None]:
    """The `__post_init__` of a class after a look at the types of all settings, which `check` refuses.

    A class that defines none goes on to the next class, so that no base's is skipped.
    """
    own = vars(kind).get("__post_init__")

    def checked(self: Any) -> None:
        for name, allowed in wrong_types(self):
            self.check(name, False, allowed)
        following = getattr(super(kind, self), "__post_init__", None) if own is None else None
        if own is not None:
            own(self)
        elif following is not None:
            following()

    return checked


@cache
def _plain_fields(kind: type[Any]) -> dict[str, tuple[tuple[Any, ...], str]]:
    hints = typing.get_type_hints(kind)
    found = {}
    for name in kind.__dataclass_fields__:
        options = [_option(each) for each in _union(hints[name])]
        if all(options):
            words = dict.fromkeys(option[1] for option in options if option)
            found[name] = (tuple(option[0] for option in options if option), " or ".join(words))
    return found


def _union(hint: Any) -> tuple[Any, ...]:
    union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    return typing.get_args(hint) if union else (hint,)


def _option(hint: Any) -> tuple[Any, str] | None:
    if typing.get_origin(hint) is Literal and all(isinstance(value, str) for value in typing.get_args(hint)):
        words = typing.get_args(hint)
        return str, f"one of {', '.join(words)}" if len(words) > 1 else repr(words[0])
    return PLAIN.get(hint) if isinstance(hint, type) else None
