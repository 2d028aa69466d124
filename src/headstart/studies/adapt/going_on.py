"""A run goes on with a larger budget: what the smaller one cut is decided anew, what was trained is kept."""

from pathlib import Path
from typing import Any

from headstart.core import BadInput
from headstart.face import spell
from headstart.run.checkpoint import load_state, save_state
from headstart.run.step_cache import StepCache, file_name
from headstart.studies._store import StudyFolder
from headstart.studies.adapt.larger_budget import RATE
from headstart.studies.adapt.settings import BUDGETS, AdaptSettings

BEFORE = "decide what came before"  # the step that holds the plan and the budgets of earlier sittings
MEASURED = f"decide {RATE}"
AGAIN = ("plan", "test", "test the old task", "decide late", MEASURED)  # steps that are carried out anew
SCRATCH = "fit-from-scratch-on-the-whole-training-part"
# trainings as long as a plan said that tuned nothing
UNTUNED = ("fine-tuning-with-", "from-scratch-with-", "pre-training-on-the-source")


def require_more(before: AdaptSettings, now: AdaptSettings) -> None:
    """Refuse to go on with less than a run had.

    Raises:
        BadInput: the budget is not larger, the quality lower, or the budget has cut nothing.
    """
    qualities = list(BUDGETS)
    if before.epochs is not None:
        raise BadInput(
            f"This run was begun with {spell('epochs', before.epochs)}, so that no budget cut anything, and "
            "there is "
            f"nothing to go on with. Leave {spell('budget')} and {spell('quality')} out, or begin another "
            "run."
        )
    if now.seconds <= before.seconds:
        raise BadInput(
            f"This run had a budget of {before.seconds:g} seconds, and {spell('budget')} is {now.seconds:g} "
            "now. "
            "It goes on with a larger one, which counts the seconds of all sittings: "
            f"{spell('budget', float(2 * before.seconds))}."
        )
    if qualities.index(now.quality) < qualities.index(before.quality):
        raise BadInput(
            f"This run was begun with {spell('quality', before.quality)}, and {spell('quality')} is "
            f"{now.quality} now. It "
            "goes on with the same quality or a higher one."
        )


def drop_outgrown(steps: StepCache, before: AdaptSettings) -> None:
    """Remove the steps that depend on how small the budget was, and note what it was."""
    earlier = _value(steps.path(BEFORE)) if steps.done(BEFORE) else {"budgets": []}
    plan = _value(steps.path("plan")) if steps.done("plan") else earlier.get("plan")
    if plan and steps.done(MEASURED) and (rate := _value(steps.path(MEASURED))["value"]):
        plan = {**plan, "rate": rate}  # by which the next one is made
    for path in steps.folder.glob("*.safetensors"):
        value = _value(path)
        refused = path.stem.startswith("decide-") and not value.get("value", True)
        if refused or value.get("cut") or path.stem in map(file_name, AGAIN):
            path.unlink()
    _drop_shortened(steps, plan)
    kept = {"value": {"budgets": [*earlier["budgets"], before.seconds], "plan": plan}}
    save_state({**kept, "spent": {"seconds": 0.0, "peak_megabytes": 0.0}}, steps.path(BEFORE))


def _drop_shortened(steps: StepCache, plan: dict[str, Any] | None) -> None:
    """Remove trainings from scratch that were shorter than those to come, or may be."""
    decision = steps.folder / f"decide-{SCRATCH}.safetensors"
    planned = plan["scratch"] if plan and plan["tuning"] else None
    if planned is None:  # the next plan trains for longer
        for path in steps.folder.glob("*.safetensors"):
            if path.stem.startswith(UNTUNED):
                path.unlink()
    if decision.exists() and _value(decision)["value"] != planned:
        decision.unlink()
        steps.path(SCRATCH).unlink(missing_ok=True)


def earlier_sitting(folder: StudyFolder) -> dict[str, Any]:
    """The `plan` and the `budgets` of earlier sittings with smaller budgets; {} if there were none."""
    path = folder.steps.path(BEFORE)
    found: dict[str, Any] = _value(path) if path.exists() else {}
    return found


def about_sittings(folder: StudyFolder, settings: AdaptSettings) -> list[str]:
    """A note on a run that went on with a larger budget."""
    budgets = [*earlier_sitting(folder).get("budgets", []), settings.seconds]
    listed = ", then ".join(f"{seconds:g}" for seconds in budgets)
    said = (
        f"This run went on with a larger budget: {listed} seconds. What had been trained was kept; the test "
        "part was predicted again after the new choice, which it had no part in."
    )
    return [said] if len(budgets) > 1 else []


def _value(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = load_state(path)["value"]
    return value
