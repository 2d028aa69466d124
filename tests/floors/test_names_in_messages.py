"""Messages name arguments by `face.spell`: options on the command line, names in Python, never both."""

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest

import headstart
from headstart.cli.options import Columns
from headstart.face import OPTIONS, speak, spell
from headstart.studies._spec import studies

ROOT = Path(headstart.__file__).parent
FILES = sorted(
    path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).parts[0] not in ("cli", "face.py")
)
HELP = {"option", "field", "Input", "Study", "optional_input", "replace"}  # calls whose texts are help
COMMANDS = re.compile(r"(headstart|pip install|npm pack|predict) [^.]*--")  # these are to be pasted
LINES = {  # of commands, or words for the command line alone
    "__main__.py",
    "records/settings.py",
    "records/two_classes.py",
    "studies/_history.py",
    "studies/adapt/next_commands.py",
    "studies/align/page.py",
}
PYTHON = re.compile(
    r"\b(hs\.|np\.|load\(|fit\(|backbone\(|Domains\(|(labels|groups|attribute|last)=)"
)  # Python alone
SETTINGS = {each.name: each.metadata.get("flag", "") for spec in studies() for each in fields(spec.settings)}
COLUMNS = {each.name: each.metadata.get("flag", "") for each in fields(Columns)}
INPUTS = {item.name: item.flag for spec in studies() for item in spec.inputs if item.command}
NAMES = {*SETTINGS, *COLUMNS, *INPUTS, "out", "resume", "overwrite"} - {"batch", "model"}


def texts(path):
    """(line, text) of each string in a file that is neither a docstring nor help."""
    tree = ast.parse(path.read_text("utf-8"))
    passed = {part for node in ast.walk(tree) for part in passed_over(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(each.value if isinstance(each, ast.Constant) else "{}" for each in node.values)
        else:
            text = getattr(node, "value", None) if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and node not in passed:
            yield node.lineno, text


def passed_over(node):
    """Parts of a node that are no messages: a docstring, help, and what a longer text has already."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") in HELP:
        return ast.walk(node)
    return [node.value] if isinstance(node, ast.Expr) else getattr(node, "values", [])


def spelled_by_hand(text):
    """Whether a text has words and an option, or an argument of Python with a value."""
    if " " not in text.strip():
        return False
    if re.search(r"(?<![\w-])--[a-z{]", text) and not COMMANDS.search(text):
        return True
    named = re.findall(r"(?<![:<\w])(?<!target )([a-z_]+)=(?!=|\")", text)
    return bool(NAMES.intersection(named)) and not PYTHON.search(text)


@pytest.mark.parametrize(
    "text", ["Name it with --label-column NAME.", "Say task='regression' then.", "Give out= too."]
)
def test_what_is_spelled_by_hand_is_found(text):
    assert spelled_by_hand(text)


def test_no_message_spells_the_name_of_an_argument_by_hand():
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in FILES
        if f"{path.relative_to(ROOT)}" not in LINES
        for line, text in texts(path)
        if spelled_by_hand(text)
    ]
    assert not found, "\n".join(found)


def test_options_are_spelled_as_the_command_line_has_them():
    """Each that is not the name with hyphens is in `OPTIONS`."""
    flags = {
        name: flag for name, flag in (SETTINGS | COLUMNS).items() if flag and flag != name.replace("_", "-")
    }
    assert {name: OPTIONS.get(name) for name in flags} == flags


@pytest.mark.parametrize(
    ("words", "more", "python", "option"),
    [
        (("label_column",), {}, "label_column", "--label-column"),
        (("label_column", "it's"), {}, 'label_column="it\'s"', "--label-column 'it'\"'\"'s'"),
        (("label_column", ...), {"stands": "NAME"}, "label_column=...", "--label-column NAME"),
        (("overlap", True), {}, "overlap=True", "--overlap"),
        (("beside", ["a b", "c"]), {}, "beside=['a b', 'c']", "--beside 'a b' --beside c"),
        (("keep", ["id"]), {}, "keep=['id']", "--keep-column id"),
        (("window", (0, 9)), {}, "window=(0, 9)", "--window 0 9"),
        (("keep",), {"option": "keep"}, "keep", "--keep"),
    ],
)
def test_each_face_has_its_own(words, more, python, option):
    assert spell(*words, **more) == python
    with speak(command_line=True):
        assert spell(*words, **more) == option
        with speak(command_line=False):
            assert spell(*words, **more) == python
    assert spell(*words, **more) == python
