"""How `search` is computed: trials by cross-validation, which Optuna proposes and prunes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from headstart.core import Method, derive_seed, make
from headstart.data.check import check as check_data
from headstart.data.train_test_split import train_and_test
from headstart.face import spell
from headstart.models.backbone import AnyBackbone
from headstart.report.metric import get_metric
from headstart.session.requirements import require_data, require_learnable
from headstart.session.scoring import choose_metric
from headstart.studies._runner import Job
from headstart.studies._spec import Study
from headstart.studies.search import SearchSettings, SearchTrial
from headstart.studies.search.backbones import OPTIONS, load_searched, searched
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
from headstart.studies.search.validation import CrossValidator, validator_of

DEFAULT = ("logistic-probe", "ridge-probe", "fine-tune", "lp-ft")
SCRATCH = "from-scratch"
TRIALS = "trials.jsonl"


def load(
    spec: Study, given: Mapping[str, Any], settings: SearchSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """The data, and one backbone or several by name."""
    return load_searched(spec, given, settings, columns)


def check(settings: SearchSettings, inputs: Mapping[str, Any]) -> None:
    """Refuse methods that need a source or a target, and ranges that a method does not take."""
    optuna_package()
    methods = [make(spec) for spec in settings.methods or DEFAULT]
    require_data(methods, "a search")
    choose_metric(inputs["data"].labels, settings.metric)
    backbones = searched(inputs)
    space = joint_space(methods, settings.space, _blocks(backbones))
    for name, backbone in backbones.items():
        require_learnable((*methods, *space.ends(name)), backbone, inputs["data"].label_kind)


def compute(job: Job[SearchSettings]) -> dict[str, Any]:
    """The record's own fields."""
    settings, backbones = job.settings, searched(job.inputs)
    with job.step("check the data"):
        data = check_data(job.inputs["data"], reader=job.inputs["backbone"].reader).dataset
        train, test = train_and_test(data, settings.test, settings.seed)
    methods = job.methods(dict.fromkeys(settings.methods or DEFAULT))
    space = joint_space(methods, settings.space, _blocks(backbones))
    validator = validator_of(job, data.subset(train))
    queue = _first_trials(list(space.methods.values()), list(space.spaces))
    optimiser = Optimiser(job.folder.path / TRIALS, settings.seed, list(map(space.values, queue)))
    search = _Search(job, space, validator, optimiser, queue)
    search.run()
    found = search.results(len(test))
    first = job.inputs["backbone"]
    job.notes += [
        f"{name}: {note}" for name, one in backbones.items() if one is not first for note in one.notes
    ]
    backbone = backbones.get(found["best"].backbone, first)
    return {
        "task": job.inputs["data"].name,
        "classes": list(data.classes),
        "train_rows": len(train),
        "test_rows": len(test),
        "backbone": found["best"].backbone,
        "backbone_parameters": sum(p.numel() for p in backbone.parameters()),
        "backbones": [name or backbone.name for name in backbones],
        "space": space.record(),
        **found,
    }


def _blocks(backbones: Mapping[str, AnyBackbone]) -> dict[str, int]:
    return {name: len(backbone.blocks) for name, backbone in backbones.items()}


def _first_trials(methods: Sequence[Method[Any]], backbones: Sequence[str]) -> list[Configured]:
    """A quick method and from scratch, the quick one on the other backbones, then the other methods.

    All have their own settings; what is not said to be on another backbone is on the first.
    """
    first, *others = backbones
    quick_first = sorted(methods, key=lambda method: not method.about.closed_form)
    plain = [Configured(method, None, first) for method in quick_first if method.label != SCRATCH]
    elsewhere = [replace(config, backbone=name) for config in plain[:1] for name in others]
    return [*plain[:1], Configured(make(SCRATCH), None, first), *elsewhere, *plain[1:]]


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
            for name, among in self.space.choices(config).items():
                trial.suggest_categorical(name, among)
        else:
            config = self.space.suggest(trial, lambda name: self.optimiser.aim(trial, name))
        if config.backbone:
            trial.set_user_attr("backbone", config.backbone)
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
        return f"pruned after {folds_done} of {of} folds it was worse than the median of the trials before it"

    def results(self, test_rows: int) -> dict[str, Any]:
        """The trials and which of them are best, as fields of the record; notes on them."""
        job, begun = self.job, self.optimiser.trials()
        alone = job.inputs["backbone"].name
        selection = self.validator.metric
        metric = get_metric(selection)
        trials = [
            replace(record_trial(trial, alone, metric), number=number) for number, trial in enumerate(begun)
        ]
        complete = [trial for trial in trials if trial.state == "complete"]
        if not complete:
            raise no_trial_error(trials, job.settings)

        def merit(trial: SearchTrial) -> float:
            return metric.merit(score_of(trial))

        best = max(complete, key=merit)
        transferring = [trial for trial in complete if make(trial.method).about.transfers != "nothing"]
        rival = max(transferring, key=merit, default=None)
        first = [trial for trial in complete if trial.number < len(self.queue)]
        scratch = next((trial for trial in first if trial.method == SCRATCH), None)
        gain = self.validator.difference(rival, scratch) if rival and scratch else None
        job.notes += notes_of(trials, job.settings, best, rival, gain, metric, test_rows)
        if len(begun) < job.settings.trials and not self.space.untried(self.optimiser.tried()):
            job.notes.append(
                f"All settings in the space were tried: {len(begun)}. A wider {spell('space')} has more."
            )
        options = adapt_options(best, job.settings, job.inputs.get(OPTIONS, {}))
        return {
            "trials": trials,
            "best": best,
            "gain": gain,
            "plain": max((trial for trial in transferring if trial in first), key=merit, default=None),
            "adapt": options,
            "next": next_command(job.folder.command, options, job.folder.path),
            "selection": selection,
        }
