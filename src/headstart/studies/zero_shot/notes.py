"""What was chosen, and what to beware of, as sentences."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from headstart.models.pairs import Pair
from headstart.models.prompts import fill
from headstart.report.text import join_words, pluralise, quoted
from headstart.studies._runner import Job
from headstart.studies.zero_shot import ZeroShotSettings
from headstart.studies.zero_shot.patterns import Patterns
from headstart.studies.zero_shot.wordings import Wordings

SHOWN = 3  # pairs of classes


def notes_on(
    job: Job[ZeroShotSettings], wordings: Wordings | Patterns, calibration: int, chosen: str | None
) -> Iterator[str]:
    """On classes that embed alike, prompts that are too long, a temperature that was not fitted, the prior.

    Args:
        job: of the study.
        wordings: of its classes.
        calibration: labelled rows that nothing is tested on.
        chosen: template that answers alone; None: all together do.
    """
    settings = job.settings
    if same := wordings.alike():
        pairs = [f"{quoted(one.one)} and {quoted(one.other)} ({one.cosine:.3f})" for one in same[:SHOWN]]
        more = [pluralise(len(same) - SHOWN, "other pair")] if len(same) > SHOWN else []
        yield (
            f"These classes embed nearly alike, with their cosines: {join_words([*pairs, *more])}. Other "
            "words for them may help."
        )
    if chosen is not None and not calibration:
        yield (
            f"One template answers, the first, {quoted(chosen)}, as too few rows have labels to choose "
            "another. Each alone is compared with it."
        )
    if isinstance(wordings, Wordings) and (cut := _too_long(job.inputs, settings.type, wordings.pair)):
        yield (
            f"{pluralise(len(cut), 'prompt')} longer than the encoder takes, so that the end is not read, "
            f"such as {quoted(cut[0])}."
        )
    if settings.temperature is None and not calibration:
        whose = _own(wordings)
        why = "few rows have labels" if job.inputs["_labelled"] else "no rows have labels"
        yield (
            f"The temperature is the one that {whose}, {1 / wordings.scale:.3g}, as {why} to fit one on: the "
            "probabilities may be far off."
        )
    if settings.prior == "balanced":
        where = "the calibration rows" if calibration else "these rows"
        yield f"The prior makes all classes equally frequent in {where}: it is wrong where they are not."


def _own(wordings: Wordings | Patterns) -> str:
    if isinstance(wordings, Patterns):
        return "the language model learned"
    learned = wordings.pair.learned_scale
    return "the encoders learned" if learned else "encoders of sentences are trained with"


def _too_long(inputs: dict[str, Any], kind: str | None, pair: Pair) -> list[str]:
    """The prompts that are longer than the encoder takes."""
    words, templates = inputs["_words"].values(), inputs["_templates"]
    prompts = chain.from_iterable(fill(each, some, kind) for each in templates for some in words)
    return pair.truncated([*prompts])
