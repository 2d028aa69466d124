"""The commands by name, each built when it is asked for: to build all takes longer than many an answer."""

import importlib
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

import typer

from .commands import Command, Commands, WaitingCommand, help_of

OTHERS = {  # those that are no studies, by heading of `headstart --help`; and the files of their functions
    "Start here": {
        "predict": "predicting",
        "report": "using",
        "labels": "labels",
        "runs": "using",
        "teach": "teaching",
    },
    "Models": {
        "export": "using",
        "push": "using",
        "serve": "serving",
        "anatomy": "tools",
        "surgery": "tools",
    },
    "Tools": {
        "methods": "listing",
        "show": "listing",
        "datasets": "named_data",
        "download": "named_data",
        "doctor": "tools",
    },
}
HEADINGS = {name: heading for heading, files in OTHERS.items() for name in files}


class CommandsByName(MutableMapping[str, Any]):
    """All commands, in the order of `headstart --help`; each is built once, when it is asked for."""

    def __init__(self) -> None:
        """Build none."""
        self._built: dict[str, Any] = {}

    def __contains__(self, name: object) -> bool:
        """Whether there is such a command; it is not built for that."""
        return name in self._built or name in HEADINGS or name in _studies()

    def __getitem__(self, name: str) -> Any:
        """The command of that name."""
        if name not in self:
            raise KeyError(name)
        if name not in self._built:
            self._built[name] = _other(name) if name in HEADINGS else _study(name)
        return self._built[name]

    def __setitem__(self, name: str, command: Any) -> None:
        """Take another command."""
        self._built[name] = command

    def __delitem__(self, name: str) -> None:
        """Refuse: the commands stay."""
        raise TypeError(f"The command {name!r} can't be taken away.")

    def __iter__(self) -> Iterator[str]:
        """The names, none of whose commands is built for that."""
        return iter(_in_order())

    def __len__(self) -> int:
        """How many there are."""
        return len(HEADINGS) + len(_studies())


class LazyCommands(Commands):
    """The group of all commands, none of which is built before it is asked for."""

    def __init__(self, **options: Any) -> None:
        """Take the options of a group."""
        super().__init__(**options)
        self.commands = CommandsByName()

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of all commands, in the order of the help."""
        return list(self.commands)


def _studies() -> tuple[str, ...]:
    from headstart.studies._spec import study_names

    return study_names()


def _in_order() -> list[str]:
    """The names by their headings, studies first under each."""
    from headstart.studies._spec import GROUPS, studies

    headings = {spec.name: spec.group for spec in studies()} | HEADINGS
    return sorted(headings, key=lambda name: GROUPS.index(headings[name]))


def _other(name: str) -> Any:
    file = importlib.import_module(f"headstart.cli.{OTHERS[HEADINGS[name]][name]}")
    return _built(name, getattr(file, name), WaitingCommand, HEADINGS[name])


def _study(name: str) -> Any:
    from headstart.studies._spec import study

    from .study_command import command

    spec = study(name)
    return _built(name, command(spec), Command, spec.group)


def _built(name: str, function: Callable[..., None], kind: type[Command], heading: str) -> Any:
    """The command of a function, by typer."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
    app.command(name, cls=kind, help=help_of(function), rich_help_panel=heading)(function)
    return typer.main.get_command(app)
