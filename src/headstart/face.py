"""What arguments are called in messages: names in Python, options on the command line; needs no torch."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager

OPTIONS = {  # whose option is not the argument's name with hyphens
    "class_name": "class",
    "features": "feature",
    "keep": "keep-column",
    "labels_per_class": "labels",
    "methods": "method",
    "space": "range",
    "target_labelled": "target-labels",
    "all_claims": "all",
    "words": "word",
}
_command_line = [False]  # whether the user is at the command line, innermost last


@contextmanager
def speak(*, command_line: bool) -> Iterator[None]:
    """Let messages name options, or else arguments of Python, meanwhile; in all threads."""
    _command_line.append(command_line)
    try:
        yield
    finally:
        _command_line.pop()


def at_command_line() -> bool:
    """Whether messages name options."""
    return _command_line[-1]


def spell(name: str, *value: object, option: str = "", stands: str = "VALUE") -> str:
    """An argument as a user would write it: `beside=['a b']` in Python, `--beside 'a b'` as an option.

    Args:
        name: of the argument in Python.
        value: that it should have; `...` is left to the reader; without one the name is given alone.
        option: its name on the command line, if it is another one than `OPTIONS` has.
        stands: for a value that is left to the reader, on the command line.
    """
    if not at_command_line():
        return name + "".join("=..." if one is ... else f"={one!r}" for one in value)
    word = f"--{option or OPTIONS.get(name) or name.replace('_', '-')}"
    return " ".join([word, *(text for one in value for text in _words(word, one, stands))])


def written(value: object) -> str:
    """A value as the user wrote it: of several numbers `(1, 10)` in Python, `1,10` on the command line."""
    if (
        at_command_line()
        and isinstance(value, tuple)
        and value
        and all(isinstance(one, int) for one in value)
    ):
        return ",".join(map(str, value))
    return repr(value)


def _words(word: str, value: object, stands: str) -> Iterator[str]:
    """The value after its option, which is repeated for each of several."""
    if value is ...:
        yield stands
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from ([word] if place else [])
            yield shlex.quote(str(one))
    elif value is not True:
        yield from (shlex.quote(str(one)) for one in (value if isinstance(value, tuple) else (value,)))
