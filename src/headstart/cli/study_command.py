"""The command of a study, made of its declaration: inputs, column options, settings and what all share."""

import inspect
import shlex
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from json import loads
from pathlib import Path
from typing import Annotated, Any

import typer

from headstart.report.text import Terminal
from headstart.studies import build_page
from headstart.studies._spec import Input, Study, terminal_of

from . import output
from .clock import began
from .commands import EXAMPLES
from .completing import complete_backbones, complete_data
from .devices import Devices, engine_on, heard_once, is_first
from .options import (
    FILES,
    KINDS_OF_BACKBONES,
    RUNNING,
    AsJson,
    Columns,
    Data,
    Device,
    Quiet,
    Weights,
    begun_with,
    with_options,
)
from .output import Form

SEVERAL = "A backbone, as for adapt; repeatable. Default: the built-in for the data."
WeightsOfSeveral = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=FILE",
        help="Local checkpoint of a backbone, or random, or pretrained: those that belong to the name; "
        "several of one backbone are ranked each.",
        show_default=False,
    ),
]
WeightsOfEach = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILE|NAME=FILE",
        help="Local checkpoint for the backbone (.safetensors or .pth), or random; with NAME= that of one of "
        "several backbones.",
        show_default=False,
    ),
]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print the predictions as CSV.", rich_help_panel=RUNNING)]
OUT = "Folder for record and page; must be new or empty. Default: a new one in runs, called by the time."
PLACE = "placed_"  # before the name of an input, where it is given by its place instead of as an option


def command(spec: Study) -> Callable[..., None]:
    """The typer command of a study."""

    def run(*, settings: Any, columns: Columns, **values: Any) -> None:
        if answered_at_once(spec, settings, values):
            return
        with heard_once(values.get("devices", 1)):
            carry_out(spec, settings, columns, **_by_name(either, values))

    inputs = [item for item in spec.inputs if item.command]
    either = [item for item in inputs if item.either]
    positional = {PLACE + item.name: (_placed(item), None) for item in either}
    positional |= {item.name: _annotated(item) for item in inputs if not item.option}
    options = {item.name: _annotated(item) for item in inputs if item.option}
    hints = {**positional, **options, **_shared(spec)}
    keyword = inspect.Parameter.KEYWORD_ONLY
    own = [
        inspect.Parameter(name, keyword, default=default, annotation=hint)
        for name, (hint, default) in hints.items()
    ]
    last = [inspect.Parameter(name, keyword) for name in ("columns", "settings")]
    run.__signature__ = inspect.Signature([*own, *last])  # type: ignore[attr-defined]
    run.__annotations__ = {name: hint for name, (hint, _) in hints.items()}
    run.__annotations__ |= {"columns": Columns, "settings": spec.settings}
    run.__name__ = spec.name
    run.__doc__ = "\n".join([spec.summary, "", EXAMPLES, *(f"    {example}" for example in spec.examples)])
    without = spec.without if spec.columns else tuple(Columns.__dataclass_fields__)
    with_columns = with_options(Columns, "columns", without=without, panel=FILES)(run)
    return with_options(spec.settings, "settings")(with_columns)


def carry_out(
    spec: Study,
    settings: Any,
    columns: Columns,
    *,
    out: Path | None,
    device: str,
    resume: bool,
    overwrite: bool,
    json: bool,
    quiet: bool,
    csv: bool = False,
    devices: int = 1,
    **given: Any,
) -> None:
    """Run the study, write its page, print the results; of several processes the first one does these."""
    from headstart.run.progress import Progress

    first = is_first(devices)
    progress = Progress.to_terminal(quiet or json or not first, began())
    progress.limit = settings.limit  # of a run that is continued, until its own settings are read
    try:
        if progress.show == "bar" and (names := [*_names(spec, given)]):
            progress.tell([("Reading", ", ".join(names))])
        with progress.step("start"), progress.imports():
            from headstart.core import BadData, BadInput
            from headstart.studies._dated import default_folder
            from headstart.studies._runner import run_study
        if json and csv:
            raise BadInput("Choose one of --json and --csv.")
        folder = default_folder(spec.name, resume) if out is None else out
        if resume:
            settings = begun_with(folder, resume, settings, spec.resumed)
        result = run_study(
            spec,
            given,
            out=folder,
            settings=settings,
            resume=resume,
            overwrite=overwrite,
            progress=progress,
            engine=engine_on(device, devices),
            columns=columns.options(spec.without) if spec.columns else {},
        )
    finally:
        progress.close()
    if not first:
        return
    if out is not None and not (folder / spec.page_file).is_file():
        build_page(folder)  # says which package it lacks
    _print(spec, result, folder, "json" if json else "csv" if csv else "table", quiet, progress.told)
    if out is None and not quiet and (json or csv):
        output.line(f"Page and record: {folder}", stderr=True)
    if unread := getattr(result, "unread", ()):
        count = "1 file was" if len(unread) == 1 else f"{len(unread)} files were"
        raise BadData("\n".join([f"{count} not read.", *unread[:5]]))


def answered_at_once(spec: Study, settings: Any, given: Mapping[str, Any]) -> bool:
    """Print what a study answers without a run, such as a list, if it does."""
    if not spec.answers:
        return False
    answer = spec.module("run").at_once(settings, given)
    if answer is not None:
        print_terminal(answer)
    return answer is not None


def _names(spec: Study, given: Mapping[str, Any]) -> Iterator[str]:
    """The data and the run that the study is given, as they were typed."""
    for item in spec.inputs:
        value = given.get(item.name) if item.kind in ("data", "target", "model") else None
        yield from (str(one) for one in (value if isinstance(value, list) else [value]) if one is not None)


