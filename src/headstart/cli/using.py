"""Commands that use finished runs: `export`, `report`, `runs`."""

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from . import output
from .options import AsJson, Run


def export(
    run: Run,
    file: Annotated[
        Path,
        typer.Argument(
            help="Output file: .onnx for the model, .safetensors for the encoder alone; with --to a folder."
        ),
    ],
    to: Annotated[
        Literal["web"] | None,
        typer.Option(
            metavar="web", help="Write a page that runs the model in a browser.", show_default=False
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
    """
    from headstart.core import BadInput
    from headstart.predictor.export import export_model
    from headstart.predictor.predictor import open_model

    if to is not None:
        from headstart.predictor.web_demo import write_web_demo

        write_web_demo(open_model(run), file, runtime)
        output.line(f"{file}: index.html, the model and onnxruntime-web. To look at it:")
        output.line(f"  python -m http.server --directory {shlex.quote(str(file))}")
        output.line("  then open http://localhost:8000")
        return
    if runtime is not None:
        raise BadInput("--runtime goes with --to web.")
    if file.suffix == ".safetensors":
        from headstart.models.encoders import save_encoder

        save_encoder(open_model(run).model, file)
        output.line(f"{file}: the encoder, without the head of these labels.")
        output.line(f"Next: headstart adapt DATA --backbone {file}")
        return
    predictor = open_model(run)
    difference = export_model(predictor, file)
    output.line(f"{file}: probabilities differ from torch's by {difference:.1e} at most.")
    output.line("Its metadata say how inputs are read: docs/how/deploy.md has examples without headstart.")
    if predictor.preprocess is not None and (window := predictor.preprocess.window):
        low, high = window
        output.line(f"It takes 8 bits: bring levels from {low:g} to {high:g} to 0 to 255 before.")


def push(
    run: Run,
    to: Annotated[
        str,
        typer.Option(
            metavar="FOLDER", help="A folder to write, or hf:USER/NAME, a repository of the Hugging Face hub."
        ),
    ],
    private: Annotated[
        bool, typer.Option("--private", help="Only you see the repository, if it is made now.")
    ] = False,
) -> None:
    """Write the model as a folder for the Hugging Face hub, or upload it: weights, card, ONNX, an example.

    Examples:
        headstart push run --to my-model/
        headstart push run --to hf:USER/NAME
    """
    from headstart.predictor.hub_folder import HUB, push_model

    written = push_model(run, to, private=private)
    output.line(f"{to}: {', '.join(written)}")
    if not to.startswith(HUB):
        output.line(f"Next: headstart predict {shlex.quote(to)} FILES")


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
    """List the runs in a folder, the latest first: when, how large on the disk, what came out.

    Examples:
        headstart runs
        headstart runs experiments/ --json
        headstart runs experiments/ --trim
    """
    from headstart.studies._history import list_runs, trim_runs

    if trim:
        output.line(f"{trim_runs(folder):.0f} MB are free now.", stderr=json)
    found = list_runs(folder)
    if json:
        output.as_json([asdict(run) for run in found])
        return
    if not found:
        output.line(f"There is no run in {str(folder)!r}. Make one: headstart adapt DATA --out runs/first")
        return
    rows = [(run.folder, run.study, run.changed, f"{run.megabytes:.0f}", run.answer) for run in found]
    output.table(("run", "study", "when", "MB on disk", "what came out"), rows)
