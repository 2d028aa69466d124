"""Optuna's part of a search: proposals, pruning, and the file that keeps the trials."""

import importlib
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from headstart.core import BadData, MissingPackage, derive_seed

RANDOM = 10  # trials before the sampler begins to learn from them
UNPRUNED = 5  # complete trials before others are pruned


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
            raise BadData(f"{file} is damaged: {error}. Choose another folder with --out.") from error
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
        return [trial for trial in self.study.trials if trial.state.name != "WAITING"]

    def finished(self) -> int:
        """How many are complete or were given up."""
        return sum(trial.state.is_finished() for trial in self.study.trials)

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
