"""Commands as people expect them: `headstart help`, words that other tools use, switches without a type."""

import inspect
import re
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, get_args

import typer
from typer.core import TyperCommand, TyperGroup

from .waiting import waiting

MEANT = {  # words that other tools have for what a command does
    "adapt": "train fit finetune fine-tune transfer learn",
    "evaluate": "test eval score validate metrics benchmark",
    "predict": "infer inference classify label",
    "search": "tune hpo optimise optimize sweep hyperparameters",
    "export": "convert onnx",
    "serve": "server api http deploy host",
    "report": "page html",
    "teach": "teachable-machine interactive annotate",
    "labels": "label-errors relabel mislabelled cleanlab",
    "anatomy": "inspect summary",
    "surgery": "edit modify operate",
    "align": "domain uda",
    "stream": "tta test-time",
    "curve": "learning-curve",
    "rank": "logme transferability",
    "probe": "linear-probe",
    "shortcuts": "bias spurious",
    "datasets": "data",
    "methods": "list ls",
    "explain": "why interpret shap lime attribution",
    "show": "describe",
    "doctor": "check env version",
}
WORDS = {str: "TEXT", Path: "PATH", int: "NUMBER", float: "NUMBER"}  # for what an option takes
EXAMPLES = "Examples:"  # heading of the last part of a command's docstring
_MEANS = {
    "--label-column": "The column to predict is",
    "--text-column": "The column of texts is",
    "--path-column": "The column of paths of pictures or sounds is",
    "--group-column": "The column of groups, which no split cuts, is",
    "--split-column": "The column that says train or test is",
    "--task": "What is predicted (classification, multilabel, regression) is",
}
OTHER = {word: command for command, words in MEANT.items() for word in words.split()}


OPTIONS = {  # words that people have for what an option does
    "--label-column": "target target-column label labels y class class-column outcome predict",
    "--text-column": "text texts input-column",
    "--path-column": "image images image-column images-column picture pictures file-column filename",
    "--group-column": "group groups group-by patient",
    "--split-column": "split",
    "--task": "problem problem-type type",
}
OTHER_OPTIONS = {f"--{word}": option for option, words in OPTIONS.items() for word in words.split()}


class Command(TyperCommand):
    """A command whose help shows no type beside a switch, and that names the option for a column."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        written = " ".join(args).replace("=", " ").split()  # parsing empties the list
        given = [word.partition("=")[0] for word in args]
        mine = {name for param in self.get_params(ctx) for name in param.opts}
        for word in given:
            meant = OTHER_OPTIONS.get(word)
            if meant is not None and meant in mine and word not in mine:
                ctx.fail(f"No such option: {word}. {_MEANS[meant]} named by {meant} NAME.")
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            if said := _no_number(error, written, mine):
                ctx.fail(said)
            if "unexpected extra argument" not in str(error) or "--label-column" not in mine:
                raise
            ctx.fail(f"{error}. Columns are named by options, that to predict by --label-column NAME.")
            raise  # which `fail` does

    def get_params(self, ctx: Any) -> list[Any]:
        return without_types(super().get_params(ctx))

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Those of the usage; what must be given stands without braces."""
        return [re.sub(r"^\{(.*)\}", r"\1", piece) for piece in super().collect_usage_pieces(ctx)]


def _no_number(error: Exception, words: Sequence[str], options: Collection[str]) -> str:
    """What an option holds that can't be read as a number, and options that take several; "" of others."""
    if "unable to parse" not in str(error) or getattr(error, "param", None) is None:
        return ""
    flag = error.param.opts[0]  # type: ignore[attr-defined]
    value = words[words.index(flag) + 1]
    kind = "a whole number" if "integer" in str(error) else "a number"
    others = sorted(name for name in options if name.endswith(flag.removeprefix("-")) and name != flag)
    more = f" Several are for {' and '.join(others)}." if "," in value and others else ""
    return f"{flag} is {value!r}; it must be {kind}.{more}"


class WaitingCommand(Command):
    """A command that draws a bar from its start until it prints."""

    def invoke(self, ctx: Any) -> Any:
        with waiting(quiet=bool(ctx.params.get("quiet"))):
            return super().invoke(ctx)


class Commands(TyperGroup):
    """The commands: `help COMMAND` is `COMMAND --help`; a word of another tool names what is meant."""

    def get_params(self, ctx: Any) -> list[Any]:
        return without_types(super().get_params(ctx))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        word, *rest = args
        if word == "help" and not ctx.resilient_parsing:  # which completing in the shell is
            named = [each for each in rest if not each.startswith("-")]
            if not named:
                typer.echo(ctx.get_help())
                ctx.exit()
            return self.resolve_command(ctx, [named[0], "--help"])
        if word in OTHER and word not in self.commands:
            meant = OTHER[word]
            ctx.fail(f"No such command {word!r}. Here it is {meant!r}: headstart {meant} --help.")
        return super().resolve_command(ctx, args)


def help_of(command: Callable[..., None]) -> str:
    """The docstring of a command as the head of its help: what it does, then examples, a line each."""
    doc = inspect.getdoc(command) or ""
    what, _, examples = doc.partition(f"\n\n{EXAMPLES}\n")
    lines = [f"  [cyan]{_escaped(line.strip())}[/cyan]" for line in examples.splitlines()]
    return "\n".join([what, "", f"\b{EXAMPLES}", *lines])


def _escaped(line: str) -> str:
    """A line that rich writes as it is; rich is imported only for one with marks of its own."""
    if not {"[", "\\"} & {*line}:
        return line
    from rich.markup import escape

    return escape(line)


def without_types(params: Sequence[Any]) -> list[Any]:
    """The parameters; options show a word in place of Python's type, switches and arguments none."""
    for param in params:
        if param.param_type_name == "argument":
            param.metavar = param.metavar or param.name.upper()
            param.display_type_rich = lambda ctx: None  # its name says what it is
        elif param.metavar is None:
            kind = getattr(getattr(param, "type_descriptor", None), "annotation", None)
            plain = (*get_args(kind), kind)[0]
            param.metavar = "" if getattr(param, "is_flag", False) else WORDS.get(plain)
    return list(params)
