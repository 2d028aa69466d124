"""Commands that tell which methods there are, and all about one of them."""

import inspect
import re
from dataclasses import MISSING, fields
from typing import Annotated, Any, Literal, get_args, get_origin

import typer

from headstart.cli import output
from headstart.cli.completing import complete_methods
from headstart.cli.options import AsJson

Kind = Literal["pictures", "sounds", "tables", "texts"]
With = Literal["samples", "pairs", "labels", "source", "teacher", "target", "groups", "stream"]
ONLY: dict[str, Kind] = {"setfit": "texts", "simcse": "texts", "scarf": "tables"}  # no trait says so
COMMANDS = {  # that runs a method which learns with these data beside the model, and what they are given as
    "samples": ("pretrain", "DATA"),
    "pairs": ("pretrain-pairs", "DATA"),
    "labels": ("adapt", "DATA"),
    "source": ("adapt", "DATA --source OTHER"),
    "teacher": ("distil", "RUN DATA"),
    "target": ("align", "--source DATA --target OTHER"),
    "groups": ("adapt", "DATA --attribute-column NAME"),
    "stream": ("stream", "RUN FILES"),
}
BATCHES = {  # by the name of what a step takes: the same in words
    "Labelled": "labelled rows",
    "Unlabelled": "rows without labels",
    "Grouped": "labelled rows, each of a group",
    "Distilled": "labelled rows, maybe unlabelled ones, and what a teacher says of them",
    "Domains": "labelled rows of the source and rows of the target",
    "SourceLabelled": "labelled rows of the source",
    "JointTasks": "labelled rows of the data and of each source",
    "Seeded": "rows without labels, and a seed of what is drawn for each",
    "Pairs": "pictures and their captions",
    "SeededLabelled": "labelled rows, and a seed of what is drawn for each",
}


def methods(
    for_data: Annotated[
        Kind | None,
        typer.Option("--for", metavar="KIND", help="Only those for pictures, sounds, tables or texts."),
    ] = None,
    with_data: Annotated[
        With | None,
        typer.Option(
            "--with",
            metavar="DATA",
            help="Only those that pre-train on samples, or on pairs of pictures and captions; that learn "
            "with labels alone, a labelled source of another task (source), a teacher, an unlabelled target, "
            "groups, or while they answer (stream).",
        ),
    ] = None,
    json: AsJson = False,
) -> None:
    """List the methods: the command that runs each, what it transfers and what it does.

    Examples:
        headstart methods
        headstart methods --for texts
        headstart methods --with target
    """
    from headstart.core import walk

    kinds = sorted(walk(), key=lambda kind: (list(COMMANDS).index(learns_with(kind)), kind.about.name))
    chosen = [kind for kind in kinds if with_data in (None, learns_with(kind)) and suits(kind, for_data)]
    described = [describe(kind) for kind in chosen]
    if json:
        output.as_json(described)
        return
    columns = ("name", "command", "transfers", "what")
    rows = ([method[column] for column in columns] for method in described)
    output.table(("method", "command", "transfers", "what it does"), rows, whole=3)


def show(
    name: Annotated[
        str, typer.Argument(help="A method, such as ridge-probe.", autocompletion=complete_methods)
    ],
    json: AsJson = False,
) -> None:
    """Describe a method: its settings, what it transfers and adapts, its steps, a command, the paper.

    Examples:
        headstart show lp-ft
    """
    from headstart.core import find

    kind = find(name)
    method = describe(kind)
    if json:
        output.as_json(method)
        return
    output.line(f"{method['title']} ({method['name']})\n")
    paragraphs = (inspect.getdoc(kind) or "").partition("\n\nAttributes:")[0].split("\n\n")
    for paragraph in paragraphs:
        output.prose(" ".join(paragraph.split()))
        output.line("")
    output.line(f"Transfers: {method['transfers']}    Adapts: {method['adapts']}")
    output.line(f"Learns from: {', '.join(method['label_kinds'])}")
    output.line(f"Each step: {BATCHES[method['batch']]}")
    if len(method["stages"]) > 1:
        output.line(f"Stages:    {', then '.join(method['stages'])}")
    output.prose(f"Moves:     {'; '.join(method['moves'])}")
    output.line(f"Paper:     {method['paper']}")
    output.line(f"Command:   {method['example']}\n")
    if method["settings"]:
        rows = [[one["name"], str(one["default"]), one["meaning"]] for one in method["settings"]]
        output.table(("setting", "default", "meaning"), rows, whole=2)


