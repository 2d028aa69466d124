"""A model for an unlabelled target from a labelled source: tried, and chosen without target labels."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import headstart
from headstart.core import Diverged, HeadstartError, Method, make
from headstart.data.augment import Augment
from headstart.data.dataset import Dataset
from headstart.data.domains import of_same_labels
from headstart.data.load import load
from headstart.data.random_draws import shuffled
from headstart.metrics.kinds import measure_of
from headstart.models.backbone import AnyBackbone
from headstart.models.texts import Reader
from headstart.predictor.predictor import Predictor, open_model
from headstart.records.provenance import versions
from headstart.run.engine import Engine, One
from headstart.run.progress import Progress
from headstart.session.inputs import backbone_for, default_name, suited
from headstart.session.precision import settle_precision, settled_precision
from headstart.session.session import Session
from headstart.session.tables import by_training_part
from headstart.session.target import facing, refuse_without_target_labels
from headstart.session.weights import features
from headstart.studies._inputs import backbone_digest, data_digest
from headstart.studies._store import StudyFolder, merge_options, open_study, require_empty
from headstart.studies.align import contenders, words
from headstart.studies.align.card import card
from headstart.studies.align.given import Given, given, read_target
from headstart.studies.align.judging import Chosen, Trials, chosen, looks_of, row_of
from headstart.studies.align.record import SCHEMA, SOURCE_ONLY, Alignment, Look, Row
from headstart.studies.align.settings import AlignSettings
from headstart.studies.align.source_free import Saved, saved_in
from headstart.studies.align.trying import Trying, shipped
from headstart.studies.align.validators import ROWS, Validators, refuse_unscored
from headstart.studies.shift.record import Shift
from headstart.studies.shift.run import shift as shift_between

FILE = "align.json"
GUESS = {"numbers": 2000.0, "tables": 2000.0, "texts": 60.0, "pictures": 60.0}  # samples a second in training


@dataclass(frozen=True)
class Aligned:
    """What `align` gives.

    Attributes:
        result: the record.
        model: for new rows of the target.
        folder: with the record, the finished steps and the model; None: nothing was kept.
    """

    result: Alignment
    model: Predictor
    folder: Path | None


def align(  # noqa: PLR0913  # an option is an argument
    source: Any,
    target: Any,
    base: str | nn.Module | None = None,
    *,
    target_labelled: Any = None,
    out: str | Path | None = None,
    settings: AlignSettings | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    engine: Engine | None = None,
    columns: Mapping[str, Any] | None = None,
    **options: Any,
) -> Aligned:
    """Adapt a model to an unlabelled target domain, and report whether it helped.

    Every method is trained on the source's rows with their labels and the target's without, `seeds` times,
    and evaluated on the way; a score that needs no target label selects the model. If the target has labels,
    a share of its rows is held out and used for the table alone.

    Args:
        source: whatever `hs.data.load` takes; or a run folder or a `Predictor`, for source-free methods.
        target: rows with or without labels: whatever `hs.data.load_unlabelled` takes.
        base: a name, an `nn.Module` or a backbone, never changed; None: the built-in one for the data.
        target_labelled: labelled rows of the target to learn from, like `source`.
        out: new or empty folder for `align.json`, the model and the finished steps; None keeps nothing.
        settings: `methods` may hold methods themselves.
        resume: continue an interrupted study; it ends in the same bytes.
        progress: None is silent.
        engine: None is the CPU.
        **options: fields of `AlignSettings`.
        columns: of files, as `hs.data.load` takes them.

    Raises:
        BadData: nothing readable, other labels than the source's, other kinds or shapes of rows.
        BadInput: an unknown name, a setting out of range, an unsuited method, or another study.
        CannotWrite: the folder is not empty or can't be written to.
    """
    given_methods, plain = contenders.named(options)
    settings = merge_options(settings, AlignSettings(), plain)
    if folder := None if out is None else Path(out):
        require_empty(folder, resume)
    columns = columns or {}
    saved = saved_in(source, target, settings)
    mine = saved.like if saved else source if isinstance(source, Dataset) else load(source, **columns)
    refuse_unscored(settings.select, mine.label_kind)
    theirs, labelled = read_target(target, mine, settings, columns)
    known = target_labelled
    if known is not None and not isinstance(known, Dataset):
        known = load(known, **columns)
    known = None if known is None else of_same_labels(known, mine, settings.overlap)
    mapping = saved.mapping if saved else _mapping(mine, base, settings)
    usual = contenders.BLOCKS if contenders.by_name(mapping) else 0
    last = usual if settings.last is None else settings.last
    wanted = given_methods or [make(spec) for spec in settings.methods if spec != "auto"]
    methods = (
        contenders.methods_for(wanted, mine, last)
        if saved is None
        else contenders.methods_without_source(wanted, last)
    )
    refuse_without_target_labels(methods, known)
    digests = {
        "source": data_digest(mine),
        "target": data_digest(theirs),
        "backbone": backbone_digest(mapping),
        "labelled target": "" if labelled is None else data_digest(labelled),
        "target_labelled": "" if known is None else data_digest(known),
    }
    with open_study(folder, settings, digests, resume, progress or Progress()) as place:
        with place.progress.step("look at the data"):
            rows = given(mine, theirs, labelled, known, settings, saved is not None)
        settings, said = settle_precision(settings, mapping, engine or One(), place.steps)
        rows.notes.extend(said)
        study = _Study(place, settings, rows, mapping, engine or One(), saved)
        own = saved.mapping if saved else base if isinstance(base, nn.Module) else None
        return Aligned(study.run(methods), open_model(place.path, backbone=_plain(own)), folder)


def _mapping(source: Dataset, base: str | nn.Module | None, settings: AlignSettings) -> AnyBackbone:
    made = backbone_for(source, default_name(source) if base is None else base)
    return suited(made, source, settings)


def _plain(module: nn.Module | None) -> nn.Module | None:
    """The user's module, of what may be a backbone made of it."""
    inner = module.inner if isinstance(module, AnyBackbone) else module
    return inner.model if isinstance(inner, Reader) else inner


