"""How `search` is computed: trials by cross-validation, which Optuna proposes and prunes."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import BadInput, Diverged, Method, derive_seed, make
from headstart.data.check import check as check_data
from headstart.data.dataset import Dataset
from headstart.data.splits import folds as assign_folds
from headstart.data.train_test_split import train_and_test
from headstart.records.record import Interval
from headstart.report.metric import get_metric
from headstart.session.recipes import recipe_for
from headstart.session.requirements import require_data, require_learnable
from headstart.session.scoring import choose_metric, difference, selection_score
from headstart.session.session import Session
from headstart.studies._runner import Job
from headstart.studies.search import SearchSettings, SearchTrial
from headstart.studies.search.spaces import Configured, Joint, joint_space
from headstart.studies.search.trials import (
    Optimiser,
    adapt_options,
    next_command,
    no_trial_error,
    notes_of,
    optuna_package,
    quiet,
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
    space = joint_space(methods, settings.space, len(inputs["backbone"].blocks))
    require_learnable((*methods, *space.ends()), inputs["backbone"], inputs["data"].label_kind)


def compute(job: Job[SearchSettings]) -> dict[str, Any]:
    """The record's own fields."""
    settings, backbone = job.settings, job.inputs["backbone"]
    with job.step("check the data"):
        data = check_data(job.inputs["data"], reader=backbone.reader).dataset
        train, test = train_and_test(data, settings.test, settings.seed)
    methods = job.methods(dict.fromkeys(settings.methods or DEFAULT))
    space = joint_space(methods, settings.space, len(backbone.blocks))
    validator = _validator(job, data.subset(train))
    queue = _first_trials(list(space.methods.values()))
    values = [{"method": config.label} if config.label in space.methods else {} for config in queue]
    optimiser = Optimiser(job.folder.path / TRIALS, settings.seed, values)
    search = _Search(job, space, validator, optimiser, queue)
    search.run()
    return {
        "task": job.inputs["data"].name,
        "classes": list(data.classes),
        "train_rows": len(train),
        "test_rows": len(test),
        "backbone": backbone.name,
        "backbone_parameters": sum(p.numel() for p in backbone.parameters()),
        "space": space.record(),
        **search.results(len(test)),
    }


def _first_trials(methods: Sequence[Method[Any]]) -> list[Configured]:
    """A quick method, from scratch, then the others, all with their own settings."""
    quick_first = sorted(methods, key=lambda method: not method.about.closed_form)
    plain = [Configured(method) for method in quick_first if method.label != SCRATCH]
    return [*plain[:1], Configured(make(SCRATCH)), *plain[1:]]


@dataclass(frozen=True)
class CrossValidator:
    """Cross-validation of configurations on the same folds, each fold a kept step."""

    job: Job[SearchSettings]
    session: Session  # on the training part
    folds: NDArray[np.int64]  # (rows,) which fold holds a row out
    budget: float | None  # seconds from now after which no fold begins; None: any number
    begun: float = field(default_factory=time.perf_counter)

    def out_of_time(self) -> bool:
        """Whether no further fold may be begun."""
        return self.budget is not None and time.perf_counter() - self.begun >= self.budget

    def done(self, config: Configured, number: int) -> bool:
        """Whether a fold is finished."""
        return self.job.folder.steps.done(_name(config, number))

    def fold(self, config: Configured, number: int, shown: str) -> str:
        """Compute a fold unless it is kept; why it failed, with the kind of reason first, or ""."""
        with self.job.step(shown):
            step = self.job.folder.steps.once(_name(config, number), lambda: self._fold(config, number))
        return str(step.get("failed", ""))

    def value(self, config: Configured, folds: int) -> float:
        """The metric of selection over the held-out rows of the first folds, which are finished."""
        labels = self.session.data.labels[self._held_out(folds)]
        return selection_score(self._outputs(config, folds), labels, self.session.metric)

    def difference(self, first: SearchTrial, second: SearchTrial) -> Interval:
        """Score of the first trial less the second's on the same rows."""
        settings = self.job.settings
        configs = [Configured(make(trial.method), trial.lr) for trial in (first, second)]
        first_outputs, second_outputs = (self._outputs(config, settings.folds) for config in configs)
        rows, data = self._held_out(settings.folds), self.session.data
        truth = data.labels[rows], data.groups_of(rows), settings.seed
        return difference(first_outputs, second_outputs, *truth, self.session.metric)

    def _outputs(self, config: Configured, folds: int) -> Tensor:
        """Logits (n, classes) on the held-out rows of the first folds."""
        steps = [self.job.folder.steps.once(_name(config, number), dict) for number in range(folds)]
        return torch.cat([step["logits"] for step in steps])

    def _held_out(self, folds: int) -> NDArray[np.int64]:
        return np.concatenate([np.flatnonzero(self.folds == number) for number in range(folds)])

    def _fold(self, config: Configured, number: int) -> dict[str, Any]:
        rest, name = np.flatnonzero(self.folds != number), _name(config, number)
        settings = self.job.settings.training()
        if config.lr is not None:
            settings = replace(settings, lr=config.lr)
        assert settings.epochs is not None
        seed = derive_seed(settings.seed, name)
        recipe = recipe_for(config.method, settings, settings.epochs, len(rest), seed)
        try:
            checkpoint = self.job.folder.steps.checkpoint(name)
            fitted = self.session.fit(config.method, rest, recipe, name=name, checkpoint=checkpoint)
        except Diverged as error:
            return {"failed": f"diverged {error}"}
        except BadInput as error:
            return {"failed": f"refused {error}"}
        return {"logits": fitted.logits(np.flatnonzero(self.folds == number))}


