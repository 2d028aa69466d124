"""Trials of a search: Optuna proposes and stores them; records, notes and the command of the best follow."""

import importlib
import logging
import os
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from headstart.core import BadData, BadInput, Diverged, HeadstartError, MissingPackage, derive_seed, make
from headstart.face import spell
from headstart.records.record import Interval
from headstart.report.metric import Metric
from headstart.studies.search import SearchSettings, SearchTrial
from headstart.studies.search.ranges import rounded
from headstart.studies.search.spaces import Configured

RANDOM = 10  # trials before the sampler begins to learn from them
UNPRUNED = 5  # complete trials before others are pruned
OWN = ("--out", "--method", "--range", *(f"--{name}" for name in SearchSettings.names()))  # with a value
BACKBONE = ("--backbone", "--weights")
FLAGS = ("--json", "--quiet", "-q", "--resume")  # without one
SAME = ("test", "metric", "size", "fit", "batch", "precision", "seed")  # settings that `adapt` shall share


class Optimiser:
    """A study of Optuna's in a file of JSON lines: TPE proposes, the median prunes.

    The random numbers of each proposal are a function of the seed, the trial and the setting. So a search
    that was interrupted makes the proposals that it would have made.

    Args:
        file: of the storage; made if it is not there.
        seed: of the proposals.
        queue: the values that the first trials must take, one mapping for each.

    Raises:
        MissingPackage: Optuna is not installed.
        BadData: the file can't be read.
    """

    def __init__(self, file: Path, seed: int, queue: Sequence[Mapping[str, Any]]) -> None:
        self._optuna = optuna = optuna_package()
        self._seed = seed
        file.parent.mkdir(parents=True, exist_ok=True)
        _repair(file)
        journal = importlib.import_module("optuna.storages.journal")
        lock = journal.JournalFileOpenLock(str(file))
        try:
            storage = optuna.storages.JournalStorage(journal.JournalFileBackend(str(file), lock_obj=lock))
        except (ValueError, KeyError) as error:
            raise BadData(
                f"{file} is damaged: {error}. Choose another folder with {spell('out')}."
            ) from error
        with quiet():
            self.study = optuna.create_study(
                study_name="search",
                storage=storage,
                direction="maximize",
                sampler=self._sampler("start"),
                pruner=optuna.pruners.MedianPruner(n_startup_trials=UNPRUNED),
                load_if_exists=True,
            )
            for values in queue[len(self.study.trials) :]:
                self.study.enqueue_trial(dict(values))

    def trials(self) -> list[Any]:
        """All that were begun, in order."""
        return [trial for trial in self.study.trials if trial.state.name not in ("WAITING", "FAIL")]

    def finished(self) -> int:
        """How many are complete or were given up."""
        return sum(trial.state.is_finished() for trial in self.trials())

    def tried(self) -> set[str]:
        """Labels of the configurations of the finished trials."""
        done = [trial.user_attrs for trial in self.trials() if trial.state.is_finished()]
        return {configured(one).label for one in done}

    def instead(self, trial: Any, values: Mapping[str, Any] | None) -> None:
        """Drop a trial that is as one before, and take these values next, if there are some."""
        if values is not None:
            self.study.enqueue_trial(dict(values))
        self.study.tell(trial, state=self._optuna.trial.TrialState.FAIL)

    def next(self) -> Any:
        """The trial that was under way when the search was interrupted, or else a new one."""
        for trial in self.study.trials:
            if trial.state.name == "RUNNING":
                return self._optuna.trial.Trial(self.study, trial._trial_id)
        return self.study.ask()

    def aim(self, trial: Any, name: str) -> None:
        """Set the random numbers for the proposal of `name`."""
        self.study.sampler = self._sampler(trial.number, name)

    def _sampler(self, *purpose: int | str) -> Any:
        seed = derive_seed(self._seed, "suggest", *purpose) % 2**32
        return self._optuna.samplers.TPESampler(n_startup_trials=RANDOM, multivariate=False, seed=seed)

    def reported(self, trial: Any) -> dict[int, float]:
        """Values of a trial that are stored, by step."""
        return dict(self.study.trials[trial.number].intermediate_values)

    def finish(self, trial: Any, value: float | None) -> None:
        """Finish a trial with its value; without one it is pruned, and for the sampler a bad one."""
        self.study.tell(trial, value, self._optuna.trial.TrialState.PRUNED if value is None else None)


@contextmanager
def quiet() -> Iterator[None]:
    """Without Optuna's lines about every trial."""
    logger = logging.getLogger("optuna")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def optuna_package() -> Any:
    """Optuna; `MissingPackage` if it is not installed."""
    try:
        import optuna
    except ImportError as error:
        raise MissingPackage("optuna", "Searching", "search") from error
    return optuna


def _repair(file: Path) -> None:
    """Remove what a process that was killed has left: half a line, and the lock."""
    file.with_name(file.name + ".lock").unlink(missing_ok=True)
    content = file.read_bytes() if file.exists() else b""
    complete = content.rfind(b"\n") + 1
    if complete != len(content):
        os.truncate(file, complete)


