"""The session on the training part of a study, in the study's folder."""

from pathlib import Path

from headstart.data.dataset import Dataset
from headstart.models.backbone import AnyBackbone
from headstart.run.engine import Engine
from headstart.run.progress import Progress
from headstart.run.recipe import Precision
from headstart.session.session import Session
from headstart.session.tables import by_training_part


def training_session(
    backbone: AnyBackbone,
    train: Dataset,
    folder: Path,
    precision: Precision,
    engine: Engine,
    progress: Progress,
) -> Session:
    """A session on the training part: pictures in random views, cache and ticks kept in `folder`."""
    return Session(
        by_training_part(backbone, train),
        train,
        cache=folder / "cache",
        precision=precision,
        augment=train.modality.augment,
        engine=engine,
        logbook=folder / "ticks.jsonl",
        watch=progress.watch,
    )
