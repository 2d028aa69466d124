"""Faults of the command line: figures under other names, rows of other files, codes, options and resuming."""

from tests.faults import Fault

PRINTED = (
    Fault(
        "runtime/prediction_files.py",
        "*(_values(predicted)[name] for name in self.outputs)]",
        "*(_values(predicted)[name] for name in sorted(self.outputs))]",
        "in CSV the probabilities stand under other classes",
        "cli/test_predictions.py stands_under or tags_are_joined",
    ),
    Fault(
        "runtime/prediction_files.py",
        "DIGITS = 9",
        "DIGITS = 6",
        "numbers of the model lose digits in CSV",
        "cli/test_predictions.py every_digit",
    ),
    Fault(
        "cli/output.py",
        "for tag in prediction.tags)",
        "for tag in prediction.probabilities)",
        "the table shows probabilities of tags that were not given",
        "cli/test_predictions.py tags_are_joined",
    ),
    Fault(
        "runtime/predictions.py",
        "        if row[best] < self.abstain:\n",
        "        if row[best] <= self.abstain:\n",
        "a probability at the threshold is called unsure",
        "cli/test_predictions.py at_the_threshold",
    ),
    Fault(
        "runtime/predictions.py",
        "if share >= TAG_THRESHOLD)",
        "if share > TAG_THRESHOLD)",
        "a tag with a probability of one half is not given",
        "cli/test_predictions.py one_half",
    ),
)

ROWS = (
    Fault(
        "data/new_texts.py",
        "for number, line in enumerate(lines, 1)]",
        "for number, line in enumerate(lines)]",
        "lines are numbered from 0, and answers belong to the line before",
        "cli/test_predictions.py file_and_line",
    ),
    Fault(
        "data/folder_files.py",
        "        found += [Path(top, name) for name in files if not _hidden(name)]\n",
        "        found += [Path(top, name) for name in files]\n",
        "hidden files are answered like pictures",
        "cli/test_predictions.py that_of_its_file",
    ),
    Fault(
        "cli/predicting.py",
        "    if found.unread:\n",
        "    if found.unread and not found.rows:\n",
        "files that can't be read go unnoticed among others",
        "cli/test_predictions.py can_t_be_read",
    ),
    Fault(
        "cli/predicting.py",
        "        predictor.threshold = predictor.decision.moved(threshold).threshold\n",
        "        predictor.decision.moved(threshold)\n",
        "the threshold of two classes is checked and forgotten",
        "cli/test_prediction_files.py moves_the_positive",
    ),
    Fault(
        "runtime/prediction_files.py",
        "else quote_formula(cell) for cell in row",
        "else cell for cell in row",
        "a class is carried out by a spreadsheet as a formula",
        "cli/test_prediction_files.py no_name_is_run",
    ),
    Fault(
        "cli/predicting.py",
        "        predictor.abstain = _threshold(predictor, abstain)\n",
        "        _threshold(predictor, abstain)\n",
        "the threshold of the command line is checked and forgotten",
        "cli/test_predictions.py threshold_of_the_command_line",
    ),
    Fault(
        "cli/predicting.py",
        "for sentence in () if quiet else (*note, *found.said):",
        "for sentence in (*note, *found.said):",
        "--quiet is not quiet",
        "cli/test_predictions.py unless_it_is_to_be_quiet",
    ),
    Fault(
        "cli/engines.py",
        "open_model(run, backbone=backbone).to(device)",
        "open_model(run)",
        "--device is read and forgotten",
        "cli/test_predictions.py moved_to_the_device",
    ),
)

CODES = (
    Fault(
        "__main__.py",
        "            return error.code\n",
        "            return 1\n",
        "all mistakes end with the same exit code",
        "cli/test_predictions.py has_its_code",
    ),
    Fault(
        "__main__.py",
        "        sys.exit(code)\n",
        "        sys.exit(0)\n",
        "a command that failed ends like one that went well",
        "cli/test_predictions.py code_of_an_error",
    ),
    Fault(
        "__main__.py",
        "        return 1\n    raise error\n",
        "        return 1\n    return 1\n",
        "our own mistakes end without a word",
        "cli/test_predictions.py our_own_mistakes",
    ),
)

OPTIONS = (
    Fault(
        "cli/options.py",
        "names = [f\"{names[0]}/--no-{names[0].removeprefix('--')}\"]",
        "names = [f\"--no-{names[0].removeprefix('--')}/{names[0]}\"]",
        "--no-salt means salt",
        "cli/test_predictions.py become_the_settings",
    ),
    Fault(
        "cli/options.py",
        "return tuple(value) if isinstance(value, list) else value",
        "return tuple(value[:1]) if isinstance(value, list) else value",
        "of an option that is given several times only the first counts",
        "cli/test_predictions.py become_the_settings",
    ),
    Fault(
        "cli/options.py",
        "field.default if value is None else _numbers",
        "() if value is None else _numbers",
        "without a list of numbers there is none instead of the default",
        "cli/test_predictions.py become_the_settings",
    ),
    Fault(
        "cli/options.py",
        "    if not resume or settings != replace(usual, **anew):\n",
        "    if not resume or settings == replace(usual, **anew):\n",
        "a resumed study starts with the default settings",
        "cli/test_predictions.py begun_with",
    ),
    Fault(
        "cli/options.py",
        " if value != getattr(usual, name)}",
        "}",
        "resuming puts what may be given anew back to its default",
        "cli/test_predictions.py changes_alone",
    ),
    Fault(
        "cli/study_command.py",
        "        values[first.name] = [placed.pop(0), *values[first.name]]\n",
        "        placed.pop(0)\n",
        "of several sources the one given by its place is lost",
        "cli/test_help.py by_their_place_or_as_options",
    ),
    Fault(
        "cli/completing.py",
        '    files = sorted(Path().glob(f"{incomplete}*")) if found else []\n',
        "    files: list[Path] = []\n",
        "a name hides the files that begin like it from the shell",
        "cli/test_help.py files_are_completed",
    ),
)
