"""The command that answers a stream with a model that adapts to it: `stream`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headstart.studies.stream.settings import StreamSettings

from . import output
from .arguments import Device, Quiet
from .options import with_options
from .predictions import show
from .using import Run

if TYPE_CHECKING:
    from headstart.studies.stream.record import Prequential
    from headstart.studies.stream.run import Contest

SHARES = 20  # lines or steps that the progress has at most


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(stream)


@with_options(StreamSettings, "settings")
def stream(
    run: Run,
    folder: Annotated[
        Path,
        typer.Argument(
            help="A folder of pictures at any depth, in the order of their names; or an .npz or .npy file, a "
            "file with a text a line, or a table, as the model takes them."
        ),
    ],
    save: Annotated[
        Path | None, typer.Option(help="Write the state at the end to this file.", show_default=False)
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Go on from a state that --save wrote.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the record and a page; must be new or empty.", show_default=False),
    ] = None,
    device: Device = "auto",
    json: Annotated[bool, typer.Option("--json", help="Print JSON with all probabilities.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print the answers as CSV.")] = False,
    quiet: Quiet = False,
    *,
    settings: StreamSettings,
) -> None:
    """Label a stream of files with a model that adapts to it as it goes, without labels and under guard."""
    from headstart.core import BadData, BadInput
    from headstart.predictor.predictions import to_prediction
    from headstart.predictor.predictor import open_model
    from headstart.run.engine import One
    from headstart.run.progress import Progress
    from headstart.studies._store import require_empty
    from headstart.studies.stream.items import items_in
    from headstart.studies.stream.run import Contest

    if json and csv:
        raise BadInput("Choose one of --json and --csv.")
    if out is not None:
        require_empty(out, False)
    predictor = open_model(run)
    progress = Progress.to_terminal(quiet or json)
    how = {"guards": "default" if settings.guards else (), "engine": One(device)}
    try:
        with progress.step("look at the files"):
            found = items_in(folder, predictor, settings.labels, settings.shuffle, settings.seed)
            compare = ("source", "norm") if _has_norms(predictor, settings) else ("source",)
            contest = Contest([settings.method], predictor, [found], compare, settings.seed, how)
        mine = contest.entries[0].stream
        assert mine is not None
        if resume is not None:
            mine.load(resume)
        outputs = _fed(contest, settings.batch, progress)
    finally:
        progress.close()
    if save is not None:
        mine.save(save)
    record = contest.record(settings.batch, folder.name, _notes(settings), settings.record())
    page = _written(record, out)
    rows = [to_prediction(row, "classes", predictor.classes, predictor.abstain) for row in outputs]
    answers = list(zip(found.names, rows, strict=True))
    if json:
        told = [{"file": file} | vars(one) for file, one in answers]
        output.as_json({"answers": told, "record": _plain(record)})
    else:
        show(answers, predictor, "csv" if csv else "table")
        _tell(record, page, quiet or csv)
    if found.unread:
        raise BadData(f"{len(found.unread)} files were not read. {' '.join(found.unread[:5])}")


def _has_norms(predictor: Any, settings: StreamSettings) -> bool:
    """Whether Norm is to be compared with: not with itself, and not without a normalisation."""
    from headstart.core import BadInput
    from headstart.studies.stream.stream_model import stream as start

    if settings.method == "norm":
        return False
    try:
        start("norm", predictor)
    except BadInput:
        return False
    return True


def _fed(contest: "Contest", batch: int, progress: Any) -> Any:
    """Probabilities (n, classes) of the contender that adapts, after all batches."""
    import numpy as np

    share = max(batch, -(-contest.rows // SHARES))
    steps = [f"rows up to {min(contest.rows, end)}" for end in range(share, contest.rows + share, share)]
    progress.expect(dict.fromkeys(steps, 1.0))
    batches, found, done = contest.batches(batch), [], 0
    for step, end in zip(steps, range(share, contest.rows + share, share), strict=True):
        with progress.step(step):
            while done < min(end, contest.rows):
                x, numbers = next(batches)
                found.append(contest.feed(x, numbers)[0].double().softmax(1).numpy())
                done += len(x)
    return np.concatenate(found)


def _notes(settings: StreamSettings) -> list[str]:
    if settings.labels and not settings.shuffle:
        note = (
            "The files came in the order of their names, so one class after the other: that is hard for "
            "methods that go by the statistics of a batch. --shuffle draws another order."
        )
        return [note]
    return []


def _written(record: "Prequential", out: Path | None) -> Path | None:
    if out is None:
        return None
    from headstart.run.checkpoint import write_atomically
    from headstart.studies.pages import build_page

    write_atomically(out / "stream.json", record.to_json().encode())
    return build_page(out)


def _plain(record: "Prequential") -> Any:
    import json

    return json.loads(record.to_json())


def _tell(record: "Prequential", page: Path | None, quiet: bool) -> None:
    from headstart.studies.stream.page import headings, rows, sentences, title

    if quiet:
        return
    output.table(headings(record), rows(record), title(record))
    for sentence in sentences(record):
        output.line(sentence)
    for note in record.notes:
        output.line(f"Note: {note}")
    if page is not None:
        output.line(f"Page:   {page}")
        output.line(f"Record: {page.with_suffix('.json')}")
