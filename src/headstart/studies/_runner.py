"""The one runner of all studies: load, check, compute trial by trial, write the record."""

import inspect
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import headstart
from headstart.core import BadInput, Method, MissingPackage, Unknown, make
from headstart.data.column_as_data import refuse_column_as_data
from headstart.data.dataset import Dataset
from headstart.data.finding import taken
from headstart.data.label_fixes import Fixes, all_fixes, fix_labels
from headstart.data.load import load
from headstart.data.pooled import load_each
from headstart.data.unlabelled import load_unlabelled
from headstart.face import spell
from headstart.models.backbone import AnyBackbone
from headstart.predictor.predictor import Predictor, open_model
from headstart.records.record import versions
from headstart.records.settings import StudySettings
from headstart.run.engine import Engine, One
from headstart.run.progress import Progress
from headstart.session.inputs import build_backbone, default_backbone, fit_to_data, hand_on_head
from headstart.session.recipes import settle_precision, settled_precision
from headstart.session.session import Session
from headstart.session.table_backbone import by_training_part
from headstart.studies._dated import default_folder
from headstart.studies._digest import digest
from headstart.studies._page import build_page
from headstart.studies._processes import agreed, folder_of_process
from headstart.studies._spec import Study
from headstart.studies._store import (
    StudyFolder,
    merge_options,
    open_study,
    remove_run,
    require_empty,
    require_replaceable,
)
from headstart.studies._trials import Trial as Trial
from headstart.studies._trials import carry_out, tell_time

S = TypeVar("S", bound=StudySettings)
ROLES = ("path_column", "text_column", "label_column", "group_column", "split_column")
UNLABELLED = (*ROLES, "categorical", "columns", "encoding", "sheet")
COLUMNS = tuple(inspect.signature(load).parameters)[1:]
METHODS = "_methods"  # among the inputs: methods that were given as objects, by label


def methods_of(specs: Iterable[str], inputs: Mapping[str, Any]) -> list[Method[Any]]:
    """The methods of the specs: those that the caller gave as objects, or new ones."""
    own = inputs.get(METHODS, {})
    return [own.get(spec) or make(spec) for spec in specs]


@dataclass
class Job(Generic[S]):
    """One run of a study."""

    spec: Study
    settings: S  # its options
    inputs: dict[str, Any]  # what it was given, loaded, by name
    folder: StudyFolder  # where it works, with the kept steps; a temporary one if nothing is to be kept
    engine: Engine  # where to compute
    out: Path | None = None  # the caller's output folder; None if nothing is kept
    notes: list[str] = field(default_factory=list)  # sentences for the record, in order
    # what `compute` leaves for `finish`, such as a model
    artefacts: dict[str, Any] = field(default_factory=dict)

    @property
    def progress(self) -> Progress:
        """Shows the current step."""
        return self.folder.progress

    def step(self, name: str) -> Any:
        """A context that shows a step which is cheap enough to be computed again on resuming."""
        return self.progress.step(name)

    def methods(self, specs: Iterable[str]) -> list[Method[Any]]:
        """The methods of the specs: the caller's own objects, or new ones."""
        return methods_of(specs, self.inputs)

    def session(self, data: Dataset, train: Any, augment: bool = True, **more: Any) -> Session:
        """Where methods are fitted on `data`; the backbone of a table sees the rows `train` alone."""
        settings: Any = self.settings
        return Session(
            by_training_part(self.inputs["backbone"], data.subset(train)),
            data,
            cache=self.folder.path / "cache",
            precision=settled_precision(settings) if hasattr(settings, "precision") else "float32",
            augment=data.modality.augment if augment else None,
            engine=self.engine,
            watch=self.progress.watch,
            show=self.progress.share,
            **more,
        )

    def trials(
        self,
        trials: Iterable[Trial],
        budget: float | None = None,
        failed: dict[Any, str] | None = None,
        keep: float = 0.0,
    ) -> dict[Any, Any]:
        """The values of the trials by key, each computed once and kept; see `_trials.carry_out`."""
        return carry_out(trials, self.folder, self.notes, budget, failed, keep)


