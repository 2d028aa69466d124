"""How `search` is computed: trials by cross-validation, which Optuna proposes and prunes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.core import Method, derive_seed, make
from headstart.data.check import check as check_data
from headstart.data.dataset import Dataset
from headstart.data.splits import folds
from headstart.data.train_test_split import train_and_test
from headstart.records.record import Interval
from headstart.report.metric import get_metric
from headstart.session.requirements import require_data
from headstart.session.scoring import difference, selection_of
from headstart.studies._runner import Job
from headstart.studies.search import SearchSettings, SearchTrial
from headstart.studies.search.cross_validation import CrossValidator
from headstart.studies.search.optimiser import Optimiser, optuna_package, quiet
from headstart.studies.search.spaces import Configured, Joint, joint_space
from headstart.studies.search.summary import (
    adapt_options,
    next_command,
    no_trial_error,
    notes_of,
    record_trial,
    score_of,
)

DEFAULT = ("logistic-probe", "ridge-probe", "fine-tune", "lp-ft")
SCRATCH = "from-scratch"
TRIALS = "trials.jsonl"


def check(settings: SearchSettings, inputs: Mapping[str, Any]) -> None:
    """Refuse methods that need a source or a target, and ranges that a method does not take."""
    optuna_package()
    methods = [make(spec) for spec in settings.methods or DEFAULT]
    require_data(methods, "a search")
    joint_space(methods, settings.space, len(inputs["backbone"].blocks))


def compute(job: Job[SearchSettings]) -> dict[str, Any]:
    """The record's own fields."""
    settings, backbone = job.settings, job.inputs["backbone"]
    with job.step("look at the data"):
        data = check_data(job.inputs["data"], reader=backbone.reader).dataset
        rest, held = train_and_test(data, settings.test, settings.seed)
    methods = job.methods(dict.fromkeys(settings.methods or DEFAULT))
    space = joint_space(methods, settings.space, len(backbone.blocks))
    search = _search(job, data.subset(rest), space)
    search.run()
    trials = [record_trial(trial) for trial in search.optimiser.trials()]
    return {
        "task": job.inputs["data"].name,
        "classes": list(data.classes),
        "train_rows": len(rest),
        "test_rows": len(held),
        "backbone": backbone.name,
        "backbone_parameters": sum(p.numel() for p in backbone.parameters()),
        "space": space.record(),
        **_results(job, search, trials, len(held)),
    }


@dataclass(frozen=True)
class _Search:
    """One search: what proposes trials, what carries them out, and what is tried first.

    Attributes:
        job: of the study.
        space: that is searched.
        validator: carries out trials, fold by fold.
        optimiser: proposes and prunes them.
        queue: the first trials.
    """

    job: Job[SearchSettings]
    space: Joint
    validator: CrossValidator
    optimiser: Optimiser
    queue: Sequence[Configured]

    def run(self) -> None:
        """Carry out trials until there are enough of them, or the time is over."""
        optimiser, settings, progress = self.optimiser, self.job.settings, self.job.progress
        expected = range(optimiser.finished(), settings.trials)
        ahead = (f"trial {n} fold {k}" for n in expected for k in range(settings.folds))
        progress.expect(dict.fromkeys(ahead, 1.0))
        with quiet():
            while optimiser.finished() < settings.trials:
                if optimiser.finished() and self.validator.out_of_time():
                    break
                trial = optimiser.next()
                if not self._try(trial, self._configuration(trial)):
                    break

    def _configuration(self, trial: Any) -> Configured:
        """What a trial tries; it is written down with it."""
        if trial.number < len(self.queue):
            config: Configured = self.queue[trial.number]
            if config.label in self.space.methods:
                trial.suggest_categorical("method", list(self.space.methods))
        else:
            config = self.space.suggest(trial, lambda name: self.optimiser.aim(trial, name))
        trial.set_user_attr("method", config.method.label)
        trial.set_user_attr("lr", config.lr)
        return config

    def _try(self, trial: Any, config: Configured) -> bool:
        """Carry out a trial; False if the time was over before its end, and it stays under way."""
        reported, progress = self.optimiser.reported(trial), self.job.progress
        progress.forget(f"trial {trial.number} ")
        shown = [f"trial {trial.number} {config.label} fold {k}" for k in range(self.job.settings.folds)]
        progress.expect(dict.fromkeys(shown, 1.0))
        for number, step in enumerate(shown):
            if trial.number and self.validator.out_of_time() and not self.validator.done(config, number):
                return False
            why = self.validator.fold(config, number, step)
            if not why and number not in reported:
                trial.report(self.validator.value(config, number + 1), number)
            if not why and number >= max(reported, default=0):
                why = self._behind(trial, number)
            if why:
                trial.set_user_attr("why", why)
                self.optimiser.give_up(trial)
                progress.forget(f"trial {trial.number} ")
                return True
        self.optimiser.complete(trial, self.validator.value(config, len(shown)))
        return True

    def _behind(self, trial: Any, number: int) -> str:
        """Why a trial is pruned after a fold, with the kind of reason first; else "".

        The first trials never are, and so not from-scratch, which is the second.
        """
        folds_done, of = number + 1, self.job.settings.folds
        if folds_done == of or not trial.should_prune():
            return ""
        return f"pruned after {folds_done} of {of} folds it was below the median of the trials before it"


