"""How `stream` is computed: the method, the source model and Norm predict and learn batch by batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadInput
from headstart.predictor.predictor import Predictor, open_model
from headstart.studies._runner import Job
from headstart.studies._spec import Study
from headstart.studies.stream import Prequential, StreamSettings
from headstart.studies.stream.contest import SOURCE, Contest
from headstart.studies.stream.items import Items, items_in
from headstart.studies.stream.stream_model import Stream, stream

SHARES = 20  # steps that the progress has at most
SORTED = (
    "The files came in the order of their names, so one class after the other: that is hard for methods that "
    "rely on the statistics of a batch. --shuffle draws another order."
)


@dataclass(frozen=True)
class StreamedFiles:
    """What the command prints: a prediction for each file, then the record.

    Attributes:
        result: the record.
        names: of the samples, such as their files.
        probabilities: (n, classes), of the method that adapts.
        predictor: that read the samples.
        unread: why files were left out.
    """

    result: Prequential
    names: Sequence[str]
    probabilities: NDArray[np.float64]
    predictor: Predictor
    unread: Sequence[str]


def load(
    _: Study, given: Mapping[str, Any], settings: StreamSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """The model, the files in their order, and where the state is written and read."""
    run = given["run"]
    predictor = run if isinstance(run, Predictor) else open_model(run)
    items = items_in(Path(given["folder"]), predictor, settings.labels, settings.shuffle, settings.seed)
    return {
        "run": predictor,
        "folder": items,
        "save": given.get("save"),
        "load": given.get("load"),
        "_task": Path(given["folder"]).name,
    }


def compute(job: Job[StreamSettings]) -> dict[str, Any]:
    """The record's own fields; the predictions are left for `finish`."""
    predictor, items, settings = job.inputs["run"], job.inputs["folder"], job.settings
    how = {"guards": "default" if settings.guards else (), "engine": job.engine}
    compare = (SOURCE, "norm") if _has_norms(predictor, settings) else (SOURCE,)
    contest = Contest([settings.method], predictor, [items], compare, settings.seed, how)
    adapting = contest.entries[0].stream
    assert isinstance(adapting, Stream)
    if job.inputs["load"] is not None:
        adapting.load(job.inputs["load"])
    job.artefacts["probabilities"] = _feed(job, contest)
    if job.inputs["save"] is not None:
        adapting.save(job.inputs["save"])
    if settings.labels and not settings.shuffle:
        job.notes.append(SORTED)
    return contest.fields(settings.batch, job.inputs["_task"])


def finish(job: Job[StreamSettings], record: Prequential) -> StreamedFiles:
    """The predictions beside the record."""
    items: Items = job.inputs["folder"]
    return StreamedFiles(record, items.names, job.artefacts["probabilities"], job.inputs["run"], items.unread)


def _has_norms(predictor: Predictor, settings: StreamSettings) -> bool:
    """Whether Norm is to be compared with: not with itself, and not without a normalisation."""
    if settings.method == "norm":
        return False
    try:
        stream("norm", predictor)
    except BadInput:
        return False
    return True


def _feed(job: Job[StreamSettings], contest: Contest) -> NDArray[np.float64]:
    """Probabilities (n, classes) of the contender that adapts, after all batches."""
    batch, rows = job.settings.batch, contest.rows
    share = max(batch, -(-rows // SHARES))
    ends = range(share, rows + share, share)
    steps = [f"rows up to {min(rows, end)}" for end in ends]
    job.progress.expect(dict.fromkeys(steps, 1.0))
    batches, outputs, done = contest.batches(batch), [], 0
    for step, end in zip(steps, ends, strict=True):
        with job.step(step):
            while done < min(end, rows):
                x, numbers = next(batches)
                outputs.append(contest.feed(x, numbers)[0].double().softmax(1).numpy())
                done += len(x)
    return np.concatenate(outputs)