def configured(attributes: Mapping[str, Any]) -> Configured:
    """The configuration that is stored with a trial."""
    return Configured(make(attributes["method"]), attributes["lr"], attributes.get("backbone", ""))


def record_trial(trial: Any, alone: str, metric: Metric) -> SearchTrial:
    """A trial of Optuna's, with a value of `metric`; `alone` is the backbone if there is one."""
    config = configured(trial.user_attrs)
    kind, _, why = trial.user_attrs.get("why", "").partition(" ")
    complete = trial.state.name == "COMPLETE"
    if trial.state.name == "RUNNING":
        kind, why = "unfinished", "the budget was over"
    return SearchTrial(
        number=trial.number,
        method=config.method.label,
        title=config.method.title + (f" on {config.backbone}" if config.backbone else ""),
        lr=config.lr,
        state="complete" if complete else kind,
        score=metric.merit(trial.value) if complete else None,
        folds=[metric.merit(value) for _, value in sorted(trial.intermediate_values.items())],
        why=why,
        settings={
            name.rpartition(".")[2]: rounded(v)
            for name, v in trial.params.items()
            if name not in ("method", "backbone")
        },
        backbone=config.backbone or alone,
    )


def score_of(trial: SearchTrial) -> float:
    """Of a complete trial."""
    assert trial.score is not None
    return trial.score


def adapt_options(
    best: SearchTrial, settings: SearchSettings, backbones: Mapping[str, Sequence[str]]
) -> list[str]:
    """With which `headstart adapt` fits and tests a trial on the same rows.

    Args:
        best: the trial.
        settings: of the search.
        backbones: the options that name each of several backbones.
    """
    words = [*backbones.get(best.backbone, ()), "--method", best.method]
    if not make(best.method).about.closed_form:
        words += ["--epochs", str(settings.epochs)]
    if best.lr is not None:
        words += ["--lr", f"{best.lr:g}"]
    usual = SearchSettings()
    changed = [name for name in SAME if getattr(settings, name) != getattr(usual, name)]
    return words + [word for name in changed for word in (f"--{name}", str(getattr(settings, name)))]


def next_command(command: str, options: Sequence[str], folder: Path) -> str:
    """The command that fits and tests the best, beside the folder of the search.

    Args:
        command: of the search; what names its data, backbone and device stays.
        options: of `adapt`; where they name a backbone, those of the command go.
        folder: of the search.

    Returns:
        "" if the search was no command.
    """
    program, *words = shlex.split(command) or [""]
    if program != "headstart" or words[:1] != ["search"]:
        return ""
    out = folder.with_name(f"{folder.name}-adapt")
    own = (*OWN, *(BACKBONE if BACKBONE[0] in options else ()))
    return shlex.join([program, "adapt", *_without(own, words[1:]), *options, "--out", str(out)])


def _without(own: Collection[str], words: Sequence[str]) -> Iterator[str]:
    """The words of a search's command but for `own` options of it with their values, and how it prints."""
    rest = iter(words)
    for word in rest:
        name, equals, _ = word.partition("=")
        if word in FLAGS:
            continue
        value = [next(rest)] if name.startswith("--") and not equals else []
        yield from () if name in own else (word, *value)


def notes_of(
    trials: Sequence[SearchTrial],
    settings: SearchSettings,
    best: SearchTrial,
    rival: SearchTrial | None,
    gain: Interval | None,
    metric: Metric,
    test_rows: int,
) -> list[str]:
    """Caveats; `rival` is the best that transfers, `gain` its gain over training from scratch."""
    score = metric.plain(1).value(score_of(best))
    luck = (
        f"The {score} of the best is optimistic: the best of {len(trials)} trials is partly the luckiest. "
        f"The {test_rows} held-out test rows were not touched; adapt tests on them."
    )
    notes = [luck]
    finished = sum(trial.state != "unfinished" for trial in trials)
    if finished < settings.trials and settings.budget is not None:
        notes.append(
            f"{finished} of {settings.trials} trials were finished in the budget of {settings.budget:g} "
            f"seconds; {spell('resume', True)} with a larger {spell('budget')} continues."
        )
    if gain is None:
        notes.append("Transfer and training from scratch were not both finished and can't be compared.")
    elif gain.low <= 0 and rival is not None:
        verdict = "Negative transfer" if gain.high < 0 else "Transfer is not clearly better here"
        notes.append(
            f"{verdict}: {rival.title} has {metric.plain(1).lead(gain, 'training from scratch')} with the "
            f"same epochs, although it is the best of many."
        )
    return notes


def no_trial_error(trials: Sequence[SearchTrial], settings: SearchSettings) -> HeadstartError:
    """The error where no trial is complete."""
    reasons = "; ".join(f"{trial.title}: {trial.why}" for trial in trials)
    if any(trial.state == "diverged" for trial in trials):
        return Diverged(f"No trial could be finished. {reasons}. Name lower learning rates in the space.")
    return BadInput(
        f"No trial could be finished. {reasons}. Take other methods, or a larger {spell('budget')}."
    )
