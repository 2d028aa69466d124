"""The command `serve`: finished runs as a server, for programs and for people."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import output, waiting
from .engines import Engine, open_by_engine
from .listening import Host, Port, Token, token_of, warn_if_open
from .options import RUNNING, Device, Quiet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headstart.server.served import Served
    from headstart.server.serving import Settings

MEGA = 2**20


def serve(
    runs: Annotated[
        list[Path], typer.Argument(help="Run folders, or the model folders in them.", metavar="RUN...")
    ],
    host: Host = "127.0.0.1",
    port: Port = 8000,
    token: Token = "",
    name: Annotated[
        list[str] | None,
        typer.Option(
            help="Name of a model in addresses, one a run. Default: its folder's.", show_default=False
        ),
    ] = None,
    batch: Annotated[int, typer.Option(help="Items that are computed together, at most.")] = 32,
    wait: Annotated[
        float, typer.Option(help="Milliseconds that a batch waits for items that are being read.")
    ] = 5,
    queue: Annotated[
        int, typer.Option(help="Items that may wait or be computed; more are refused with 503.")
    ] = 512,
    items: Annotated[int, typer.Option(help="Items of a request, at most.")] = 256,
    size: Annotated[int, typer.Option(help="Megabytes of a request, at most.")] = 32,
    pixels: Annotated[
        float, typer.Option(help="Millions of pixels of a picture, or of samples of a sound, at most.")
    ] = 50,
    timeout: Annotated[
        float, typer.Option(help="Seconds that a request may take to arrive, and then to be answered.")
    ] = 30,
    examples: Annotated[
        bool, typer.Option(help="Show the nearest training examples, where the run keeps them.")
    ] = True,
    check: Annotated[
        bool, typer.Option("--check", help="Load the models, say what would be served, and end.")
    ] = False,
    engine: Annotated[
        Engine,
        typer.Option(
            help="What computes: onnx, by each folder's model.onnx on the processor; torch, which also finds "
            "the nearest training examples and shares backbones; auto takes onnx for one run where it can.",
            metavar="auto|onnx|torch",
            rich_help_panel=RUNNING,
        ),
    ] = "auto",
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Answer requests with the models of finished runs: a page for people, an API for programs.

    Examples:
        headstart serve runs/photos
        headstart serve runs/photos runs/reviews --port 8080
    """
    from headstart.server.names import names_of_runs
    from headstart.server.running import bind, require_packages, run

    require_packages("headstart serve")
    given = {
        "batch": batch, "wait": wait, "queue": queue, "items": items, "size": size, "pixels": pixels,
        "timeout": timeout,
    }  # fmt: skip
    settings = _settings(host, token_of(token), given)
    if not check:
        bind(host, port).close()  # a port that is taken is told before anything is loaded
    with waiting.step("load"):
        models = _load(runs, names_of_runs(runs, name or ()), pixels, engine, device)
        app = _application(models, settings, examples)
    if check or not quiet:
        _show(models)
    if check:
        return

    def say(address: str) -> None:
        if not quiet:
            output.line(
                f"{address} answers until Ctrl-C: a page for people, POST {address}/predict for programs."
            )
            warn_if_open(host, settings.access.token)

    run(app, host, port, say=say)


def _settings(host: str, token: str, given: dict[str, float]) -> "Settings":
    """The settings of the server; those out of range are refused before a model is loaded."""
    from headstart.core import BadInput
    from headstart.server.body import Limits
    from headstart.server.predicting import Queueing
    from headstart.server.serving import Settings, access_to

    for name, value in given.items():
        least = 0.0 if name == "wait" else 1.0
        if not least <= value < float("inf"):
            raise BadInput(f"--{name} is {value:g}; it must be at least {least:g}.")
    seconds = given["timeout"]
    return Settings(
        access=access_to(host, token),
        limits=Limits(body_bytes=int(given["size"]) * MEGA, body_seconds=seconds, answer_seconds=seconds),
        items=int(given["items"]),
        queueing=Queueing(
            batch=int(given["batch"]),
            wait=given["wait"] / 1000,
            queue=int(given["queue"]),
            threads=_threads(),
        ),
    )


def _load(
    runs: list[Path], names: list[str], pixels: float, engine: Engine, device: str
) -> "Sequence[Served]":
    """Several runs by torch, which lets them share backbones; else each by the engine that is asked for."""
    most = int(pixels * 1e6)
    if len(runs) > 1 and engine != "onnx":
        from headstart.server.loading import load_models

        return load_models(runs, names, most, device)
    return [_open(run, name, most, engine, device) for run, name in zip(runs, names, strict=True)]


def _open(run: Path, name: str, most: int, engine: Engine, device: str) -> "Served":
    from headstart.core.model_folder import model_folder
    from headstart.runtime.onnx_predictor import OnnxPredictor

    predictor, notes = open_by_engine(run, engine, device, None)
    for note in notes:
        output.prose(note, stderr=True)
    if isinstance(predictor, OnnxPredictor):
        from headstart.server.onnx_models import OnnxModel

        return OnnxModel(name, predictor, model_folder(run), most)
    from headstart.predictor.predictor import Predictor
    from headstart.server.loading import one_model

    assert isinstance(predictor, Predictor)
    return one_model(name, run, predictor, most)


def _application(models: "Sequence[Served]", settings: "Settings", examples: bool) -> Any:
    from headstart.server.onnx_models import OnnxModel
    from headstart.server.serving import serving_app

    taught = [model for model in models if examples and not isinstance(model, OnnxModel)]
    if not taught:
        return serving_app(models, settings)
    from headstart.server.neighbours import Neighbours

    found = {model.name: Neighbours.of(model.name, model.folder) for model in taught}
    return serving_app(models, settings, {name: one for name, one in found.items() if one is not None})


def _show(models: "Sequence[Served]") -> None:
    """A row for each model; those with the same number share a backbone."""
    backbones = list(dict.fromkeys(id(model.engine) for model in models))
    rows = [
        (model.name, model.kind, model.label_kind, str(backbones.index(id(model.engine)) + 1))
        for model in models
    ]
    output.table(("model", "takes", "gives", "backbone"), rows)


def _threads() -> int:
    """Threads that read items: as many as there are processors, 4 at most."""
    return min(4, os.cpu_count() or 1)