def _name(config: Configured, number: int) -> str:
    return f"try {config.label} fold {number}"


def _validator(job: Job[SearchSettings], train: Dataset) -> CrossValidator:
    """On the training part, with what former runs have left of the budget."""
    settings, folder = job.settings, job.folder
    metric = choose_metric(train.labels)
    session = job.session(train, np.arange(len(train)), logbook=folder.path / "ticks.jsonl", metric=metric)
    folds = assign_folds(train.strata, train.groups, settings.folds, derive_seed(settings.seed, "folds"))
    spent = sum(cost["seconds"] for cost in folder.steps.spent().values())
    return CrossValidator(job, session, folds, None if settings.budget is None else settings.budget - spent)


@dataclass(frozen=True)
class _Search:
    """One search: what proposes trials, what carries them out, and the configurations of the first ones."""

    job: Job[SearchSettings]
    space: Joint
    validator: CrossValidator
    optimiser: Optimiser
    queue: Sequence[Configured]

    def run(self) -> None:
        """Carry out trials until there are enough of them, or the time is over."""
        optimiser, settings = self.optimiser, self.job.settings
        expected = range(optimiser.finished(), settings.trials)
        ahead = (f"trial {n} fold {k}" for n in expected for k in range(settings.folds))
        self.job.progress.expect(dict.fromkeys(ahead, 1.0))
        with quiet():
            while optimiser.finished() < settings.trials:
                if optimiser.finished() and self.validator.out_of_time():
                    break
                trial = optimiser.next()
                config = self._configuration(trial)
                if config.label in (tried := optimiser.tried()):
                    left = self.space.untried(tried)
                    own = [values for values in left if values["method"] == trial.params["method"]] or left
                    drawn = derive_seed(settings.seed, "untried", trial.number)
                    optimiser.instead(trial, own[drawn % len(own)] if own else None)
                    if not left:
                        break
                elif not self._try(trial, config):
                    break

    def _configuration(self, trial: Any) -> Configured:
        """What a trial tries; it is stored with it."""
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
                self.optimiser.finish(trial, None)
                progress.forget(f"trial {trial.number} ")
                return True
        self.optimiser.finish(trial, self.validator.value(config, len(shown)))
        return True

    def _behind(self, trial: Any, number: int) -> str:
        """Why a trial is pruned after a fold, with the kind of reason first; else "".

        The first trials never are, and so not from-scratch, which is the second.
        """
        folds_done, of = number + 1, self.job.settings.folds
        if folds_done == of or not trial.should_prune():
            return ""
        return f"pruned after {folds_done} of {of} folds it was below the median of the trials before it"

    def results(self, test_rows: int) -> dict[str, Any]:
        """The trials and which of them are best, as fields of the record; notes on them."""
        job, begun = self.job, self.optimiser.trials()
        trials = [replace(record_trial(trial), number=number) for number, trial in enumerate(begun)]
        complete = [trial for trial in trials if trial.state == "complete"]
        if not complete:
            raise no_trial_error(trials, job.settings)
        best = max(complete, key=score_of)
        transferring = [trial for trial in complete if make(trial.method).about.transfers != "nothing"]
        rival = max(transferring, key=score_of, default=None)
        first = [trial for trial in complete if trial.number < len(self.queue)]
        scratch = next((trial for trial in first if trial.method == SCRATCH), None)
        gain = self.validator.difference(rival, scratch) if rival and scratch else None
        selection = self.validator.session.metric
        job.notes += notes_of(trials, job.settings, best, rival, gain, get_metric(selection), test_rows)
        if len(begun) < job.settings.trials and not self.space.untried(self.optimiser.tried()):
            job.notes.append(f"All settings in the space were tried: {len(begun)}. A wider --range has more.")
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
