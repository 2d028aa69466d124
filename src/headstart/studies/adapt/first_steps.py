"""How a run begins once its data are checked: an early model, and how samples are read, within the budget."""

from collections.abc import Mapping
from typing import Any

from headstart.core import Method
from headstart.session.session import Session
from headstart.studies._runner import Job
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt.budget import Budget
from headstart.studies.adapt.first_model import save_early
from headstart.studies.adapt.fixed_costs import last_steps
from headstart.studies.adapt.opening import about_too_little
from headstart.studies.adapt.reading import ChosenReading, choose_reading


def begin_to_read(
    job: Job[AdaptSettings], session: Session, quick: Method[Any], budget: Budget, rows: Mapping[str, int]
) -> ChosenReading:
    """Save an early model and choose how samples are read, in the time that the steps at the end leave.

    Where not even the least fits into the budget, the terminal says so as soon as it is known.

    Args:
        job: of the study.
        session: on the training part.
        quick: the method of the early model.
        budget: of which some is spent.
        rows: in the parts, see `last_steps`.
    """
    settings, progress = job.settings, job.progress

    def weigh(reading: float, said: bool) -> bool:
        """Whether not even the least fits; the remaining time is that until then."""
        if least := budget.short(reading):
            progress.tell([] if said else about_too_little(least, settings))
            progress.limit = least
        return said or least > 0

    progress.expect(last_steps(settings, rows), more=True)
    said = weigh(0.0, said=False)
    save_early(job, session, quick, budget)
    reading = choose_reading(job, session, budget.left())
    progress.expect(last_steps(settings, rows, reading.seconds / len(session.data)), more=True)
    weigh(reading.seconds, said)
    job.notes.extend(reading.notes)
    return reading
