"""No file imports a file that imports it, on whatever way, be it only for types."""

import ast

from .test_floors import FILES, ROOT, absolute, tree_of


def imported(path, tree, modules):
    """The files that a file imports, wherever the statement stands; `modules` says which they are."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for base in absolute(path, node):
                for alias in node.names:
                    file = modules.get(f"{base}.{alias.name}", modules.get(base))
                    yield from [file] if file else []


def graph():
    """For each file of the package, such as `run/loop`, the files that it imports.

    The package's own `__init__` is left out: it imports when it is asked, and below it only the version is.
    """
    files = [path for path in FILES if path != ROOT / "__init__.py"]
    names = {path: str(path.relative_to(ROOT).with_suffix("")).removesuffix("/__init__") for path in files}
    modules = {f"headstart.{name}".replace("/", "."): name for name in names.values()}
    return {name: set(imported(path, tree_of(path), modules)) - {name} for path, name in names.items()}


def circles(graph):
    """The sets of nodes that reach each other, by Tarjan's algorithm.

    A node is in a circle with those above it on the stack when it reaches none below.
    """
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph[node]:
            if other not in index:
                visit(other)
            low[node] = min(low[node], low[other] if other in stack else len(graph))
        if low[node] == index[node]:
            circle = set(stack[stack.index(node) :])
            del stack[stack.index(node) :]
            found.extend([circle] if len(circle) > 1 else [])

    for node in graph:
        if node not in index:
            visit(node)
    return found


def test_files_import_in_no_circle():
    assert circles(graph()) == []


def test_a_circle_would_be_seen():
    edges = {"a": {"b"}, "b": {"c", "d"}, "c": {"a"}, "d": {"e"}, "e": set(), "f": {"g"}, "g": {"f", "a"}}
    assert sorted(map(sorted, circles(edges))) == [["a", "b", "c"], ["f", "g"]]


def test_imports_are_seen_wherever_they_stand():
    path = ROOT / "run" / "new.py"
    modules = {"headstart.run.loop": "run/loop", "headstart.run": "run", "headstart.core": "core"}
    for text, expected in {
        "from .loop import train": ["run/loop"],
        "if TYPE_CHECKING:\n    from headstart.run.loop import Run": ["run/loop"],
        "def f():\n    import headstart.run.loop": ["run/loop"],
        "from headstart.run import loop": ["run/loop"],
        "from ..core import Task": ["core"],
        "from . import loop, a_name_in_the_package": ["run/loop", "run"],
    }.items():
        assert list(imported(path, ast.parse(text), modules)) == expected, text
