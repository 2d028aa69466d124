"""Nothing is left out of its page: options, settings, exit codes, fields of the records, methods."""

import ast
import re
import subprocess
import sys
from dataclasses import fields, is_dataclass

import pytest
import typer
from tests.docs.pages import ROOT, Page

from headstart.cli import app
from headstart.core import errors, walk
from headstart.learners.learner import walk_learners
from headstart.records import outputs, two_classes
from headstart.records import record as records
from headstart.records.settings import StudySettings
from headstart.studies._spec import studies

COMMANDS = typer.main.get_command(app).commands
METHODS = sorted(walk(), key=lambda kind: kind.about.name)
LEARNERS = sorted(walk_learners(), key=lambda kind: kind.name)
PAGES = {records: "run-folder.md", outputs: "run-folder.md", two_classes: "how/thresholds.md"}
PAGES |= {spec.module(): spec.docs_page for spec in studies()}
RECORDS = [
    (kind, name)
    for module, name in PAGES.items()
    for kind in vars(module).values()
    if is_dataclass(kind) and isinstance(kind, type) and kind.__module__ == module.__name__
    if not issubclass(kind, StudySettings)
]
SETTINGS = [(spec.settings, spec.docs_page) for spec in studies()]
ERRORS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]


def page(name):
    return Page(ROOT / "docs" / name)


def section(text, heading):
    """What stands under a heading, up to the next one of its level or above."""
    _, found, rest = text.partition(f"\n{heading}\n")
    assert found, f"no heading {heading!r}"
    level = len(heading.split(" ")[0])
    return re.split(rf"^#{{1,{level}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_is_on_the_page_of_the_command_line(name):
    text = section(page("command-line.md").text, f"## headstart {name}")
    for parameter in COMMANDS[name].params:
        for option in (*parameter.opts, *parameter.secondary_opts):
            shown = f"`{option}`" if option.startswith("-") else (parameter.metavar or option).upper()
            assert shown in text, f"{name}: {option}"


def test_the_home_page_leads_to_every_tutorial():
    home = (ROOT / "docs" / "index.md").read_text("utf-8")
    tutorials = {f"tutorials/{file.name}" for file in (ROOT / "docs" / "tutorials").glob("*.md")}
    assert len(tutorials) > 5
    assert {name for name in tutorials if f"({name})" not in home} == set()


def test_the_page_of_the_command_line_has_no_other_command():
    found = [line for line in page("command-line.md").text.splitlines() if line.startswith("## headstart ")]
    assert sorted(line.split()[-1] for line in found) == sorted(COMMANDS)


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_exit_code_is_explained(kind):
    assert f"| {kind.code} | `{kind.__name__}`" in page("command-line.md").text
    assert f"## {kind.__name__}" in page("troubleshooting.md").text


@pytest.mark.parametrize(("kind", "name"), RECORDS, ids=[kind.__name__ for kind, _ in RECORDS])
def test_every_field_of_the_records_is_explained(kind, name):
    text = page(name).text
    for field in fields(kind):
        assert f"| `{field.name}` |" in section(text, f"### {kind.__name__}"), field.name


@pytest.mark.parametrize(("kind", "name"), SETTINGS, ids=[kind.__name__ for kind, _ in SETTINGS])
def test_every_setting_of_the_studies_is_explained(kind, name):
    text = section(page(name).text, "## Settings")
    assert not [field.name for field in fields(kind) if f"`{field.name}`" not in text]


@pytest.mark.parametrize("kind", METHODS, ids=lambda kind: kind.about.name)
def test_every_method_has_a_page_with_all_that_it_should_say(kind):
    text, title = page(f"methods/{kind.about.name}.md").text, kind.about.title
    assert text.removeprefix("<!-- slow -->\n").startswith(
        (f"# {title}\n", f"# {title}: ")
    )  # pages, menus and reports call it alike
    for heading in ("Formula", "When it helps", "Settings", "Example", "Command line", "Paper", "Traps"):
        assert section(text, f"## {heading}").strip(), heading
    for field in fields(kind):
        assert f"| `{field.name}` | `{field.default!r}` |" in section(text, "## Settings"), field.name
    assert kind.about.paper in section(text, "## Paper")
    assert f"`{kind.about.name}`" in text
    assert f"hs.methods.{kind.__name__}" in text
    assert f"--method {kind.about.name}" in section(text, "## Command line")
    assert "does not help" in section(text, "## When it helps") or "Against it" in text or "worse" in text


@pytest.mark.parametrize("kind", LEARNERS, ids=lambda kind: kind.name)
def test_every_learner_has_a_page_with_all_that_it_should_say(kind):
    text = page(f"learners/{kind.name}.md").text
    assert (
        text.removeprefix("<!-- slow -->\n").lstrip().startswith((f"# {kind.title}\n", f"# {kind.title}: "))
    )
    for heading in ("Formula", "When it helps", "Example", "Traps"):
        assert section(text, f"## {heading}").strip(), heading
    settings = section(text, "## Settings") if fields(kind) else ""
    for field in fields(kind):  # those that learners of a family share have a row on one page alone
        assert f"`{field.name}`" in settings, field.name
        assert all(
            row == repr(field.default) for row in re.findall(rf"\| `{field.name}` \| `(.*?)` \|", settings)
        )
    assert kind.paper in section(text, "## Paper")
    assert f"`{kind.name}`" in text
    assert re.search("does not help|less|more computing", section(text, "## When it helps"))


def test_editors_know_every_method_and_its_settings():
    """The stub names each class in its own module, so that its settings are keywords with types."""
    stub = ast.parse((ROOT / "src/headstart/methods/__init__.pyi").read_text("utf-8"))
    lines = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    named = {(node.module, one.name, one.asname) for node in lines for one in node.names}
    assert named == {(kind.__module__, kind.__name__, kind.__name__) for kind in METHODS}
    assert all(field.type not in ("Any", "object") for kind in METHODS for field in fields(kind))


@pytest.mark.slow
def test_the_index_of_methods_is_current():
    command = [sys.executable, "tools/index_methods.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout


def test_a_stale_index_would_be_noticed(monkeypatch, tmp_path):
    import importlib.util

    spec = importlib.util.spec_from_file_location("index_methods", ROOT / "tools/index_methods.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    stale = tmp_path / "index.md"
    stale.write_text(tool.page().replace("ridge-probe", "ridge"), "utf-8")
    monkeypatch.setattr(tool, "TARGET", stale)
    monkeypatch.setattr("sys.argv", ["index_methods.py", "--check"])
    assert tool.main() == 1