def run_study(  # noqa: PLR0913  # what every study's function takes
    spec: Study,
    given: Mapping[str, Any],
    *,
    out: str | Path | None = None,
    settings: StudySettings | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
    engine: Engine | None = None,
    columns: Mapping[str, Any] | None = None,
    **options: Any,
) -> Any:
    """Carry out a study: the same inputs, settings and seed give the same record, interrupted or not.

    Args:
        spec: the study.
        given: its inputs by name; one that is missing is None.
        out: folder for the record and the kept steps, new or empty unless `resume`; None keeps nothing, and
            where a model is written, names a folder by the time, in `runs`.
        settings: or its fields as keyword options.
        resume: whether to continue the study in the folder.
        overwrite: whether to replace a run in the folder, as soon as the inputs are loaded and checked.
        progress: shows the current step and knows when the work began; None shows a bar in a notebook and is
            silent elsewhere.
        engine: where to compute; None is one process on the CPU.
        columns: options of files, as `hs.data.load` takes them; each may be given by itself, too, as in
            `label_column="price"`.
        **options: fields of the settings; `methods` may hold `Method` objects, `method` be one.

    Returns:
        The record, or what the study's `finish` makes of it.
    """
    of_files = [name for name in options if name in COLUMNS and not hasattr(spec.settings, name)]
    columns = {**(columns or {}), **{name: options.pop(name) for name in of_files}}
    if unknown := [name for name in columns if name not in COLUMNS]:
        raise Unknown("column option", unknown[0], COLUMNS)
    methods, plain = _split_methods(options)
    chosen: Any = merge_options(settings, spec.settings(), plain)
    folder = _folder_for(spec, out, resume, overwrite)
    progress, engine = progress or Progress.to_notebook(), engine or One()
    try:
        with progress.step("load data and backbone"), progress.imports():
            refuse_column_as_data(given)
            inputs = {METHODS: methods} | (spec.hook("load") or load_inputs)(
                spec, given, chosen, dict(columns or {})
            )
            if check := spec.hook("check"):
                check(chosen, inputs)
            digests = {name: digest(value) for name, value in inputs.items() if spec.digests(name)}
        if folder is not None and overwrite and engine.rank == 0:
            remove_run(folder)
        with (
            folder_of_process(engine, folder, resume) as mine,
            open_study(mine, chosen, digests, resume, progress, spec) as store,
        ):
            return _carry_out(Job(spec, chosen, inputs, store, engine, mine))
    finally:
        progress.close()


def _folder_for(spec: Study, out: str | Path | None, resume: bool, overwrite: bool) -> Path | None:
    """Where a study may write; None if it keeps nothing."""
    if resume and overwrite:
        raise BadInput(
            f"Choose one of {spell('resume')} and {spell('overwrite')}: what is replaced can't be continued."
        )
    if out is None and resume and not spec.needs_out:
        raise BadInput(f"{spell('resume')} continues the study in a folder: give {spell('out')}, the folder.")
    if out is None and not spec.needs_out:
        return None
    folder = default_folder(spec.name, resume) if out is None else Path(out)
    if overwrite and folder.is_dir():
        require_replaceable(folder)
    else:
        require_empty(folder, resume)
    return folder


def _carry_out(job: Job[Any]) -> Any:
    """Compute in an open folder, write the record, and finish."""
    spec, module = job.spec, job.spec.module("run")
    if job.inputs.get("backbone") is not None and hasattr(job.settings, "precision"):
        backbone, steps = job.inputs["backbone"], job.folder.steps
        with job.step("settle the precision"):
            job.settings, notes = settle_precision(job.settings, backbone, job.engine, steps)
            bf16 = agreed(job.engine, job.settings.precision == "bf16")
            job.settings = replace(job.settings, precision="bf16" if bf16 else "float32")
        job.notes += notes
    data = [value for value in job.inputs.values() if isinstance(value, Dataset)]
    own = module.compute(job)
    job.notes[:0] = dict.fromkeys(text for one in data for text in taken(one) if text not in job.notes)
    job.notes += getattr(job.inputs.get("backbone"), "notes", ())
    record = spec.record(
        schema=spec.schema,
        headstart=headstart.__version__,
        command=job.folder.command,
        settings=job.settings.record(),
        seed=job.settings.seed,
        versions=versions(),
        notes=job.notes,
        **own,
    )
    finish = spec.hook("finish")
    result = record if finish is None else finish(job, record)
    job.folder.write(record, spec.record_file)  # a folder with a record is complete
    if job.out is not None:
        with job.step("write the page"), suppress(MissingPackage):  # which `headstart report` names
            build_page(job.out)
        if trim := spec.hook("trim"):
            trim(job)
    tell_time(job.settings, job.folder)
    return result