def _print(spec: Study, result: Any, out: Path, form: Form, quiet: bool, told: Collection[str]) -> None:
    """Print the record, after the predictions of a study that predicts; what a machine reads stands alone."""
    record = getattr(result, "result", result)
    rows: list[Any] = []
    if spec.predicts:
        rows = list(zip(result.names, result.predictor.predictions(result.probabilities), strict=True))
    if form == "json":
        values = loads(record.to_json())
        predictions = [{"file": file} | vars(row) for file, row in rows]
        output.as_json({"answers": predictions, "record": values} if spec.predicts else values)
    elif spec.predicts:
        output.predictions(rows, result.predictor, form)
    if form == "table" and not (spec.predicts and quiet):
        show(spec, record, out, quiet, told)


def show(spec: Study, record: Any, out: Path, quiet: bool, told: Collection[str] = frozenset()) -> None:
    """Print for people: the table, sentences, notes that were not `told` yet, and where all lies."""
    terminal = terminal_of(record, out)
    terminal = replace(terminal, notes=[note for note in terminal.notes if note not in told])
    print_terminal(terminal, quiet)
    places = [*terminal.places, ("Page", spec.page_file), ("Record", spec.record_file)]
    lines = [(label, str(out / file)) for label, file in places if (out / file).exists()]
    lines += [("Next", command.replace("FOLDER", shlex.quote(str(out)))) for command in terminal.next]
    wide = max(8, *(len(label) + 2 for label, _ in lines)) if lines else 0
    for label, text in lines:
        output.line(f"{label + ':':<{wide}}{text}")


def print_terminal(terminal: Terminal, quiet: bool = False) -> None:
    """The table and the sentences."""
    if terminal.rows and not (quiet and terminal.answer):
        output.table(terminal.headings, terminal.rows, terminal.title)
    for sentence in (*(() if quiet else terminal.said), *terminal.answer):
        output.prose(sentence)


def _placed(item: Input) -> Any:
    """Annotation of an input by its place on the command line, which may be given as an option instead."""
    completed = complete_data if item.hint is str else None
    metavar = item.name.upper()
    text = f"What --{item.name} takes, by its place."
    return Annotated[
        item.hint | None,
        typer.Argument(help=text, metavar=metavar, show_default=False, autocompletion=completed),
    ]


def _by_name(either: list[Input], values: dict[str, Any]) -> dict[str, Any]:
    """The values with those that were given by their place under the names of the inputs.

    Raises:
        typer.BadParameter: one is missing, or there is one too many.
    """
    placed = [value for item in either if (value := values.pop(PLACE + item.name)) is not None]
    open_ = [item for item in either if not values[item.name]]
    first = either[0] if either else None
    if first and first.several and len(placed) > len(open_) and first not in open_:
        values[first.name] = [placed.pop(0), *values[first.name]]
    if len(placed) > len(open_):
        names = " and ".join(f"--{item.name}" for item in either if item not in open_)
        raise typer.BadParameter(f"{placed[-1]!r} is one too many beside {names}.")
    for item, value in zip(open_, placed, strict=False):
        values[item.name] = [value] if item.several else value
    if missing := [item.name for item in open_[len(placed) :]]:
        raise typer.BadParameter(f"The {missing[0]} is missing: give it by its place, or as --{missing[0]}.")
    return values


def _annotated(item: Input) -> tuple[Any, Any]:
    """Annotation and default of an input on the command line."""
    if item.kind == "data" and not item.option and item.default is ...:
        return Data, "clipart"
    if item.kind in ("backbone", "backbones"):
        several = item.several or item.kind == "backbones"
        again = " Repeatable, to search among several." if several else ""
        text = f"{KINDS_OF_BACKBONES}{again} {item.unnamed}"
        extra = typer.Option(
            "--backbone",
            help=SEVERAL if item.kind == "backbones" else text,
            show_default=False,
            autocompletion=complete_backbones,
        )
        return Annotated[list[str] | None if several else str | None, extra], None
    hint = list[item.hint] if item.several else item.hint  # type: ignore[name-defined]
    default = None if item.either else item.default
    hint = hint | None if default is None else hint
    text = item.help.replace("as `hs.data.load` takes them", "as for adapt")
    if item.option:
        names = [f"--{item.flag or item.name.replace('_', '-')}"]
        shown = item.default not in (..., None)
        extra = typer.Option(*names, help=text, metavar=item.metavar, show_default=shown)
    else:
        extra = typer.Argument(help=text, metavar=item.metavar, show_default=False)
    return Annotated[hint, extra], inspect.Parameter.empty if default is ... else default


def _shared(spec: Study) -> dict[str, tuple[Any, Any]]:
    """What all commands have: where results go, where to compute, how to print."""
    kinds = {item.kind: item.several for item in spec.inputs}
    weights = {"weights": (Weights, None)} if "backbone" in kinds else {}
    if kinds.get("backbone"):
        weights = {"weights": (WeightsOfEach, None)}
    if "backbones" in kinds:
        weights = {"weights": (WeightsOfSeveral, None)}
    out = Annotated[Path | None, typer.Option(metavar="FOLDER", help=OUT, show_default=False)]
    resume = Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Continue the study in the folder, or without --out the last one in runs.",
            rich_help_panel=RUNNING,
        ),
    ]
    overwrite = Annotated[
        bool,
        typer.Option("--overwrite", help="Replace the run that is in the folder.", rich_help_panel=RUNNING),
    ]
    csv = {"csv": (AsCsv, False)} if spec.predicts else {}
    return {
        **weights,
        **csv,
        "out": (out, None),
        "device": (Device, "auto"),
        **({"devices": (Devices, 1)} if spec.devices else {}),
        "resume": (resume, False),
        "overwrite": (overwrite, False),
        "json": (AsJson, False),
        "quiet": (Quiet, False),
    }
