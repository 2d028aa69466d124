"""What the figures rest on: decisions, settings, seeds, versions."""

from typing import Any

from headstart.report.text import megabytes, pairs, pluralise, seconds
from headstart.studies.adapt.run_records import Given


def view(given: Given) -> dict[str, Any]:
    """Everything that is needed to doubt the report or to repeat the run."""
    result = given.result
    return {
        "say": [_touched(given)],
        "decisions": result.notes,
        "candidates": [(c.title, _settings(c.settings), c.paper) for c in result.candidates],
        "run": pairs(result.settings),
        "preprocess": pairs(result.preprocess),
        "versions": [("headstart", result.headstart), *sorted(result.versions.items())],
        "seed": str(result.seed),
        "command": result.command,
        "times": _times(given),
        "machine": given.timings.machine if given.timings else "",
    }


def _touched(given: Given) -> str:
    result = given.result
    judged = pluralise(len(result.tested), "model")
    return (
        f"The test part, {pluralise(result.test_rows, 'row')}, was set aside before the first "
        f"training. It was touched once, after the choice was made, to judge {judged}; the choice "
        f"itself rests on cross-validation inside the {pluralise(result.train_rows, 'training row')}."
    )


def _settings(settings: dict[str, Any]) -> str:
    return ", ".join(f"{name} = {text}" for name, text in pairs(settings)) or "none"


def _times(given: Given) -> list[tuple[str, str, str]]:
    """Steps by falling time, with candidates by their titles."""
    if not given.timings:
        return []
    titles = {c.name: c.title for c in given.result.candidates}
    steps = sorted(given.timings.steps.items(), key=lambda step: (-step[1].seconds, step[0]))
    return [
        (titles.get(name, name), seconds(cost.seconds), megabytes(cost.peak_megabytes))
        for name, cost in steps
    ]
