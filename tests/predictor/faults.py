"""Faults of the files that others use; see tests/faults.py."""

from tests.faults import Fault

FAULTS = (
    Fault(
        "predictor/export_metadata.py",
        "list(predictor.classes)",
        "sorted(predictor.classes, reverse=True)",
        "the outputs of the file have other names than those of the model",
        "predictor/test_export_metadata.py what_an_input_is",
    ),
    Fault(
        "predictor/examples/pictures.txt",
        'if rule["fit"] == "pad":',
        'if rule["fit"] == "fill":',
        "other programs squash pictures that the model has learned padded",
        "predictor/test_export_metadata.py every_pixel",
    ),
    Fault(
        "predictor/examples/tables.txt",
        'return days - column["origin"]',
        "return days",
        "days are counted from another one than in training",
        "predictor/test_export_metadata.py every_kind_of_column",
    ),
    Fault(
        "predictor/hub_folder.py",
        "if (source / name).is_file():",
        'if name != "config.json":',
        "a folder for the hub can't be opened",
        "predictor/test_hub_folder.py opens_again",
    ),
    Fault(
        "studies/adapt/model_card.py",
        "figures[name] = figure.value,",
        "figures[name] = figure.high,",
        "the card praises the model by the upper end of the interval",
        "predictor/test_hub_folder.py own_reader",
    ),
    Fault(
        "predictor/web_runtime.py",
        "if not _is_whole(content):",
        "if not content:",
        "code that was changed on its way goes into the page",
        "predictor/test_web_runtime.py another_file",
    ),
    Fault(
        "studies/evaluate/int8.py",
        'tuple("test" if part != "test" else "train" for part in given.split)',
        "given.split",
        "ranges are taken from the rows that the file is measured on",
        "predictor/test_quantise.py convolutions",
    ),
    Fault(
        "predictor/export.py",
        "                set_all(True)\n",
        "                pass\n",
        "what an activation writes over is exported as if it stayed",
        "predictor/test_export_in_place.py written_over",
    ),
)