def _split_methods(options: Mapping[str, Any]) -> tuple[dict[str, Method[Any]], dict[str, Any]]:
    """Methods that were given as objects, by label; and the options with their labels instead."""
    methods: dict[str, Method[Any]] = {}

    def label_of(value: Any) -> Any:
        if isinstance(value, type) and issubclass(value, Method):
            raise BadInput(f"{value.__name__} is a class: write hs.methods.{value.__name__}().")
        if isinstance(value, Method):
            methods[value.label] = value
            return value.label
        return value

    plain = {name: label_of(value) for name, value in options.items() if name != "methods"}
    if "methods" in options:
        specs = options["methods"]
        several = (specs,) if isinstance(specs, Method | type) else specs
        plain["methods"] = specs if isinstance(specs, str) else tuple(dict.fromkeys(map(label_of, several)))
    return methods, plain


def load_inputs(
    spec: Study, given: Mapping[str, Any], settings: StudySettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """The inputs by name, data first, since backbones are built for them.

    Args:
        spec: the study.
        given: values by name of the input; `weights` goes with the backbone.
        settings: of the study; `size` and `fit` go with the backbone.
        columns: of files, as `hs.data.load` takes them.
    """
    inputs: dict[str, Any] = {}
    for item in sorted(spec.inputs, key=lambda item: item.kind == "backbone"):
        value = given.get(item.name)
        data = next((value for value in inputs.values() if isinstance(value, Dataset)), None)
        if item.kind == "backbone" and data is not None:
            value = load_backbone(value, data, settings, given.get("weights"))
        elif value is not None and item.kind == "model":
            value = value if isinstance(value, Predictor) else open_model(value)
        elif value is not None and item.kind == "target":
            value = load_target(value, data, columns)
        elif value is not None and item.kind == "data" and item.several:
            value = load_each(value, beside(columns))
        elif value is not None and item.kind == "data":
            fixes = given.get("label_fixes") if data is None else None
            value = load_labelled(value, columns if data is None else beside(columns), fixes)
        inputs[item.name] = value
    return inputs


def load_labelled(value: Any, columns: Mapping[str, Any], fixes: Fixes | None = None) -> Dataset:
    """A data set as it is, or labelled data as `hs.data.load` takes them, with label fixes."""
    data = value if isinstance(value, Dataset) else load(value, **columns)
    return fix_labels(data, found) if (found := all_fixes(fixes)) else data


def beside(columns: Mapping[str, Any]) -> dict[str, Any]:
    """The options for data beside the first: those have the window of the first if they need one."""
    return {name: value for name, value in columns.items() if name != "window"}


def load_target(value: Any, source: Dataset | None, columns: Mapping[str, Any]) -> Dataset:
    """Rows of the source's kind without their labels, if they have any."""
    kept = {name: column for name, column in columns.items() if name in UNLABELLED}
    return load_unlabelled(value, source, **kept)


def load_backbone(value: Any, data: Dataset, settings: Any, weights: str | None = None) -> AnyBackbone:
    """The backbone that was named, or the built-in one for the data, at the size of the settings."""
    backbone = build_backbone(data, default_backbone(data) if value is None else value, weights)
    if hasattr(settings, "size"):
        backbone = fit_to_data(backbone, data, settings.size, settings.fit)
    return hand_on_head(backbone, data, getattr(settings, "head", "keep"))
