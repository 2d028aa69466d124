"""The method in CONTRIBUTING.md is built as it stands there, tested, and put through the whole contract."""

import importlib
import inspect
import subprocess
import sys
from dataclasses import replace
from functools import partialmethod

import pytest
from tests.contract import test_contract as contract
from tests.docs.pages import ROOT, Page
from tests.docs.running import run_examples

from headstart.core import walk

BLOCKS = {block.title: block for block in Page(ROOT / "CONTRIBUTING.md").blocks() if block.title}
METHOD, TEST, DOCS = (title for title in BLOCKS if "bias" in title.replace("_", "-"))
NAME = METHOD.removeprefix("src/").removesuffix(".py").replace("/", ".")


def of_one_method(function):
    return callable(function) and list(inspect.signature(function).parameters) == ["kind"]


# the one that looks for the files in their places is left out: these are in a temporary folder
CONTRACT = sorted(
    name
    for name, value in vars(contract).items()
    if name.startswith("test_") and of_one_method(value) and "docs_page" not in name
)


@pytest.fixture
def kind(tmp_path, monkeypatch):
    """The class, found by the register as if the file lay in the package."""
    package = importlib.import_module(NAME.rpartition(".")[0])
    (tmp_path / METHOD.rpartition("/")[2]).write_text(BLOCKS[METHOD].text, "utf-8")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    yield next(method for method in walk() if method.__module__ == NAME)
    sys.modules.pop(NAME, None)
    delattr(package, NAME.rpartition(".")[2])


def test_the_three_files_are_where_the_contract_looks_for_them(kind):
    assert kind.__module__.split(".")[2] == kind.about.adapts
    assert f"tests/methods/test_{NAME.rpartition('.')[2]}.py" == TEST
    assert f"docs/methods/{kind.about.name}.md" == DOCS


@pytest.mark.parametrize("promise", CONTRACT)
def test_it_keeps_the_contract(kind, promise):
    getattr(contract, promise)(kind)


def test_its_own_test_passes_and_catches_the_faults_that_the_page_plants(kind):
    run_tests()
    sound = kind.moves

    def faulty(self, **fault):
        (move,) = sound(self)
        head, biases = move.on
        return (replace(move, on=(head, replace(biases, **fault))),)

    for fault in ({"keep": lambda *_: True}, {"lr": 1.0}):
        kind.moves = partialmethod(faulty, **fault)
        with pytest.raises(AssertionError):
            run_tests()


def run_tests():
    names = {"__name__": "example"}
    exec(compile(BLOCKS[TEST].text, TEST, "exec"), names)
    found = [value for name, value in names.items() if name.startswith("test_")]
    assert found
    for test in found:
        test()


@pytest.mark.usefixtures("workplace", "kind")
def test_its_page_runs(tmp_path):
    (tmp_path / "page.md").write_text(BLOCKS[DOCS].text, "utf-8")
    run_examples(Page(tmp_path / "page.md").examples(), DOCS)


def test_it_is_tidy(tmp_path):
    for title in (METHOD, TEST):
        path = tmp_path / title
        path.parent.mkdir(parents=True)
        path.write_text(BLOCKS[title].text, "utf-8")
    ours = 'lint.isort.known-first-party=["headstart", "tests"]'
    config = ["--no-cache", "--config", str(ROOT / "pyproject.toml"), "--config", ours]
    command = [sys.executable, "-m", "ruff", "check", *config, "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
