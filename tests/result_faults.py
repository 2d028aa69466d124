"""Faults about what is told of a fit and of a model on new data."""

from tests.faults import Fault

FIT = "study/test_fit_result.py"
EVALUATE = "study/test_evaluate.py"
INPUTS = "study/test_evaluate_inputs.py"
SHOWN = "study/test_shown_results.py"
FILES = "cli/test_prediction_files.py"
WEIGHTS = "test_sklearn_weights.py"

RESULT_FAULTS = (
    Fault(
        "predictor/fit.py",
        "dict.fromkeys([*said, *mapping.notes, *fitted.notes, *cautions])",
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
    Fault(
        "studies/evaluate/inputs.py",
        "        return place[data.labels]\n",
        "        return data.labels\n",
        "classes are matched by position",
        f"{EVALUATE} not_by_position",
    ),
    Fault(
        "studies/evaluate/inputs.py",
        "found[:, column] = data.labels[:, data.classes.index(name)]",
        "found[:, column] = data.labels[:, column]",
        "tags and numbers are matched by position",
        f"{EVALUATE} are_matched_by_name",
    ),
    Fault(
        "studies/evaluate/inputs.py",
        "replace(data, groups=dependent_rows(data, looks))",
        "data",
        "duplicates count as independent rows",
        f"{EVALUATE} duplicates_count_once",
    ),
    Fault(
        "studies/evaluate/run.py",
        "truth = data.labels, data.groups, seed, _metric",
        "truth = data.labels, None, seed, _metric",
        "intervals are over rows, not over groups",
        f"{EVALUATE} over_whole_groups",
    ),
    Fault(
        "studies/evaluate/run.py",
        "mover(there, here, 0.0) if lower else mover(here, there, 0.0)",
        "mover(there, here, 0.0)",
        "the change from the report has the wrong ends",
        f"{EVALUATE} two_samples_by_hand",
    ),
    Fault(
        "studies/evaluate/inputs.py",
        "    table = _by_schema(given, data, predictor, predictor.schema, columns)\n",
        "    table = data.table or _by_schema(given, data, predictor, predictor.schema, columns)\n",
        "a column is typed anew by the new rows",
        f"{INPUTS} by_the_models_schema",
    ),
    Fault(
        "data/naming.py",
        "    token = _known_names.set(True)\n",
        "    token = _known_names.set(False)\n",
        "data of one class can't be evaluated",
        f"{EVALUATE} of_one_class",
    ),
    Fault(
        "studies/_spec.py",
        "    return replace(terminal, notes=record.notes)\n",
        "    return terminal\n",
        "notes of a study are not shown",
        f"{SHOWN} with_its_notes",
    ),
    Fault(
        "report/text.py",
        "<td>{escape(str(cell))}</td>",
        "<td>{cell}</td>",
        "a cell is markup in a notebook",
        f"{SHOWN} cells_are_escaped",
    ),
    Fault(
        "predictor/prediction_files.py",
        "    if file.is_dir() or (file.exists() and not replace):\n",
        "    if file.is_dir():\n",
        "a file of the user's is written over",
        f"{FILES} kept_until",
    ),
    Fault(
        "predictor/prediction_files.py",
        "    write_atomically(file, FORMATS[file.suffix.lower()](rows))\n",
        "    file.write_bytes(FORMATS[file.suffix.lower()](rows))\n",
        "half a file of predictions is left on a full disk",
        f"{FILES} whole_or_not",
    ),
    Fault(
        "predictor/prediction_files.py",
        'f"predicted {name}" if name in first else name',
        "name",
        "a class called label takes the place of the labels",
        f"{FILES} keeps_its_own",
    ),
    Fault(
        "sklearn/learner.py",
        "options=FitOptions(weights))",
        "options=FitOptions(None))",
        "weights are taken and ignored",
        f"{WEIGHTS} weights_are_used",
    ),
    Fault(
        "sklearn/learner.py",
        "        self._learn_standard(X, weights)\n",
        "        self._learn_standard(X)\n",
        "columns are standardised without the weights",
        f"{WEIGHTS} standardised_by_weight",
    ),
    Fault(
        "sklearn/learner.py",
        "            rows = np.flatnonzero(weights)\n",
        "            rows = np.arange(len(weights))\n",
        "a row of weight 0 is drawn all the same",
        f"{WEIGHTS} as_good_as_not_there",
    ),
    Fault(
        "sklearn/weights.py",
        "    totals = np.bincount(codes, own)\n",
        "    totals = np.bincount(codes, own) ** 2\n",
        "balanced classes do not count alike",
        f"{WEIGHTS} balanced_classes",
    ),
    Fault(
        "studies/evaluate/inputs.py",
        "        data, looks = data.subset(test), [looks[row] for row in test] if looks else None\n",
        "        pass\n",
        "a model is evaluated on its training part",
        f"{INPUTS} of_a_split",
    ),
    Fault(
        "studies/evaluate/run.py",
        "sure = np.flatnonzero(confidence >= below)",
        "sure = np.flatnonzero(confidence < below)",
        "the accuracy is that of the unsure rows",
        f"{INPUTS} abstaining",
    ),
    Fault(
        "predictor/fit.py",
        "    cautions = [*fitted.cautions, *_about_split(dataset)]\n",
        "    cautions = fitted.cautions\n",
        "a test part is learned from without a word",
        f"{FIT} of_a_test_part",
    ),
)
