"""The one runner of all studies: load, check, compute trial by trial, write the record."""

import inspect
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import headstart
from headstart.core import BadInput, Method, make
from headstart.data.dataset import Dataset
from headstart.records.record import versions
from headstart.records.settings import StudySettings
from headstart.run.engine import Engine, One
from headstart.run.progress import Progress
from headstart.session.inputs import by_training_part
from headstart.session.recipes import settle_precision, settled_precision
from headstart.session.session import Session
from headstart.studies._inputs import digest, load
from headstart.studies._spec import Study, study
from headstart.studies._store import StudyFolder, merge_options, open_study, require_empty

S = TypeVar("S", bound=StudySettings)
METHODS = "_methods"  # among the inputs: methods that were given as objects, by label


def methods_of(specs: Iterable[str], inputs: Mapping[str, Any]) -> list[Method[Any]]:
    """The methods of the specs: those that the caller gave as objects, or new ones."""
    own = inputs.get(METHODS, {})
    return [own.get(spec) or make(spec) for spec in specs]


@dataclass(frozen=True)
class Trial:
    """One training whose value is kept when it is finished.

    Attributes:
        key: of its value in what `Job.trials` returns.
        name: of its step, unique in the study.
        label: how a note calls it.
        compute: returns the value (plain values, lists, dicts and tensors) given the path where the training
            may keep a checkpoint.
        seconds: a guess, for the progress bar.
    """

    key: Any
    name: str
    label: str
    compute: Callable[[Path], Any]
    seconds: float = 1.0


@dataclass
class Job(Generic[S]):
    """One run of a study.

    Attributes:
        spec: the study.
        settings: its options.
        inputs: what it was given, loaded, by name.
        folder: where it works, with the kept steps; a temporary one if nothing is to be kept.
        engine: where to compute.
        out: the caller's output folder; None if nothing is kept.
        notes: sentences for the record, in order.
        artefacts: what `compute` leaves for `finish`, such as a model.
        started: when, by `time.perf_counter`.
    """

    spec: Study
    settings: S
    inputs: dict[str, Any]
    folder: StudyFolder
    engine: Engine
    out: Path | None = None
    notes: list[str] = field(default_factory=list)
    artefacts: dict[str, Any] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)

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

    def settle_precision(self, backbone: Any) -> None:
        """Replace the precision that was asked for by the one to compute in, and note the choice."""
        settings: Any = self.settings
        self.settings, notes = settle_precision(settings, backbone, self.engine, self.folder.steps)
        self.notes += notes

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
            **more,
        )

    def trials(self, trials: Iterable[Trial]) -> dict[Any, Any]:
        """The values of the trials by key, each computed once and kept; those that diverge are noted."""
        planned = list(trials)
        self.progress.expect({f"try {trial.name}": trial.seconds for trial in planned})
        values: dict[Any, Any] = {}
        for trial in planned:
            kept = self.folder.trial(trial.name, trial.compute)
            if "diverged" in kept:
                self.notes.append(f"{trial.label}, is left out: {kept['diverged']}")
            else:
                values[trial.key] = kept["value"]
        return values

    def substudy(self, name: str, inputs: Mapping[str, Any], **options: Any) -> Any:
        """The record of another study on the same engine, as one part of this one; nothing is kept."""
        return run_study(study(name), inputs, engine=self.engine, **options)