@dataclass
class _Study:
    """The steps of `align`; each is written down when it is finished."""

    place: StudyFolder
    settings: AlignSettings
    given: Given
    mapping: AnyBackbone
    engine: Engine
    saved: Saved | None = None  # a model in the place of the source

    def run(self, methods: list[Method[Any]]) -> Alignment:
        rows, settings = self.given, self.settings
        trying = self._trying()
        self.place.progress.expect(self._expected(methods))
        notes = list(rows.notes)
        found = {contenders.label(one): self._trials(trying, one, notes) for one in methods}
        if not found[SOURCE_ONLY]:
            raise Diverged(f"Training on the source alone diverged in every seed. {notes[-1]}")
        picked = chosen(found, settings.select)
        table = [
            row_of(one, label, found[label], found[SOURCE_ONLY], settings.select, rows.sealed)
            for one in methods
            if found[label := contenders.label(one)]
        ]
        table = [table[0], *sorted(table[1:], key=lambda row: -row.score)]
        mine = next(row for row in table if row.method == picked.method)
        metric = measure_of(rows.source.label_kind).main
        looks = [look for name, trials in found.items() for look in looks_of(name, trials, rows.sealed)]
        record = Alignment(
            schema=SCHEMA,
            headstart=headstart.__version__,
            command=self.place.command,
            source=rows.source.name,
            target=rows.target.name,
            classes=list(rows.source.classes),
            kind=rows.source.kind,
            source_rows=len(rows.train),
            held_rows=len(rows.held),
            target_rows=len(rows.learn),
            target_labelled_rows=0 if rows.target_labelled is None else len(rows.target_labelled),
            test_rows=rows.sealed.rows,
            backbone=trying.session.backbone.name,
            backbone_parameters=sum(p.numel() for p in trying.session.backbone.parameters()),
            metric=metric,
            chosen_by=settings.select,
            chosen=picked.method,
            chosen_seed=picked.seed,
            chosen_step=found[picked.method][picked.seed]["looks"][picked.look]["step"],
            headline=words.headline(mine, metric, settings.select, rows.sealed.rows),
            verdict=words.verdict(mine),
            table=table,
            looks=looks,
            shift=self._shift(notes),
            notes=[*self._cautions(table, looks, picked, metric), *notes],
            settings=settings.record(),
            seed=settings.seed,
            versions=versions(),
            label_kind=rows.source.label_kind,
        )
        self.place.write(record, FILE)
        kept = trying.model(contenders.step_name(picked.method, picked.seed))
        if kept.exists():  # or else it was shipped before, and this is a finished study once more
            shipped(kept, self.place.path / "model", card(record))
            shutil.rmtree(trying.folder, ignore_errors=True)
        return record

    def _cautions(self, table: list[Row], looks: list[Look], picked: Chosen, metric: str) -> list[str]:
        """What the figures say against the model that is shipped, and what other scores do."""
        mine = [look for look in looks if (look.method, look.seed) == (picked.method, picked.seed)]
        alone = [look for look in looks if look.method == SOURCE_ONLY]
        said = words.dissent(mine[picked.look], alone[-1], self.settings.select)
        return [*([said] if said else []), *words.cautions(table, picked.method, metric)]

    def _trying(self) -> Trying:
        rows, settings = self.given, self.settings
        session = Session(
            by_training_part(self.mapping, rows.source.subset(rows.train)),
            rows.source,
            cache=self.place.path / "cache",
            precision=settled_precision(settings),
            augment=Augment() if rows.source.is_images else None,
            engine=self.engine,
            watch=self.place.progress.watch,
        )
        session.target = facing(session, rows.target, rows.target_labelled, rows.learn)
        seen = rows.learn
        if len(seen) > ROWS:
            seen = np.sort(seen[shuffled(len(seen), settings.seed, "seen")[:ROWS]])
        with self.place.progress.step("look through both domains"):
            held = features(session, rows.held) if len(rows.held) else torch.zeros(0, 1)
            theirs = features(session.target.session, seen)
        labels = rows.source.labels[rows.held]
        validators = Validators(rows.source.label_kind, labels, held, theirs, settings.seed)
        head = None if self.saved is None else self.saved.head
        return Trying(session, rows, settings, validators, seen, self.place.path / "looks", head)

    def _trials(self, trying: Trying, method: Method[Any], notes: list[str]) -> Trials:
        """What each seed gave that did not diverge."""
        found = {}
        for seed in range(self.settings.seeds if not method.about.closed_form else 1):
            name = contenders.step_name(contenders.label(method), seed)
            checkpoint = self.place.steps.checkpoint(name)
            compute = partial(trying.trial, method, seed, name, checkpoint)
            if self.saved is not None and contenders.label(method) == SOURCE_ONLY:
                compute = partial(trying.as_it_is, self.saved.predictor.model, name)
            answer = self.place.once(name, compute)
            if "diverged" in answer:
                notes.append(f"{method.title}, seed {seed}, is left out: {answer['diverged']}")
            else:
                found[seed] = answer
        return found

    def _expected(self, methods: list[Method[Any]]) -> dict[str, float]:
        """The names of all steps with a guess of the seconds of each."""
        rows = 2 * max(len(self.given.train), len(self.given.learn))
        return {
            contenders.step_name(contenders.label(method), seed): 1.0
            if method.about.closed_form
            else self.settings.epochs * rows / GUESS[self.given.source.kind]
            for method in methods
            for seed in range(self.settings.seeds if not method.about.closed_form else 1)
        }

    def _shift(self, notes: list[str]) -> Shift | None:
        """How the target differs; a study does not fail because that can't be told."""
        rows = self.given
        if self.saved is not None:
            return None
        try:
            with self.place.progress.step("measure the shift"):
                found = shift_between(
                    rows.source.subset(rows.train),
                    rows.target,
                    self.mapping,
                    seed=self.settings.seed,
                    engine=self.engine,
                )
            return replace(found, command=self.place.command)
        except HeadstartError as error:
            notes.append(f"The shift was not measured: {error}")
            return None
