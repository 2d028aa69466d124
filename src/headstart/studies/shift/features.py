"""The two domains as a study takes them: rows that are drawn and can be read, and their common features."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import BadData
from headstart.data.check import check
from headstart.data.dataset import Dataset
from headstart.data.labels import Labels
from headstart.data.naming import natural
from headstart.data.random_draws import shuffled
from headstart.data.samples import Rows
from headstart.data.schemas import encoded, schema_of
from headstart.data.tables import Table
from headstart.data.unlabelled import CLASS, without_labels
from headstart.models.backbone import AnyBackbone
from headstart.models.fast import fast
from headstart.models.tables import TableEncoder
from headstart.models.tracing import quiet
from headstart.report.text import pluralise
from headstart.run.cache import Cache, key_of
from headstart.run.engine import Engine
from headstart.run.engine_choices import EngineChoices
from headstart.session.inputs import build_backbone, default_backbone, fit_to_data, loader_of
from headstart.studies._runner import Job
from headstart.studies.shift import ShiftSettings

WIDEST = 2048  # features; of more, those that vary most
BATCH = 16  # rows at a time on other devices


@dataclass(frozen=True)
class Domain:
    """The rows of a domain that are used.

    Rows that belong together are in one group, and so are pictures and texts that are the same or nearly;
    rows of numbers may be the same by chance.
    """

    data: Dataset  # these rows, without labels
    labels: Labels | None  # (n,) their classes; None if there are none
    total: int  # rows that there are
    unreadable: int  # of those that were drawn

    def __len__(self) -> int:
        return len(self.data)

    @property
    def groups(self) -> NDArray[np.int64]:
        """(n,) which rows belong together."""
        assert self.data.groups is not None
        return self.data.groups

    def notes(self) -> Iterator[str]:
        """What was left out."""
        if self.total > len(self) + self.unreadable:
            yield f"Of {self.total:,} rows of {self.data.name}, {len(self):,} drawn at random were used."
        if self.unreadable:
            verb = "is" if self.unreadable == 1 else "are"
            rows = pluralise(self.unreadable, "row")
            yield f"{rows} of {self.data.name} can't be read and {verb} left out."


def draw_rows(data: Dataset, most: int, seed: int, role: str) -> Domain:
    """At most so many rows of a domain, the readable ones of them.

    Raises:
        BadData: fewer than two rows can be read.
    """
    rows: Rows = np.arange(len(data))
    if len(data) > most:
        rows = np.sort(shuffled(len(data), seed, "rows", role)[:most])
    part = without_labels(data.subset(rows))
    if part.modality.by_columns:
        used = part if part.groups is not None else replace(part, groups=np.arange(len(part)))
    else:
        try:
            checked = check(part)
        except BadData as error:
            raise BadData(f"{data.name} has fewer than two rows that can be read. {error}") from error
        used, rows = checked.dataset, rows[checked.rows]
    labelled = data.label_kind == "classes" and data.classes != (CLASS,)
    return Domain(used, data.labels[rows] if labelled else None, len(data), len(part) - len(used))


def join_tables(source: Table, target: Table) -> Table:
    """The rows of the source and then those of the target; names of both in each categorical column.

    A column that the target lacks, because it never varies in the source, is empty there.
    """
    words = {
        name: tuple(sorted({*names, *target.words.get(name, ())}, key=natural))
        for name, names in source.words.items()
    }
    values = np.full((len(source) + len(target), len(source.names)), np.nan)
    for place, name in enumerate(source.names):
        values[: len(source), place] = _column(source, name, words)
        if name in target.names:
            values[len(source) :, place] = _column(target, name, words)
    return replace(source, name=f"{source.name} and {target.name}", values=values, words=words)


def _column(table: Table, name: str, words: dict[str, tuple[str, ...]]) -> NDArray[np.float64]:
    """(n,) numbers, or the codes of names among `words`; NaN where empty."""
    values: NDArray[np.float64] = np.asarray(table.values[:, table.names.index(name)], np.float64)
    if name not in words:
        return values
    place = {word: float(code) for code, word in enumerate(words[name])}
    codes = np.array([*(place[word] for word in table.words[name]), np.nan])
    return codes[np.where(np.isnan(values), len(codes) - 1, values).astype(np.int64)]


class Features(NamedTuple):
    """Both domains in the same features."""

    source: Tensor  # (n, d) float64
    target: Tensor  # (m, d)
    origin: str
    notes: tuple[str, ...] = ()


def extract_features(job: Job[ShiftSettings], source: Dataset, target: Dataset) -> Features:
    """Of the backbone that was named or suits the data; of tables, and of arrays without one, the columns.

    Raises:
        BadData: the backbone takes other samples.
        CannotWrite: the cache can't be written.
    """
    given = job.inputs["backbone"]
    if source.table is not None and target.table is not None:
        rows, origin = _encode_tables(source.table, target.table), "columns"
    elif given is None and source.modality.by_columns:
        flat = [np.asarray(data.array, np.float64).reshape(len(data), -1) for data in (source, target)]
        rows, origin = _standardise(torch.from_numpy(np.concatenate(flat))), "columns"
    else:
        backbone = fit_to_data(
            build_backbone(source, given or default_backbone(source)),
            source,
            job.settings.size,
            job.settings.fit,
        )
        done = job.progress.advance(len(source) + len(target))
        rows = torch.cat([_encode(job, backbone, data, done) for data in (source, target)])
        origin = backbone.name
    notes: tuple[str, ...] = ()
    if rows.shape[1] > WIDEST:
        notes = (f"Of {rows.shape[1]:,} features the {WIDEST:,} that vary most are compared.",)
        rows = rows[:, rows.var(0).argsort(descending=True, stable=True)[:WIDEST].sort().values]
    return Features(rows[: len(source)], rows[len(source) :], origin, notes)


def _encode_tables(source: Table, target: Table) -> Tensor:
    """Features (n + m, d) by the schema of all rows."""
    both = join_tables(source, target)
    schema = schema_of(both)
    encoder = TableEncoder(schema, hidden=0)
    with torch.inference_mode(), quiet(encoder):
        rows: Tensor = encoder(torch.from_numpy(encoded(both, schema).values)).double()
    return rows


def _standardise(rows: Tensor) -> Tensor:
    """Columns of mean 0 and deviation 1 over all rows; those that are constant become 0."""
    deviation, mean = torch.std_mean(rows, 0, correction=0)
    varies = deviation > 1e-12 * rows.abs().amax(0)
    return (rows - mean) * torch.where(varies, 1 / deviation, 0.0)


def _encode(
    job: Job[ShiftSettings], backbone: AnyBackbone, data: Dataset, done: Callable[[int], None]
) -> Tensor:
    """Features (n, d) of a frozen backbone in the order of the rows."""
    order = np.arange(len(data))
    if data.texts is not None:  # texts of one length are the quickest together
        order = np.argsort([len(text) for text in data.texts], kind="stable")
    samples = loader_of(data.subset(order), backbone, None)
    key = key_of(backbone.state_dict(), "features", backbone.name, str(backbone.readout), samples.content)
    folder = job.folder.path / "cache"
    store = Cache(folder, samples, _encoder(backbone, job.engine, len(data), folder), key, len(data))
    before = 0
    for filled in store.fill():
        done(filled - before)
        before = filled
    rows = torch.empty(len(data), backbone.width, dtype=torch.float64)
    rows[torch.from_numpy(order)] = store.fetch(np.arange(len(data)), np.full(len(data), -1)).double()
    return rows


def _encoder(backbone: AnyBackbone, engine: Engine, rows: int, folder: Path) -> Callable[[Tensor], Tensor]:
    if engine.device.type == "cpu":
        return fast(backbone, rows=rows, choices=EngineChoices(folder))
    moved = copy.deepcopy(backbone).to(engine.device).eval()

    def encode(x: Tensor) -> Tensor:
        with torch.inference_mode(), quiet(moved):
            return torch.cat([moved(rows.to(engine.device)) for rows in torch.split(x, BATCH)])

    return encode
