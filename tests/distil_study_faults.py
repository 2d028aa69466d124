"""Faults of the study of distillation, for tests/test_faults.py."""

from tests.faults import Fault

DISTIL = (
    Fault(
        "studies/distil/run.py",
        "    return Parts(train[learn], train[held], test)\n",
        "    return Parts(np.concatenate([train[learn], test]), train[held], test)\n",
        "students learn from the rows that they are tested on",
        "study/test_distil.py sees_rows_that_are_tested",
    ),
    Fault(
        "studies/distil/results.py",
        "same = [agreement(one, self.said, groups, kind) for one in outputs.values()]\n",
        "same = [agreement(one, one.new_tensor([[float(y == k) for k in range(one.shape[1])] "
        "for y in self.truth[0]]), groups, kind) for one in outputs.values()]\n",
        "agreement is with the labels, not with the teacher",
        "study/test_distil.py agreement_of_a_study",
    ),
    Fault(
        "studies/distil/run.py",
        'costs = {one.name: cost_of([one.model], times[f"student {one.name}"]) for one in trained}\n',
        'costs = {one.name: cost_of([one.model], times["teacher"]) for one in trained}\n',
        "the time of the teacher is shown for the student",
        "study/test_distil.py times_of_students",
    ),
    Fault(
        "studies/distil/found_data.py",
        "np.logical_and.reduce(held)",
        "np.logical_or.reduce(held)",
        "rows that one of the teachers has learned from are tested",
        "study/test_distil.py teacher_has_seen",
    ),
)
