"""Faults of teaching sessions: figures that flatter, examples that stay, answers under another name."""

from tests.faults import Fault

TEACHING = (
    Fault(
        "solvers/nested_leave_one_out.py",
        "held_out = left_out.answers(regression_goals(y, classes)).held_out",
        "held_out = left_out.answers(regression_goals(y, classes)).fitted",
        "the leave-one-out accuracy is that of training",
        "teaching/test_session.py noise",
    ),
    Fault(
        "solvers/nested_leave_one_out.py",
        "rest = folds != fold",
        "rest = folds >= 0",
        "the row that is predicted has a say in the choice of the penalty",
        "solvers/test_nested_leave_one_out.py refitted",
    ),
    Fault(
        "teaching/evidence.py",
        "examples.features, torch.from_numpy(truth), classes, torch.from_numpy(copies)",
        "examples.features, torch.from_numpy(truth), classes, None",
        "an example is answered by its own copy",
        "teaching/test_session.py near_duplicates",
    ),
    Fault(
        "teaching/session.py",
        "rows = [self._seen[each.number].features for each in self.state.examples]",
        "rows = [each.features for each in self._seen.values()]",
        "a deleted example goes on being learned from",
        "teaching/test_session.py deleted",
    ),
    Fault(
        "teaching/finish.py",
        "Predictor(model, taught.state.labels,",
        "Predictor(model, taught.state.classes,",
        "the saved model answers with another class's name",
        "teaching/test_session.py saved_model",
    ),
    Fault(
        "server/teach.py",
        "return Access.to(host, token, page_paths(PAGE))",
        'return Access.to(host, token, {*page_paths(PAGE), "/state"})',
        "the examples are shown without the token",
        "server/test_teach.py page_is_open",
    ),
)