def run_study(  # noqa: PLR0913  # what every study's function takes
    spec: Study,
    given: Mapping[str, Any],
    *,
    out: str | Path | None = None,
    settings: StudySettings | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    engine: Engine | None = None,
    columns: Mapping[str, Any] | None = None,
    **options: Any,
) -> Any:
    """Carry out a study: the same inputs, settings and seed give the same record, interrupted or not.

    Args:
        spec: the study.
        given: its inputs by name; one that is missing is None.
        out: folder for the record and the kept steps, new or empty unless `resume`; None keeps nothing.
        settings: or its fields as keyword options.
        resume: whether to continue the study in the folder.
        progress: shows the current step; None is silent.
        engine: where to compute; None is one process on the CPU.
        columns: of files, as `hs.data.load` takes them.
        **options: fields of the settings; `methods` may hold `Method` objects, `method` be one.

    Returns:
        The record, or what the study's `finish` makes of it.
    """
    methods, plain = _split_methods(options)
    chosen: Any = merge_options(settings, spec.settings(), plain)
    folder = None if out is None else Path(out)
    if folder is not None:
        require_empty(folder, resume)
    elif spec.needs_out:
        raise BadInput(f"{spec.name} writes a model: give out=, the folder for it.")
    progress = progress or Progress()
    try:
        inputs = {METHODS: methods} | (spec.hook("load") or load)(spec, given, chosen, dict(columns or {}))
        if check := spec.hook("check"):
            check(chosen, inputs)
        digests = {name: digest(value) for name, value in inputs.items() if spec.digests(name)}
        with open_study(folder, chosen, digests, resume, progress, spec) as store:
            return _carry_out(Job(spec, chosen, inputs, store, engine or One(), folder))
    finally:
        progress.close()


def _carry_out(job: Job[Any]) -> Any:
    """Compute in an open folder, write the record, and finish."""
    spec, module = job.spec, job.spec.module("run")
    if job.inputs.get("backbone") is not None and hasattr(job.settings, "precision"):
        job.settle_precision(job.inputs["backbone"])
    own = module.compute(job)
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
    job.folder.write(record, spec.record_file)  # last of all: a folder with a record is complete
    return result


def _split_methods(options: Mapping[str, Any]) -> tuple[dict[str, Method[Any]], dict[str, Any]]:
    """Methods that were given as objects, by label; and the options with their labels instead."""
    methods: dict[str, Method[Any]] = {}

    def label_of(value: Any) -> Any:
        if isinstance(value, Method):
            methods[value.label] = value
            return value.label
        return value

    plain = {name: label_of(value) for name, value in options.items() if name != "methods"}
    if "methods" in options:
        specs = options["methods"]
        several = (specs,) if isinstance(specs, Method) else specs
        plain["methods"] = specs if isinstance(specs, str) else tuple(dict.fromkeys(map(label_of, several)))
    return methods, plain


class StudyFunction:
    """The Python function of a study, such as `hs.curve`: its inputs, then settings as keywords."""

    def __init__(self, spec: Study) -> None:
        """Make the function; its docstring comes from the declaration."""
        self.spec = spec
        self.__name__ = self.__qualname__ = spec.function or spec.name
        self.__module__ = f"headstart.studies.{spec.name}"
        self.__doc__ = _docstring(spec)
        self.__signature__ = _signature(spec)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Carry out the study; see `run_study`."""
        bound = self.__signature__.bind(*arguments, **options).arguments
        more = bound.pop("options", {})
        given = {item.name: bound.pop(item.name) for item in self.spec.inputs if item.name in bound}
        return run_study(self.spec, given, **bound, **more)


def _signature(spec: Study) -> inspect.Signature:
    kind = inspect.Parameter
    own = [
        kind(
            item.name,
            kind.POSITIONAL_OR_KEYWORD if item.required or item.positional else kind.KEYWORD_ONLY,
            default=kind.empty if item.required else None,
        )
        for item in sorted(spec.inputs, key=lambda item: not item.required)
    ]
    own.sort(key=lambda parameter: parameter.kind)
    shared = inspect.signature(run_study).parameters
    keywords = [
        shared[name] for name in ("out", "settings", "resume", "progress", "engine", "columns", "options")
    ]
    finish = spec.hook("finish")
    returns = spec.record if finish is None else inspect.signature(finish).return_annotation
    return inspect.Signature([*own, *keywords], return_annotation=returns)


def _docstring(spec: Study) -> str:
    lines = [f"    {item.name}: {item.help}" for item in spec.inputs]
    shared = inspect.getdoc(run_study) or ""
    rest = shared[shared.index("    out: ") :]
    text = inspect.getdoc(spec.module()) or spec.summary
    return f"{text}\n\nArgs:\n" + "\n".join(lines) + f"\n{rest}"
