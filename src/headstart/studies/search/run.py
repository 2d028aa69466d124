"""Which method, with which settings? A search by cross-validation; the test part stays unseen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import nn

import headstart
from headstart.core import BadData, BadInput, Method, derive_seed, make
from headstart.data.check import check
from headstart.data.dataset import Dataset
from headstart.data.load import load
from headstart.data.splits import folds
from headstart.data.train_test_split import train_and_test
from headstart.models.backbone import AnyBackbone
from headstart.records import provenance as made_by
from headstart.records.measures import MEASURES
from headstart.records.record import Interval
from headstart.run.checkpoint import write_atomically
from headstart.run.engine import Engine, One
from headstart.run.progress import Progress
from headstart.run.step_cache import StepCache
from headstart.session.inputs import backbone_for, suited
from headstart.session.precision import settle_precision, settled_precision
from headstart.session.scoring import difference, selection_of
from headstart.session.source import refuse_sourced
from headstart.session.target import refuse_targeted
from headstart.session.training import training_session
from headstart.studies._inputs import backbone_digest, data_digest
from headstart.studies._store import prepare_folder, remove_unstarted, require_empty, saved_settings
from headstart.studies.search.crossed import Crossed
from headstart.studies.search.notes import adapt_options, listed_as, next_command, notes_of, nothing, value_of
from headstart.studies.search.optimiser import Optimiser, optuna_package, quiet
from headstart.studies.search.record import SCHEMA, Search, SearchTrial
from headstart.studies.search.settings import SearchSettings
from headstart.studies.search.spaces import Configured, Joint, joint_space

DEFAULT = ("logistic-probe", "ridge-probe", "fine-tune", "lp-ft")
SCRATCH = "from-scratch"
FILE = "search.json"
TRIALS = "trials.jsonl"


def search(  # noqa: PLR0913  # and how a command line names the data
    base: str | nn.Module,
    data: str | Path | Dataset | tuple[Any, Any],
    *,
    out: str | Path = "search",
    settings: SearchSettings | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    engine: Engine | None = None,
    named: Sequence[str] = (),
    **options: Any,
) -> Search:
    """Search for a method and its settings: TPE over the joint space, bad trials given up early.

    A trial is a method with settings, cross-validated on the training part: the rows that `adapt` would
    train on with the same `test` and `seed`. After each fold, a trial below the median of the former ones
    at that fold is given up. The first trials are the methods with their default settings, and training
    from scratch, which is never given up: what transfers must be better than that.
    Sampler: Bergstra et al. (2011), https://papers.nips.cc/paper/4443; software: arXiv:1907.10902.

    Args:
        base: a name, an `nn.Module` of yours, or what `hs.models.backbone` gave; never changed.
        data: whatever `hs.data.load` takes, or what it gave.
        out: folder for the record `search.json`, Optuna's trials and the finished folds; empty or new,
            unless `resume`.
        settings: or the same as keyword options: `methods`, specs such as "fine-tune:norm=train" or
            methods themselves, whose settings that are not the defaults stay; `trials`, `folds`, `budget`
            in seconds, `epochs`, `space`, `test`, `size`, `fit`, `batch`, `precision`, `seed`.
        resume: go on with an interrupted search, or with more `trials` or another `budget`; the trials are
            those of a search that was never interrupted.
        progress: shows what is going on; None: silent.
        engine: where to compute; None: one process on the CPU.
        named: words of a command line that name the data and the backbone, for the record's `next`.
        **options: fields of `SearchSettings` by name.

    Returns:
        The record: every trial, the best one, and the options with which `adapt` fits and tests it.

    Raises:
        MissingPackage: Optuna is not installed.
        BadData: nothing readable, one class, or a damaged file of trials.
        BadInput: an unknown name, a setting or range that can't be used; no trial was finished in the
            budget; on resuming, another study's folder.
        CannotWrite: the folder is not empty or can't be written to.
        Diverged: all finished trials have diverged.
    """
    optuna_package()
    settings = _told(settings or SearchSettings(), options)
    methods = [make(spec) for spec in dict.fromkeys(settings.methods or DEFAULT)]
    refuse_sourced(methods, "a search")
    refuse_targeted(methods, "a search")
    folder = Path(out)
    require_empty(folder, resume)
    dataset = data if isinstance(data, Dataset) else load(data)
    mapping = suited(backbone_for(dataset, base), dataset, settings)
    space = joint_space(methods, settings.space, len(mapping.blocks))
    digests = {"data": data_digest(dataset), "backbone": backbone_digest(mapping)}
    progress = progress or Progress()
    command = prepare_folder(folder, _begun_with(folder, settings), digests, resume, made_by.command())
    try:
        engine = engine or One()
        settings, said = settle_precision(settings, mapping, engine, StepCache(folder / "steps"))
        job = _Search(
            folder, command, settings, dataset, mapping, space, engine, progress, said, tuple(named)
        )
        return job.run()
    except (BadData, BadInput):
        remove_unstarted(folder)
        raise
    finally:
        progress.close()


def _told(settings: SearchSettings, options: dict[str, Any]) -> SearchSettings:
    """The settings with keyword options; methods become their specs."""
    plain = dict(options)
    if isinstance(plain.get("methods"), list | tuple):
        plain["methods"] = tuple(m.label if isinstance(m, Method) else m for m in plain["methods"])
    return replace(settings, **plain)


def _begun_with(folder: Path, settings: SearchSettings) -> SearchSettings:
    """The settings, with the trials and the budget that the folder was begun with: these may change."""
    old = saved_settings(folder, SearchSettings)
    return settings if old is None else replace(settings, trials=old.trials, budget=old.budget)


@dataclass(frozen=True)
class _Search:
    """The steps of `search`; each is written down when it is finished."""

    folder: Path
    command: str
    settings: SearchSettings
    data: Dataset
    backbone: AnyBackbone
    space: Joint
    engine: Engine
    progress: Progress
    said: list[str]  # of the precision
    named: tuple[str, ...] = ()

    def run(self) -> Search:
        with self.progress.step("look at the data"):
            checked = check(self.data, tokens=self.backbone.tokens).dataset
            rest, held = train_and_test(checked, self.settings.test, self.settings.seed)
        crossed = self._crossed(checked.subset(rest))
        queue = list(self._queue())
        values = [{"method": one.label} if one.label in self.space.methods else {} for one in queue]
        optimiser = Optimiser(self.folder / TRIALS, self.settings.seed, values)
        expected = range(optimiser.finished(), self.settings.trials)
        ahead = (f"trial {n} fold {k}" for n in expected for k in range(self.settings.folds))
        self.progress.expect(dict.fromkeys(ahead, 1.0))
        with quiet():
            while optimiser.finished() < self.settings.trials:
                if optimiser.finished() and crossed.out_of_time():
                    break
                trial = optimiser.next()
                if not self._try(trial, self._configured(trial, optimiser, queue), optimiser, crossed):
                    break
        record = self._record(optimiser.trials(), crossed, len(queue), len(held))
        write_atomically(self.folder / FILE, record.to_json().encode())
        return record

    def _queue(self) -> Iterator[Configured]:
        """What is tried first: a quick method, from scratch, then the others, all with their own settings."""
        quick_first = sorted(self.space.methods.values(), key=lambda method: not method.about.closed_form)
        plain = [Configured(method) for method in quick_first if method.label != SCRATCH]
        yield from (*plain[:1], Configured(make(SCRATCH)), *plain[1:])

    def _crossed(self, train: Dataset) -> Crossed:
        precision = settled_precision(self.settings)
        session = training_session(self.backbone, train, self.folder, precision, self.engine, self.progress)
        numbers = folds(
            train.strata, train.groups, self.settings.folds, derive_seed(self.settings.seed, "folds")
        )
        journal = StepCache(self.folder / "steps", tidy=False)
        former = sum(cost["seconds"] for cost in journal.spent().values())
        budget = None if self.settings.budget is None else self.settings.budget - former
        return Crossed(session, numbers, self.settings.training(), journal, self.progress, budget)

    def _configured(self, trial: Any, optimiser: Optimiser, queue: Sequence[Configured]) -> Configured:
        """What a trial tries; it is written down with it."""
        if trial.number < len(queue):
            config: Configured = queue[trial.number]
            if config.label in self.space.methods:
                trial.suggest_categorical("method", list(self.space.methods))
        else:
            config = self.space.suggest(trial, lambda name: optimiser.aim(trial, name))
        trial.set_user_attr("method", config.method.label)
        trial.set_user_attr("lr", config.lr)
        return config

    def _try(self, trial: Any, config: Configured, optimiser: Optimiser, crossed: Crossed) -> bool:
        """Carry out a trial; False if the time was over before its end, and it stays under way."""
        known = trial.number, optimiser.reported(trial)
        self.progress.forget(f"trial {trial.number} ")
        shown = [f"trial {trial.number} {config.label} fold {k}" for k in range(self.settings.folds)]
        self.progress.expect(dict.fromkeys(shown, 1.0))
        for number, step in enumerate(shown):
            if trial.number and crossed.out_of_time() and not crossed.done(config, number):
                return False
            why = crossed.fold(config, number, step)
            if not why and number not in known[1]:
                trial.report(crossed.value(config, number + 1), number)
            if not why and number >= max(known[1], default=0):
                why = self._behind(trial, number)
            if why:
                trial.set_user_attr("why", why)
                optimiser.give_up(trial)
                self.progress.forget(f"trial {trial.number} ")
                return True
        optimiser.complete(trial, crossed.value(config, len(shown)))
        return True

    def _behind(self, trial: Any, number: int) -> str:
        """Why a trial is given up after a fold, with the kind of reason first; else "".

        The first trials never are, and so not from-scratch, which is the second.
        """
        folds_done, of = number + 1, self.settings.folds
        if folds_done == of or not trial.should_prune():
            return ""
        return f"pruned after {folds_done} of {of} folds it was below the median of the trials before it"

    def _record(self, trials: Sequence[Any], crossed: Crossed, queued: int, test_rows: int) -> Search:
        listed = [listed_as(trial) for trial in trials]
        complete = [one for one in listed if one.state == "complete"]
        if not complete:
            raise nothing(listed, self.settings)
        best = max(complete, key=value_of)
        carried = [one for one in complete if make(one.method).about.transfers != "nothing"]
        plain = [one for one in carried if one.number < queued]
        scratch = next((one for one in complete if one.number < queued and one.method == SCRATCH), None)
        rival = max(carried, key=value_of, default=None)
        gain = self._gain(crossed, rival, scratch) if rival and scratch else None
        selection = selection_of(crossed.session.data.labels)
        return Search(
            schema=SCHEMA,
            headstart=headstart.__version__,
            command=self.command,
            task=self.data.name,
            classes=list(crossed.session.data.classes),
            train_rows=len(crossed.session.data),
            test_rows=test_rows,
            backbone=self.backbone.name,
            backbone_parameters=sum(p.numel() for p in self.backbone.parameters()),
            trials=listed,
            best=best,
            gain=gain,
            plain=max(plain, key=value_of, default=None),
            adapt=adapt_options(best, self.settings),
            next=next_command(self.named, adapt_options(best, self.settings), self.folder),
            notes=[
                *self.said,
                *notes_of(listed, self.settings, best, rival, gain, MEASURES[selection], test_rows),
            ],
            space=self.space.record(),
            settings=self.settings.record(),
            seed=self.settings.seed,
            versions=made_by.versions(),
            selection=selection,
        )

    def _gain(self, crossed: Crossed, ours: SearchTrial, theirs: SearchTrial) -> Interval:
        """Score of the first less the second's on the same rows."""
        found = [
            crossed.predictions(Configured(make(one.method), one.lr), self.settings.folds)
            for one in (ours, theirs)
        ]
        labels = crossed.session.data.labels[found[0][1]]
        return difference(found[0][0], found[1][0], labels, self.settings.seed, selection_of(labels))
