"""What a search leaves: its trials as records, notes, and the command of `adapt` that fits the best."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from headstart.core import BadInput, Diverged, HeadstartError, make
from headstart.records.record import Interval
from headstart.report.metric import Metric
from headstart.studies.search import SearchSettings, SearchTrial
from headstart.studies.search.spaces import rounded

OWN = ("--out", "--method", "--range", *(f"--{name}" for name in SearchSettings.names()))  # with a value
FLAGS = ("--json", "--quiet", "-q", "--resume")  # without one
SAME = ("test", "size", "fit", "batch", "precision", "seed")  # settings that `adapt` shall share


def record_trial(trial: Any) -> SearchTrial:
    """A trial of Optuna's, for the record."""
    label, lr = trial.user_attrs["method"], trial.user_attrs["lr"]
    kind, _, why = trial.user_attrs.get("why", "").partition(" ")
    complete = trial.state.name == "COMPLETE"
    if trial.state.name == "RUNNING":
        kind, why = "unfinished", "the budget was over"
    return SearchTrial(
        number=trial.number,
        method=label,
        title=make(label).title,
        lr=lr,
        state="complete" if complete else kind,
        score=trial.value if complete else None,
        folds=[value for _, value in sorted(trial.intermediate_values.items())],
        why=why,
        settings={
            name.rpartition(".")[2]: rounded(v) for name, v in trial.params.items() if name != "method"
        },
    )


def score_of(trial: SearchTrial) -> float:
    """Of a complete trial."""
    assert trial.score is not None
    return trial.score


def adapt_options(best: SearchTrial, settings: SearchSettings) -> list[str]:
    """With which `headstart adapt` fits and tests a trial on the same rows."""
    words = ["--method", best.method]
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
        options: of `adapt`.
        folder: of the search.

    Returns:
        "" if the search was no command.
    """
    program, *words = shlex.split(command) or [""]
    if program != "headstart" or words[:1] != ["search"]:
        return ""
    out = folder.with_name(f"{folder.name}-adapt")
    return shlex.join([program, "adapt", *_without_own(words[1:]), *options, "--out", str(out)])


def _without_own(words: Sequence[str]) -> Iterator[str]:
    """The words of a search's command but for its settings, its folder and how it prints."""
    rest = iter(words)
    for word in rest:
        name, equals, _ = word.partition("=")
        if word in FLAGS:
            continue
        value = [next(rest)] if name.startswith("--") and not equals else []
        yield from () if name in OWN else (word, *value)


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
    luck = (
        f"The {score_of(best):.3f} of the best is optimistic: the best of {len(trials)} trials is partly the "
        f"luckiest. The {test_rows} held-out test rows were not touched; adapt tests on them."
    )
    notes = [luck]
    finished = sum(trial.state != "unfinished" for trial in trials)
    if finished < settings.trials:
        notes.append(
            f"{finished} of {settings.trials} trials were finished in the budget of {settings.budget:g} "
            f"seconds; --resume with a larger --budget continues."
        )
    if gain is None:
        notes.append("Transfer and training from scratch were not both finished and can't be compared.")
    elif gain.low <= 0 and rival is not None:
        shown = metric.plain(1).gained(gain)
        verdict = "Negative transfer" if gain.high < 0 else "Transfer is not clearly better here"
        notes.append(
            f"{verdict}: {rival.title} has {shown.value} of {metric.title} over training from scratch with "
            f"the same epochs (95 % interval {shown.interval}), although it is the best of many."
        )
    return notes


def no_trial_error(trials: Sequence[SearchTrial], settings: SearchSettings) -> HeadstartError:
    """The error where no trial is complete."""
    reasons = "; ".join(f"{trial.title}: {trial.why}" for trial in trials)
    if any(trial.state == "diverged" for trial in trials):
        return Diverged(f"No trial could be finished. {reasons}. Name lower learning rates in the space.")
    return BadInput(f"No trial could be finished. {reasons}. Take other methods, or a larger --budget.")
