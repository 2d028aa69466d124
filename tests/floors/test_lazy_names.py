"""What core and data import when it is asked for: each name is there, and type checkers see the same ones."""

import ast
import importlib
import subprocess
import sys

import pytest

from headstart import core, data

from .test_floors import ROOT, tree_of, typing_only


def promised(package):
    """Names that type checkers find, and the modules that have them."""
    tree = tree_of(ROOT / package / "__init__.py")
    nodes = [node for block in tree.body if typing_only(block) for node in block.body]
    pairs = [(alias.name, node.module) for node in nodes for alias in node.names]
    return dict(pairs) if all(isinstance(node, ast.ImportFrom) for node in nodes) else {}


@pytest.mark.parametrize(("package", "known"), [(core, core._MODULES), (data, data._FOUND)])
def test_the_names_of_types_are_those_that_are_found(package, known):
    said = promised(package.__name__.rpartition(".")[2])
    assert said
    assert {name: module or "" for name, module in said.items()} == known
    for name in said:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match="has no 'nonsense'"):
        _ = package.nonsense


@pytest.mark.parametrize("name", ["check", "confounded", "load"])
def test_a_function_is_not_hidden_by_the_file_of_its_name(name):
    file = importlib.import_module(f"headstart.data.{name}")
    setattr(data, name, file)  # as the first import of the file does
    assert getattr(data, name) is getattr(file, name)


def test_the_floor_without_torch_imports_none():
    names = [f"headstart.runtime.{path.stem}" for path in sorted((ROOT / "runtime").glob("[!_]*.py"))]
    code = f"import sys, {', '.join(names)}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
