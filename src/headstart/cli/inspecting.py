"""Commands that tell: `methods`, `show`, `doctor`."""

import inspect
from dataclasses import MISSING, fields
from typing import Annotated, Any

import typer

from headstart.cli import output
from headstart.studies._spec import TOOLS

AsJson = Annotated[bool, typer.Option("--json", help="Print the record as JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(rich_help_panel=TOOLS)(methods)
    app.command(rich_help_panel=TOOLS)(show)
    app.command(rich_help_panel=TOOLS)(doctor)


def methods(json: AsJson = False) -> None:
    """List the methods: what each transfers and what it adapts."""
    from headstart.core import walk

    found = sorted(walk(), key=lambda kind: (kind.about.adapts, kind.about.name))
    if json:
        output.as_json([_described(kind) for kind in found])
        return
    rows = [
        (kind.about.name, kind.about.transfers, kind.about.adapts, _first_line(kind), kind.about.paper)
        for kind in found
    ]
    output.table(("name", "transfers", "adapts", "what it does", "paper"), rows)


def show(
    name: Annotated[str, typer.Argument(help="A method, such as ridge-probe.")],
    json: AsJson = False,
) -> None:
    """Describe a method: settings, what it transfers and adapts, its steps, the paper."""
    from headstart.core import find

    kind = find(name)
    described = _described(kind)
    if json:
        output.as_json(described)
        return
    output.line(f"{kind.about.title} ({kind.about.name})\n")
    output.line(inspect.getdoc(kind) or "")
    output.line()
    about = kind.about
    output.line(
        f"Transfers: {about.transfers}    Adapts: {about.adapts}    Eats: {about.needs.__name__} batches"
    )
    output.line(f"Stages:    {', then '.join(described['stages'])}")
    output.line(f"Moves:     {'; '.join(described['moves'])}")
    output.line(f"Paper:     {about.paper}\n")
    rows = [(one["name"], one["type"], str(one["default"])) for one in described["settings"]]
    output.table(("setting", "type", "default"), rows)


def doctor(json: AsJson = False) -> None:
    """Show versions, hardware and optional packages, and which features lack a package."""
    from headstart.cli.doctor import examine

    found = examine()
    if json:
        output.as_json([vars(one) for one in found])
        return
    output.table(("what", "found", "good for"), [(one.what, one.found, one.good_for) for one in found])


def _first_line(kind: type[Any]) -> str:
    return (inspect.getdoc(kind) or "").split("\n\n")[0].replace("\n", " ")


def _described(kind: type[Any]) -> dict[str, Any]:
    method, about = kind(), kind.about
    return {
        "name": about.name,
        "title": about.title,
        "what": _first_line(kind),
        "transfers": about.transfers,
        "adapts": about.adapts,
        "batch": about.needs.__name__,
        "paper": about.paper,
        "stages": [stage.about.name for stage in method.stages()],
        "moves": [_move(move) for move in method.moves()],
        "settings": [
            {
                "name": field.name,
                "type": _type(field.type),
                "default": None if field.default is MISSING else field.default,
            }
            for field in fields(kind)
        ],
    }


def _type(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind).removeprefix("typing.")


def _move(move: Any) -> str:
    if hasattr(move, "on"):
        parts = (f"{on.part} at {on.lr:g} of the rate" if on.lr != 1 else on.part for on in move.on)
        return f"descend {move.name} on {', '.join(parts)}"
    return f"do {move.update.__name__}, which changes {', '.join(move.changes)}"
