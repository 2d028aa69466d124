"""Faults in how data are loaded, each with the test that must fail; see tests/faults.py."""

from tests.faults import Fault

LOADING_FAULTS = (
    Fault(
        "data/manifest.py",
        'numbers = grouped(origin.texts(table, columns.group, "group"))',
        "pass",
        "groups of a frame or file are passed over",
        "data/test_frames.py table_is_the_same",
    ),
    Fault(
        "data/load.py",
        '    columns.refuse("an array has no columns")\n',
        "",
        "columns named for arrays go nowhere",
        "data/test_frames.py has_no_columns",
    ),
    Fault(
        "data/frames.py",
        'for place, name in enumerate(names)}\n    if hasattr(frame, "get_columns")',
        'for place, name in enumerate(sorted(names))}\n    if hasattr(frame, "get_columns")',
        "columns of a frame have the names of others",
        "data/test_frames.py table_is_the_same",
    ),
    Fault(
        "data/class_names.py",
        "    if not all(text.strip() and text not in NO_LABEL for text in said):\n",
        "    if not all(text.strip() for text in said):\n",
        "NaN is a class",
        "data/test_label_columns.py texts_without_a_label",
    ),
    Fault(
        "data/columns.py",
        '    return [match[1] if match else "" for match in matches]\n',
        "    return list(texts)\n",
        "classes of a file are called 0.0",
        "data/test_label_columns.py whole_floats",
    ),
    Fault(
        "data/split_folders.py",
        '    return (finding("left-out", "warning", text, [path.name for path in others]),)',
        "    return ()",
        "folders are left out in silence",
        "data/test_split_folders.py without_labels_is_left_out",
    ),
    Fault(
        "data/folder.py",
        "        if not readable:\n",
        "        if False:\n",
        "a class without a readable file vanishes",
        "data/test_split_folders.py class_folder_without",
    ),
    Fault(
        "data/torch_datasets.py",
        "return _Rows(x, [self.y[row] for row in rows], self.stored)",
        "return _Rows(x, self.y[: len(rows)], self.stored)",
        "a subset has the labels of other rows",
        "data/test_torch_datasets.py without_decoding",
    ),
    Fault(
        "data/hugging_face.py",
        "return cell if isinstance(cell, str) else named_class(cell, names)",
        "return cell",
        "classes of a Hugging Face data set have numbers for names",
        "data/test_containers.py pictures_of_a_hugging",
    ),
    Fault(
        "data/table_rows.py",
        "read_table(path, roles.names, roles.encoding)",
        "read_table(path)",
        "new rows are not read as those that were learned from",
        "cli/test_new_files.py table_without_names_in",
    ),
    Fault(
        "data/text_files.py",
        'return text.removesuffix("\\n").split("\\n") if text else []',
        "return text.splitlines()",
        "a page break within a text makes two of it",
        "cli/test_new_files.py only_line_feeds",
    ),
    Fault(
        "data/located.py",
        'found = [place / f"{path}{suffix}" for path in paths]',
        'found = [place / f"{paths[0]}{suffix}" for path in paths]',
        "all rows of a table have the picture of the first",
        "data/test_tables_of_files.py folder_beside_the_table",
    ),
    Fault(
        "data/located.py",
        "if len(places) > 1 and len(named) != 1:",
        "if False:",
        "a file of one name in two folders is taken from either",
        "data/test_tables_of_files.py one_name_in_two",
    ),
    Fault(
        "data/torch_datasets.py",
        "if isinstance(value, DataLoader):",
        "if False:",
        "a DataLoader is told to need labels",
        "data/test_tables_of_files.py loaders_and_generators",
    ),
)
