"""How `stream` is computed: the method, the source model and Norm predict and learn batch by batch."""

import shutil
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadInput
from headstart.data.columns import Columns
from headstart.face import spell
from headstart.predictor.predictor import Predictor, open_model
from headstart.streaming.inputs import Items, read_items
from headstart.streaming.protected import ProtectionWarning
from headstart.streaming.stream_model import Stream, stream
from headstart.studies._runner import Job
from headstart.studies._spec import Study
from headstart.studies.stream import Prequential, StreamSettings
from headstart.studies.stream.parts import Parts
from headstart.studies.stream.prequential import SOURCE, PrequentialEvaluation


@dataclass(frozen=True)
class StreamedFiles:
    """What the command prints: a prediction for each file, then the record."""

    result: Prequential
    names: Sequence[str]  # of the samples, such as their files
    probabilities: NDArray[np.float64]  # (n, classes), of the method that adapts
    predictor: Predictor  # that read the samples
    unread: Sequence[str]  # why files were left out


def load(
    _: Study, given: Mapping[str, Any], settings: StreamSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """The model, the files in their order, and where the state is written and read."""
    run, folder = given["run"], Path(given["folder"])
    predictor = run if isinstance(run, Predictor) else open_model(run)
    return {
        "run": predictor,
        "folder": read_items(
            folder, predictor, settings.labels, settings.shuffle, settings.seed, roles_of(columns)
        ),
        "save": given.get("save"),
        "load": given.get("load"),
        "_task": folder.name,
    }


def roles_of(columns: Mapping[str, Any]) -> Columns:
    """The roles of columns in a file of new rows."""
    return Columns(text=columns.get("text_column"), encoding=columns.get("encoding")).parsed(
        columns.get("columns")
    )


def compute(job: Job[StreamSettings]) -> dict[str, Any]:
    """The record's own fields; the predictions are left for `finish`."""
    predictor, items, settings = job.inputs["run"], job.inputs["folder"], job.settings
    guards = "default" if settings.guards else ()
    options = {"guards": guards, "protect": settings.protect, "engine": job.engine}
    compare = (SOURCE, "norm") if _has_norms(predictor, settings) else (SOURCE,)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProtectionWarning)  # it is a note of the record
        given = ([settings.method], predictor, [items], compare, settings.seed, options)
        evaluation = PrequentialEvaluation(*given)
    adapting = evaluation.entries[0].stream
    assert isinstance(adapting, Stream)
    if job.inputs["load"] is not None:
        adapting.load(job.inputs["load"])
    outputs = Parts(evaluation, job.folder, settings.batch).outputs()
    job.artefacts["probabilities"] = outputs.double().softmax(1).numpy()
    if job.inputs["save"] is not None:
        adapting.save(job.inputs["save"])
    job.notes.extend(evaluation.notes)
    if settings.labels and not settings.shuffle:
        job.notes.append(
            "The files came in the order of their names, so one class after the other: that is hard for "
            f"methods that rely on the statistics of a batch. {spell('shuffle', True)} draws another order."
        )
    return evaluation.fields(settings.batch, job.inputs["_task"])


def finish(job: Job[StreamSettings], record: Prequential) -> StreamedFiles:
    """The predictions beside the record."""
    items: Items = job.inputs["folder"]
    return StreamedFiles(record, items.names, job.artefacts["probabilities"], job.inputs["run"], items.unread)


def _has_norms(predictor: Predictor, settings: StreamSettings) -> bool:
    """Whether Norm is to be compared with: not with itself, and not without a normalisation."""
    if settings.method == "norm":
        return False
    try:
        stream("norm", predictor, protect=False)
    except BadInput:
        return False
    return True


def trim(job: Job[StreamSettings]) -> None:
    """Remove the kept answers and states of a finished stream."""
    shutil.rmtree(job.folder.path / "steps", ignore_errors=True)
