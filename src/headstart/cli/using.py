"""Commands that use finished runs: `export`, `push`, `report`, `runs`."""

import shlex
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from . import output, waiting
from .options import FILES, AsJson, Run

if TYPE_CHECKING:
    from headstart.studies._history import PastRun


def export(
    run: Run,
    file: Annotated[
        Path,
        typer.Argument(
            help="Output file: .onnx for the model, .safetensors for the encoder alone or, with --to "
            "adapters, for all but the encoder; with --to web or peft a folder."
        ),
    ],
    to: Annotated[
        Literal["web", "adapters", "peft"] | None,
        typer.Option(
            metavar="web|adapters|peft",
            help="Write a page that runs the model in a browser, or its adapters and head without the "
            "backbone, as a file or as the library PEFT reads them.",
            show_default=False,
        ),
    ] = None,
    int8: Annotated[
        bool,
        typer.Option(
            "--int8", help="With weights of 8 bits, if it predicts held-out rows as well. Needs --data."
        ),
    ] = False,
    data: Annotated[
        str | None,
        typer.Option(
            help="Of --int8: the data of the run, whose test part is measured on; or other labelled data.",
            show_default=False,
        ),
    ] = None,
    most: Annotated[float, typer.Option(help="Of --int8: the largest drop of the main metric.")] = 0.01,
    label_column: Annotated[
        str, typer.Option(help="Of a file that --data names: the column of labels.", rich_help_panel=FILES)
    ] = "label",
    text_column: Annotated[
        str | None,
        typer.Option(
            help="Of a file that --data names: the column of texts. Default: text.",
            show_default=False,
            rich_help_panel=FILES,
        ),
    ] = None,
    runtime: Annotated[
        Path | None,
        typer.Option(
            help="Of --to web: the package onnxruntime-web, a .tgz of npm pack or its folder. Default: npm "
            "fetches it, once.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Export the model to ONNX or a web page, or its encoder to safetensors; ONNX files are checked.

    Examples:
        headstart export run model.onnx
        headstart export run encoder.safetensors
        headstart export --to web run page
        headstart export --to adapters run adapters.safetensors
        headstart export --to peft run lora
        headstart export --int8 --data photos/ run model.onnx
    """
    from headstart.predictor.export import export_model
    from headstart.predictor.predictor import open_model

    _require_fitting(to, runtime, int8, data)
    if to is not None:
        if to == "web":
            _write_page(run, file, runtime)
        else:
            (_write_adapters if to == "adapters" else _write_peft)(run, file)
        return
    if data is not None:
        _export_int8(run, file, data, most, {"label_column": label_column, "text_column": text_column})
        return
    if file.suffix == ".safetensors":
        from headstart.models.encoders import save_encoder

        save_encoder(open_model(run).model, file)
        output.line(f"{file}: the encoder, without the head of these labels.")
        output.line(f"Next: headstart adapt DATA --backbone {file}")
        return
    with waiting.step("export") as show:
        predictor = open_model(run)
        difference = export_model(predictor, file, show)
    output.prose(f"{file}: probabilities differ from torch's by {difference:.1e} at most.")
    output.prose(
        "Its metadata say how inputs are read. The page “A model in use” of the documentation has "
        "examples that run it without headstart."
    )
    if predictor.preprocess is not None and (window := predictor.preprocess.window):
        low, high = window
        output.line(f"It takes 8 bits: bring levels from {low:g} to {high:g} to 0 to 255 before.")


def _require_fitting(to: str | None, runtime: Path | None, int8: bool, data: str | None) -> None:
    from headstart.core import BadInput

    if to is not None and int8:
        raise BadInput("Choose one of --to and --int8.")
    if runtime is not None and to != "web":
        raise BadInput("--runtime goes with --to web.")
    if data is None and int8:
        raise BadInput("--int8 is measured on rows left out of training. Name the data of the run: --data.")
    if data is not None and not int8:
        raise BadInput("--data goes with --int8, which is measured on them.")


def _write_page(run: Path, folder: Path, runtime: Path | None) -> None:
    from headstart.predictor.predictor import open_model
    from headstart.predictor.web_demo import write_web_demo

    with waiting.step("export") as show:
        write_web_demo(open_model(run), folder, runtime, show)
    output.line(f"{folder}: index.html, the model and onnxruntime-web. To look at it:")
    output.line(f"  python -m http.server --directory {shlex.quote(str(folder))}")
    output.line("  then open http://localhost:8000")


def _write_adapters(run: Path, file: Path) -> None:
    from headstart.predictor.export_adapters import export_adapters
    from headstart.predictor.predictor import open_model

    predictor = open_model(run)
    size = export_adapters(predictor, file)
    whole = sum(one.numel() * one.element_size() for one in predictor.model.state_dict().values())
    output.prose(
        f"{file}: adapters and head, {size / 1e6:.2f} MB, {100 * size / whole:.1f} % of the model. They need "
        f"the backbone {predictor.model.name!r}."
    )
    output.line(f"Next: headstart predict {shlex.quote(str(file))} FILES")


def _write_peft(run: Path, folder: Path) -> None:
    from headstart.predictor.export_peft import HEAD, export_peft
    from headstart.predictor.predictor import open_model

    predictor = open_model(run)
    export_peft(predictor, folder)
    output.prose(
        f"{folder}: adapters of PEFT for {predictor.model.name!r}, which gives features, and {HEAD}, from "
        "features to outputs. To use it: peft.PeftModel.from_pretrained(model, folder)."
    )


def _export_int8(run: Path, file: Path, data: str, most: float, columns: dict[str, Any]) -> None:
    from headstart.predictor.predictor import open_model
    from headstart.report.metric import get_metric
    from headstart.report.text import percent
    from headstart.studies.evaluate.int8 import export_int8

    with waiting.step("export") as show:
        done, name = export_int8(open_model(run), data, file, columns, most, show)
    metric = get_metric(name)
    after, before = metric.value(done.after), metric.value(done.before)
    output.prose(f"{file}: {metric.title} {after} on {done.rows} held-out rows, {before} in float32.")
    if done.agreement is not None:
        output.line(f"{percent(done.agreement)} of the answers are the same.")
    output.prose(
        f"{done.smaller:.1f} times smaller; {done.faster:.1f} times as fast here, with {done.way} ranges."
    )


def push(
    run: Run,
    to: Annotated[
        str,
        typer.Argument(
            metavar="FOLDER", help="A folder to write, or hf:USER/NAME, a repository of the Hugging Face hub."
        ),
    ],
    private: Annotated[
        bool, typer.Option("--private", help="Only you see the repository, if it is made now.")
    ] = False,
) -> None:
    """Write the model as a folder for the Hugging Face hub, or upload it: weights, card, ONNX, an example.

    Examples:
        headstart push run my-model/
        headstart push run hf:USER/NAME
    """
    from headstart.predictor.hub_folder import HUB, push_model
    from headstart.studies.adapt.next_commands import predict_pushed

    with waiting.step("write the files") as show:
        written = push_model(run, to, private=private, show=show)
    output.line(f"{to}: {', '.join(written)}")
    if not to.startswith(HUB) and (way := predict_pushed(run, to)):
        output.line(f"Next: {way}")


def report(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
) -> None:
    """Rebuild the page of a finished study from its record.

    Examples:
        headstart report run
    """
    from headstart.studies import build_page

    output.line(str(build_page(run)))


def runs(
    folder: Annotated[Path, typer.Argument(help="A folder of run folders, also deeper ones.")] = Path(),
    trim: Annotated[
        bool, typer.Option("--trim", help="First remove from finished runs what no command needs any more.")
    ] = False,
    json: AsJson = False,
) -> None:
    """List the runs in a folder: data, main figure and metric; those of the same data together, best first.

    Examples:
        headstart runs
        headstart runs experiments/ --json
        headstart runs experiments/ --trim
    """
    from headstart.report.text import megabytes, pluralise
    from headstart.studies._history import compare_runs, list_runs, trim_runs

    if trim:
        output.line(f"{trim_runs(folder):.0f} MB are free now.", stderr=json)
    found = list_runs(folder)
    if json:
        output.as_json([asdict(run) for run in compare_runs(found)])
        return
    if not found:
        output.line(f"There is no run in {str(folder)!r}. Make one: headstart adapt DATA --out runs/first")
        return
    for kind, alike in groupby(compare_runs(found), key=lambda run: run.kind):
        _print_alike(kind, list(alike), folder)
    for run in found:
        if run.figure is None:
            output.prose(f"{run.folder}: {run.answer}")
    size = megabytes(sum(run.megabytes for run in found))
    output.line(f"{pluralise(len(found), 'run')}, {size} on the disk.")


def _print_alike(kind: tuple[str, str, str, str], alike: "list[PastRun]", folder: Path) -> None:
    """A table of runs of the same study, data and metric; none of runs without a figure."""
    from headstart.report.metric import get_metric

    metric = get_metric(kind[2])
    figures = [(run, run.figure) for run in alike if run.figure is not None]
    rows = [
        (
            str(Path(run.folder).relative_to(folder)),
            str(metric.shown(figure.interval)) if figure.interval else metric.value(figure.value),
            run.changed,
        )
        for run, figure in figures
    ]
    if rows:
        heading = f"{metric.title} of {kind[3]}" if kind[3] else metric.title
        output.table(("run", heading, "when"), rows, f"{kind[0]}: {kind[1]}", whole=1)
