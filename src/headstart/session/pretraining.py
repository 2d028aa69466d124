"""Pre-training: which methods do it, checks of the data before it starts, and how long a step takes."""

import copy
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from headstart.core import BadData, BadInput, Grouped, Labelled, Method, SeededLabelled, Unknown, walk
from headstart.data.dataset import Dataset
from headstart.data.maybe_labelled import is_labelled
from headstart.data.random_draws import row_seeds, shuffled
from headstart.data.train_test_split import Rows
from headstart.face import spell
from headstart.methods.mapping.pretraining._self_supervised import NOTHING, SelfSupervised
from headstart.methods.mapping.pretraining._views import ViewSettings, views_of
from headstart.models.backbone import AnyBackbone
from headstart.nn.views.same import SameViews
from headstart.nn.views.views import Views
from headstart.run.recipe import Recipe
from headstart.run.state import Run, Tick
from headstart.session.input_pipeline import with_views
from headstart.session.session import Session

LR_OF_TEXTS = 1e-4  # with 1e-3 the features of texts are alike after 10 steps
LOOKED_AT = 256  # rows that are looked at before the start
LABELLED = (Labelled, Grouped, SeededLabelled)  # batches of what learns from labels of its rows
TIMED = 3  # steps that are timed; the first warms up


def pretrains(method: Method[Any]) -> bool:
    """Whether a method pre-trains an encoder on samples alone."""
    return isinstance(method, SelfSupervised)


def names_of_pretraining() -> list[str]:
    """Names of the methods that do."""
    return sorted(kind.about.name for kind in walk() if issubclass(kind, SelfSupervised))


def require_known(spec: str) -> None:
    """Raise `Unknown` with the methods that pre-train if no method at all has the name of a spec."""
    name = spec.partition(":")[0]
    if name not in {kind.about.name for kind in walk()}:
        raise Unknown("method of pre-training", name, names_of_pretraining())


def encoder_alone(method: Method[Any]) -> SelfSupervised[Any]:
    """The method without a stage that learns from labels.

    Raises:
        BadInput: it does not pre-train.
    """
    if method.about.needs_pair:
        raise BadInput(
            f"{method.about.name} learns from pictures with captions, by an encoder of each: take headstart "
            "pretrain-pairs or hs.pretrain_pairs."
        )
    if not isinstance(method, SelfSupervised):
        raise BadInput(
            f"{method.about.name} learns from labels, and pre-training takes samples alone. These methods "
            f"pre-train: {', '.join(names_of_pretraining())}."
        )
    return replace(method, then=NOTHING)


def has_labelled_stage(method: Method[Any]) -> bool:
    """Whether a stage that learns from labels comes after the pre-training."""
    return isinstance(method, SelfSupervised) and method.then != NOTHING


def needs_labels(method: Method[Any] | type[Method[Any]]) -> bool:
    """Whether the pre-training itself compares labels."""
    return issubclass(method.about.needs, SeededLabelled)


def require_labels(method: Method[Any], data: Dataset) -> None:
    """Raise `BadData` if a method learns from labelled rows, and the rows have no labels."""
    if method.about.needs in LABELLED and not is_labelled(data):
        raise BadData(
            f"{method.about.name} learns from labels, and the {len(data)} rows of {data.name} have none. "
            "Give labelled rows, or take a method that pre-trains on rows alone, such as simclr or "
            "masked-imputation."
        )


def require_weights_use(method: Method[Any], weights: object) -> None:
    """Raise `BadInput` if there are weights and a method ends with an encoder, which weighs no rows."""
    if weights is not None and pretrains(method) and not has_labelled_stage(method):
        raise BadInput(
            f"There are {spell('weights')}, which count labelled rows, and {method.label} weighs none: it "
            "ends with the encoder. Leave them out."
        )


def usual_rate(backbone: AnyBackbone, learned: bool, otherwise: float) -> float:
    """The learning rate where none is given: a low one of a network of texts that has `learned` something."""
    return LR_OF_TEXTS if learned and backbone.tokens is not None else otherwise


def view_maker(session: Session, method: Method[Any], rows: Rows, seed: int) -> nn.Module | None:
    """What makes a random view of samples for a method, by their seeds; None if it compares no views."""
    if not isinstance(method, ViewSettings):
        return None
    task = with_views(session, session.task(len(rows), seed), rows, seed)
    return views_of(method, session.backbone, task)


def two_views(views: nn.Module, x: Tensor, rows: Rows, seed: int) -> tuple[Tensor, Tensor]:
    """Two random views (n, ...) of samples x (n, ...) of rows (n,)."""
    draws = (torch.from_numpy(row_seeds(seed, rows, np.full(len(rows), number))) for number in range(2))
    first, second = (views(x, seeds) for seeds in draws)
    return first, second


def check_samples(session: Session, method: Method[Any], rows: Rows, seed: int) -> list[str]:
    """Notes on samples whose views are the same.

    Args:
        session: on the data.
        method: that pre-trains.
        rows: (n,) that it learns from.
        seed: of the views.

    Raises:
        BadData: there are fewer than two rows, or all samples are the same.
    """
    many = len(rows) + (0 if session.unlabelled is None else len(session.unlabelled.data))
    if many < 2:
        raise BadData(
            f"{session.data.name} leaves {many} row to pre-train on, and a method compares at least two. "
            "Give more."
        )
    some = np.sort(rows[shuffled(len(rows), seed, "look")[:LOOKED_AT]])
    x = session.samples(some)
    if len(x) > 1 and bool((x == x[:1]).all()):
        raise BadData(
            f"All {len(x)} samples of {session.data.name} that were looked at are the same, so there is "
            "nothing to tell apart. Give other data."
        )
    views = view_maker(session, method, rows, seed)
    if views is None or isinstance(views, SameViews):
        return []
    first, second = two_views(views, x, some, seed)
    if not torch.equal(first, second) or (isinstance(views, Views) and views.caution):
        return []  # a caution says why they are the same, and becomes a note of the training
    note = (
        f"The two views of each of {len(x)} samples are the same: nothing random is left in them. Any "
        f"encoder solves that, so it learns little. Loosen the settings of {method.about.name}, or give your "
        "own views."
    )
    return [note]


def seconds_of_step(session: Session, method: Method[Any], rows: Rows, recipe: Recipe) -> float:
    """Seconds of a step of a training, by the quickest of a few; nothing of it is kept."""
    ends: list[float] = []

    def clocked(ticks: Iterable[Tick], _run: Run[Any]) -> Iterator[Tick]:
        for tick in ticks:
            ends.append(time.perf_counter())
            yield tick

    timed = copy.copy(session)
    timed.watch, timed.logbook = clocked, None
    timed.fit(method, rows, replace(recipe, steps=TIMED))
    return float(np.diff(ends).min())
