"""What was chosen, and what to beware of, as sentences."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from headstart.models.prompts import fill
from headstart.report.text import join_words, pluralise, quoted
from headstart.studies._runner import Job
from headstart.studies.zero_shot import ZeroShotSettings
from headstart.studies.zero_shot.wordings import Wordings

SHOWN = 3  # pairs of classes


def notes_on(job: Job[ZeroShotSettings], wordings: Wordings, calibration: int) -> Iterator[str]:
    """On classes that embed alike, prompts that are too long, a temperature that was not fitted, the prior.

    Args:
        job: of the study.
        wordings: of its classes.
        calibration: rows that the temperature was fitted on.
    """
    settings, pair = job.settings, job.inputs["_pair"]
    if same := wordings.alike():
        pairs = [f"{quoted(one.one)} and {quoted(one.other)} ({one.cosine:.3f})" for one in same[:SHOWN]]
        more = [pluralise(len(same) - SHOWN, "other pair")] if len(same) > SHOWN else []
        yield (
            f"These classes embed nearly alike, with their cosines: {join_words([*pairs, *more])}. Other "
            "words for them may help."
        )
    if cut := _too_long(job.inputs, settings.type):
        yield (
            f"{pluralise(len(cut), 'prompt')} longer than the encoder takes, so that the end is not read, "
            f"such as {quoted(cut[0])}."
        )
    if settings.temperature is None and not calibration:
        whose = "the encoders learned" if pair.learned_scale else "encoders of sentences are trained with"
        why = "few rows have labels" if job.inputs["_labelled"] else "no rows have labels"
        yield (
            f"The temperature is the one that {whose}, {1 / pair.scale:.3g}, as {why} to fit one on: the "
            "probabilities may be far off."
        )
    if settings.prior == "balanced":
        where = "the calibration rows" if calibration else "these rows"
        yield f"The prior makes all classes equally frequent in {where}: it is wrong where they are not."


def _too_long(inputs: dict[str, Any], kind: str | None) -> list[str]:
    """The prompts that are longer than the encoder takes."""
    words, templates = inputs["_words"].values(), inputs["_templates"]
    prompts = chain.from_iterable(fill(each, some, kind) for each in templates for some in words)
    found: list[str] = inputs["_pair"].truncated([*prompts])
    return found
