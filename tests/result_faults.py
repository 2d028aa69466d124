"""Faults about what is told of a fit and of a model on new data."""

from tests.faults import Fault

FIT = "study/test_fit_result.py"

RESULT_FAULTS = (
    Fault(
        "predictor/fit.py",
        "dict.fromkeys([*mapping.notes, *fitted.notes])",
        "mapping.notes",
        "notes of the fit are thrown away",
        f"{FIT} other_notes_stay",
    ),
    Fault(
        "predictor/fit.py",
        "        warnings.warn(caution, FitWarning, stacklevel=2)\n",
        "        pass\n",
        "nobody is told that weights are unreliable",
        f"{FIT} is_a_warning",
    ),
    Fault(
        "predictor/save.py",
        '            (fresh / TRAINING).write_text(training.to_json(), "utf-8")\n',
        "            pass\n",
        "what happened is not saved",
        f"{FIT} same_when_opened",
    ),
    Fault(
        "predictor/predictor.py",
        "if folder.exists() and not (",
        "if False and not (",
        "a folder of the user's is replaced by a model",
        f"{FIT} nothing_but_a_model",
    ),
    Fault(
        "predictor/training.py",
        "{escape(outputs(kind, names))}",
        "{outputs(kind, names)}",
        "a class name is markup in a notebook",
        f"{FIT} names_are_escaped",
    ),
    Fault(
        "core/setting_types.py",
        "        if not isinstance(getattr(settings, name), taken):\n",
        "        if False:\n",
        "settings of a wrong type are compared",
        f"{FIT} a_mistake_is_named",
    ),
    Fault(
        "core/setting_types.py",
        "        elif following is not None:\n",
        "        elif False:\n",
        "the checks of a family are skipped",
        "methods/test_importance_weighting.py a_bad_setting",
    ),
)