def learns_with(kind: type[Any]) -> With:
    """What a method learns with beside the model."""
    from headstart.core import Grouped, Unlabelled
    from headstart.session.pretraining import pretrains
    from headstart.session.requirements import (
        learns_from_domains,
        needs_source,
        needs_target,
        needs_teacher,
    )

    method = kind()
    if pretrains(method):
        return "samples"
    if method.about.needs_pair:
        return "pairs"
    if needs_source(method):
        return "source"
    if needs_teacher(method):
        return "teacher"
    if issubclass(method.about.needs, Grouped):
        return "groups"
    if len(method.stages()) == 1 and method.about.needs is Unlabelled:
        return "stream"
    return "target" if learns_from_domains(method) or needs_target(method) else "labels"


def suits(kind: type[Any], data: Kind | None) -> bool:
    """Whether a method can take a kind of data."""
    about = kind.about
    only = ONLY.get(about.name)
    if about.needs_words:
        only = "texts"
    elif about.needs_columns:
        only = "tables"
    elif about.needs_pictures or about.needs_pair:
        only = "pictures"
    return data is None or only in (None, data)


def describe(kind: type[Any]) -> dict[str, Any]:
    """All about a method, as JSON values."""
    method, about = kind(), kind.about
    command, data = COMMANDS[learns_with(kind)]
    meaning = meanings(kind)
    return {
        "name": about.name,
        "title": about.title,
        "what": (inspect.getdoc(kind) or "").split("\n\n")[0].replace("\n", " "),
        "command": command,
        "example": f"headstart {command} {data} --method {about.name}",
        "transfers": about.transfers,
        "adapts": about.adapts,
        "batch": about.needs.__name__,
        "label_kinds": list(about.label_kinds),
        "paper": about.paper,
        "stages": [stage.about.name for stage in method.stages()],
        "moves": [_describe_move(move) for move in method.moves()],
        "settings": [
            {
                "name": field.name,
                "type": _type_name(field.type),
                "default": None if field.default is MISSING else field.default,
                "meaning": meaning.get(field.name, ""),
            }
            for field in fields(kind)
        ],
    }


def meanings(kind: type[Any]) -> dict[str, str]:
    """What the docstrings of a method and of its families say of each setting."""
    found: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        _, _, attributes = inspect.cleandoc(one.__dict__.get("__doc__") or "").partition("Attributes:\n")
        for name, text in re.findall(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", attributes, re.MULTILINE):
            found[name] = " ".join(text.split())
    return found


def _type_name(hint: Any) -> str:
    """Such as "float", "int | None", or the choices "batch | source" of a literal."""
    if get_origin(hint) is Literal:
        return " | ".join(map(str, get_args(hint)))
    return hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")


def _describe_move(move: Any) -> str:
    """What a step learns by gradients, or else computes, in words."""
    if hasattr(move, "on"):
        parts = (f"{on.part} at {on.lr:.2g} of the rate" if on.lr != 1 else on.part for on in move.on)
        loss = "the loss" if move.name == "main" else f"the loss of {move.name}"
        return f"gradients of {loss} train {', '.join(parts)}".replace("_", " ")
    changed = f" (changes {', '.join(move.changes)})" if any(move.changes) else ""
    return f"{move.update.__name__}{changed}".replace("_", " ")
