"""The features by which two domains are compared: of a frozen backbone, or the columns themselves."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from headstart.data.dataset import Dataset
from headstart.data.schemas import encoded, schema_of
from headstart.models.backbone import AnyBackbone
from headstart.models.fast import fast
from headstart.models.tables import TableEncoder
from headstart.models.tracing import quiet
from headstart.run.cache import Cache, key_of
from headstart.run.engine import Engine
from headstart.run.progress import Progress
from headstart.session.inputs import backbone_for, default_name, loader_of, suited
from headstart.studies.shift import ShiftSettings
from headstart.studies.shift.columns import joint

WIDEST = 2048  # features; of more, those that vary most
BATCH = 16  # rows at a time on other devices


class Features(NamedTuple):
    """Both domains in the same features."""

    source: Tensor  # (n, d) float64
    target: Tensor  # (m, d)
    origin: str
    notes: tuple[str, ...] = ()


def columns_of(source: Dataset, target: Dataset) -> Features:
    """Tables by the schema of all rows, arrays flattened and standardised."""
    if source.table is not None and target.table is not None:
        both = joint(source.table, target.table)
        schema = schema_of(both)
        encoder = TableEncoder(schema, hidden=0)
        with torch.inference_mode(), quiet(encoder):
            rows = encoder(torch.from_numpy(encoded(both, schema).values)).double()
    else:
        assert source.array is not None
        assert target.array is not None
        flat = [np.asarray(one.array, np.float64).reshape(len(one), -1) for one in (source, target)]
        rows = _standard(torch.from_numpy(np.concatenate(flat)))
    return _widest(Features(rows[: len(source)], rows[len(source) :], "columns"))


def by_backbone(
    domains: tuple[Dataset, Dataset],
    base: str | nn.Module | None,
    settings: ShiftSettings,
    cache: Path,
    engine: Engine,
    progress: Progress,
) -> Features:
    """What a frozen backbone, which suits the source, makes of both.

    Raises:
        BadData: the backbone takes other samples.
        CannotWrite: the cache can't be written.
    """
    source = domains[0]
    mapping = suited(backbone_for(source, base or default_name(source)), source, settings)
    done = progress.advance(sum(map(len, domains)))
    rows = [_encoded(mapping, data, cache, engine, done) for data in domains]
    return _widest(Features(rows[0], rows[1], mapping.name))


def _encoded(
    mapping: AnyBackbone, data: Dataset, cache: Path, engine: Engine, done: Callable[[int], None]
) -> Tensor:
    """Features (n, d) in the order of the rows."""
    order = np.arange(len(data))
    if data.texts is not None:  # texts of one length are the quickest together
        order = np.argsort([len(text) for text in data.texts], kind="stable")
    samples = loader_of(data.subset(order), mapping, None)
    key = key_of(mapping.state_dict(), "features", mapping.name, samples.content)
    store = Cache(cache, samples, _encoder(mapping, engine), key, len(data))
    before = 0
    for filled in store.fill():
        done(filled - before)
        before = filled
    found = torch.empty(len(data), mapping.width, dtype=torch.float64)
    found[torch.from_numpy(order)] = store.fetch(np.arange(len(data)), np.full(len(data), -1)).double()
    return found


def _encoder(mapping: AnyBackbone, engine: Engine) -> Callable[[Tensor], Tensor]:
    if engine.device.type == "cpu":
        quick = fast(mapping)

        def encode(x: Tensor) -> Tensor:
            with torch.inference_mode():
                features: Tensor = quick(x)
            return features

        return encode
    there = copy.deepcopy(mapping).to(engine.device).eval()

    def elsewhere(x: Tensor) -> Tensor:
        with torch.inference_mode(), quiet(there):
            return torch.cat([there(rows.to(engine.device)) for rows in torch.split(x, BATCH)])

    return elsewhere


def _standard(rows: Tensor) -> Tensor:
    """Columns of mean 0 and deviation 1 over all rows; those that are constant become 0."""
    deviation, mean = torch.std_mean(rows, 0, correction=0)
    alive = deviation > 1e-12 * rows.abs().amax(0)
    return (rows - mean) * torch.where(alive, 1 / deviation, 0.0)


def _widest(found: Features) -> Features:
    """Of too many features those that vary most over all rows."""
    width = found.source.shape[1]
    if width <= WIDEST:
        return found
    spread = torch.cat([found.source, found.target]).var(0)
    kept = spread.argsort(descending=True, stable=True)[:WIDEST].sort().values
    note = f"Of {width:,} features the {WIDEST:,} that vary most are compared."
    return found._replace(source=found.source[:, kept], target=found.target[:, kept], notes=(note,))
