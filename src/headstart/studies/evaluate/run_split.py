"""A run's own data, split as the run did: its model has learned from all but the test part."""

import json
from dataclasses import replace
from pathlib import Path

from headstart.data.check import check
from headstart.data.dataset import Dataset
from headstart.data.train_test_split import train_and_test
from headstart.predictor.predictor import Predictor
from headstart.studies._digest import digest
from headstart.studies._store import saved_settings
from headstart.studies.adapt import AdaptSettings


def run_of(folder: Path) -> Path:
    """The run folder of a run folder or of the model folder in it."""
    whole = folder.resolve()
    return whole.parent if (whole.parent / "result.json").is_file() and whole.name == "model" else whole


def with_run_split(data: Dataset, predictor: Predictor) -> Dataset:
    """The data with the split of the run of `adapt` that made the model of these very data; else as they are.

    Args:
        data: as they were loaded.
        predictor: opened from a folder, or not.
    """
    file = None if predictor.folder is None else run_of(predictor.folder) / "study.json"
    if file is None or not file.is_file():
        return data
    study = json.loads(file.read_text("utf-8"))
    settings = saved_settings(file.parent, AdaptSettings)
    if settings is None or "study" in study["settings"] or study.get("data") != digest(data):
        return data
    checked = check(data, untested=True)
    _, test = train_and_test(checked.dataset, settings.test, settings.seed)
    kept = set(checked.rows[test].tolist())
    return replace(data, split=tuple("test" if row in kept else "train" for row in range(len(data))))