def _search(job: Job[SearchSettings], train: Dataset, space: Joint) -> _Search:
    """The search on the training part, as far as it was carried out before."""
    settings, folder = job.settings, job.folder
    session = job.session(train, np.arange(len(train)), logbook=folder.path / "ticks.jsonl")
    fold_of = folds(train.strata, train.groups, settings.folds, derive_seed(settings.seed, "folds"))
    former = sum(cost["seconds"] for cost in folder.steps.spent().values())
    budget = None if settings.budget is None else settings.budget - former
    validator = CrossValidator(session, fold_of, settings.training(), folder.steps, job.progress, budget)
    queue = list(_first_trials(list(space.methods.values())))
    values = [{"method": config.label} if config.label in space.methods else {} for config in queue]
    return _Search(job, space, validator, Optimiser(folder.path / TRIALS, settings.seed, values), queue)


def _first_trials(methods: Sequence[Method[Any]]) -> Iterator[Configured]:
    """A quick method, from scratch, then the others, all with their own settings."""
    quick_first = sorted(methods, key=lambda method: not method.about.closed_form)
    plain = [Configured(method) for method in quick_first if method.label != SCRATCH]
    yield from (*plain[:1], Configured(make(SCRATCH)), *plain[1:])


def _results(
    job: Job[SearchSettings], search: _Search, trials: list[SearchTrial], test_rows: int
) -> dict[str, Any]:
    """The trials and which of them are best, as fields of the record; notes on them."""
    complete = [trial for trial in trials if trial.state == "complete"]
    if not complete:
        raise no_trial_error(trials, job.settings)
    best = max(complete, key=score_of)
    transferring = [trial for trial in complete if make(trial.method).about.transfers != "nothing"]
    first = [trial for trial in complete if trial.number < len(search.queue)]
    scratch = next((trial for trial in first if trial.method == SCRATCH), None)
    rival = max(transferring, key=score_of, default=None)
    gain = _gain(search.validator, rival, scratch, job.settings) if rival and scratch else None
    selection = selection_of(search.validator.session.data.labels)
    job.notes += notes_of(trials, job.settings, best, rival, gain, get_metric(selection), test_rows)
    options = adapt_options(best, job.settings)
    return {
        "trials": trials,
        "best": best,
        "gain": gain,
        "plain": max((trial for trial in transferring if trial in first), key=score_of, default=None),
        "adapt": options,
        "next": next_command(job.folder.command, options, job.folder.path),
        "selection": selection,
    }


def _gain(
    validator: CrossValidator, first: SearchTrial, second: SearchTrial, settings: SearchSettings
) -> Interval:
    """Score of the first trial less the second's on the same rows."""
    logits, rows = zip(
        *(
            validator.predictions(Configured(make(trial.method), trial.lr), settings.folds)
            for trial in (first, second)
        ),
        strict=True,
    )
    labels = validator.session.data.labels[rows[0]]
    return difference(logits[0], logits[1], labels, settings.seed, selection_of(labels))
