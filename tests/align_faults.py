"""Faults in the study of a source and an unlabelled target that its tests must catch; see tests/faults.py."""

from tests.faults import Fault

ALIGN_FAULTS = (
    Fault(
        "studies/align/run.py",
        "name, seed, step = results.select_model(trials, settings.select)",
        'name, seed, step = results.select_model(trials, "source")',
        "what is shipped is chosen by source rows, whatever was asked for",
        "study/test_align.py highest_score",
    ),
    Fault(
        "studies/align/results.py",
        "return int(np.argmax([",
        "return len(evaluations) - 1 - 0 * int(np.argmax([",
        "the last model is called the selected one",
        "study/test_align.py selected_look",
    ),
    Fault(
        "studies/align/results.py",
        "if row.gain.low > 0:",
        "if row.gain.value > 0:",
        "a gain that may be chance is called help",
        "study/test_align.py verdicts",
    ),
    Fault(
        "studies/align/results.py",
        "if alone.scores[name] > chosen.scores[name]]",
        "if alone.scores[name] < chosen.scores[name]]",
        "scores that agree are said to disagree",
        "study/test_align.py disagree",
    ),
    Fault(
        "studies/align/data_split.py",
        "notes += _unused(learn, test, rows)",
        "learn = np.arange(len(rows))",
        "rows that judge are learned from",
        "study/test_align.py all_methods",
    ),
    Fault(
        "studies/align/data_split.py",
        "test, rows = test[shared], rows.subset(np.flatnonzero(shared))",
        "pass",
        "rows of a class that the source has not are judged",
        "study/test_align.py partial_overlap",
    ),
    Fault(
        "studies/align/data_split.py",
        "return difference(outputs, baseline, *self._truth)",
        "return difference(baseline, outputs, *self._truth)",
        "help is called harm",
        "study/test_align.py all_methods",
    ),
    Fault(
        "session/input_pipeline.py",
        "return pair_domains(stream, unseen, _labelled_target(session, target_labelled, rows, recipe))",
        "return pair_domains(stream, unseen)",
        "labelled rows of the target are never learned from",
        "study/test_target.py few_labelled",
    ),
    Fault(
        "session/input_pipeline.py",
        'seed = derive_seed(recipe.seed, "target")',
        "seed = recipe.seed",
        "rows of both domains always meet in the same pairs",
        "study/test_target.py order_of_the_target",
    ),
    Fault(
        "session/input_pipeline.py",
        "_unlabelled(beside[0], target.rows, recipe)\n    return pair_domains",
        "_unlabelled(beside[0], np.arange(len(target.session.data)), recipe)\n    return pair_domains",
        "rows that are kept from learning are learned from",
        "study/test_target.py may_be_learned",
    ),
    Fault(
        "session/session.py",
        "plain = (own, own if target is None else plain_input(target.session, run, inputs.own.replay))",
        "plain = (inputs.own, inputs.own)",
        "an evaluation takes training views, and the source for the target",
        "study/test_target.py look",
    ),
    Fault(
        "session/requirements.py",
        "return weights / weights[rows].mean(), notes",
        "return weights, notes",
        "the scale of weights is a learning rate",
        "study/test_target.py weights_count",
    ),
    Fault(
        "losses/label.py",
        ".mul(weight).mean()",
        ".mean()",
        "weights are passed over",
        "study/test_target.py weights_count",
    ),
    Fault(
        "data/domains.py",
        "self.target = load_unlabelled(target, self.source)",
        "self.target = target",
        "the target's labels are there for everybody",
        "data/test_domains.py dropped",
    ),
)
