"""What is said of a training from scratch that the budget stops."""

import math
from dataclasses import dataclass, replace
from typing import Any

from headstart.run.progress import Progress
from headstart.run.step_cache import StepCache
from headstart.studies._store import OutOfTime, StudyFolder
from headstart.studies.adapt import evaluation
from headstart.studies.adapt.budget import Budget
from headstart.studies.adapt.plan import PROBES


def test_a_training_from_scratch_that_was_stopped_is_said_to_have_begun(tmp_path, monkeypatch):
    """Its seconds stand in the report, so that it can't say that there was no room for it."""

    def stop(*_):
        raise OutOfTime

    @dataclass(frozen=True)
    class Validation:
        budget: Budget
        plan: Any

    monkeypatch.setattr(evaluation, "refit", stop)
    some = Budget(math.inf, StudyFolder(tmp_path, "", StepCache(tmp_path / "steps"), Progress()))
    assert evaluation.refit_scratch(Validation(some, replace(PROBES, scratch=2))) is None
    (said,) = some.notes
    assert said.startswith("No model was trained from scratch to compare with: the training was begun, and")
