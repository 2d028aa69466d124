"""A method can be read to the bottom: in how many lines, and no base class is patched on the way."""

import ast
import re
from functools import cache
from pathlib import Path
from statistics import median

import headstart
from headstart.core import walk

SRC = Path(headstart.__file__).parents[1]
METHODS = [*walk()]
MOST = 395


@cache
def names_of(module):
    """Of a module: definitions (name -> node), imports (name -> (module, name)); None if there is no file."""
    path = SRC / Path(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    if not path.is_file():
        return None
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    defined, imported = {}, {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            if source.startswith("headstart"):
                imported |= {alias.asname or alias.name: (source, alias.name) for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            defined |= {each.id: node for each in targets if isinstance(each, ast.Name)}
    return defined, imported


def resolved(module, name):
    """Where a name is defined, re-exports followed: (module, node); None if it is not in the project."""
    for _ in range(9):
        known = names_of(module)
        if known is None:
            return None
        if name in known[0]:
            return module, known[0][name]
        if name not in known[1]:
            return None
        module, name = known[1][name]
    return None


def of_modules(home, node):
    """What a definition takes of imported modules, as in `checks.rows`: (module, name)."""
    imported = names_of(home)[1]
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id in imported:
            module = ".".join(imported[each.value.id])
            if names_of(module) is not None:
                yield module, each.attr


def used(module, name):
    """Lines of all definitions outside core that are reached from one by name: (module, line) -> lines."""
    waiting, lines = [(module, name)], {}
    while waiting:
        found = resolved(*waiting.pop())
        if found is None or found[0].startswith("headstart.core"):
            continue
        home, node = found
        if (home, node.lineno) not in lines:
            first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
            lines[home, node.lineno] = node.end_lineno - first + 1
            waiting += [(home, each.id) for each in ast.walk(node) if isinstance(each, ast.Name)]
            waiting += of_modules(home, node)
    return lines


def test_a_method_is_read_in_few_lines():
    counts = {kind.about.name: sum(used(kind.__module__, kind.__name__).values()) for kind in METHODS}
    assert median(counts.values()) <= MOST, sorted((count, name) for name, count in counts.items())


def test_what_is_read_holds_what_is_used_and_no_more():
    """DANN: its settings, the gradient reversal and the critic, and nothing of probes."""
    dann = next(kind for kind in METHODS if kind.about.name == "dann")
    modules = {module.removeprefix("headstart.") for module, _ in used(dann.__module__, dann.__name__)}
    assert {"methods.tuning", "losses.alignment.reversal", "nn.critic"} <= modules
    assert not any("probing" in module or "core" in module for module in modules)


def overridden(kind):
    """The methods that are concrete in more than two classes that `kind` is made of, its own among them."""
    own = [each for each in kind.__mro__ if each.__module__.startswith("headstart")]
    functions = [
        name
        for each in own
        for name, value in vars(each).items()
        if not name.startswith("__") and callable(value) and not getattr(value, "__isabstractmethod__", False)
    ]
    return {name for name in functions if functions.count(name) > 2}


def test_no_method_is_overridden_twice():
    assert not {kind.about.name: names for kind in METHODS if (names := overridden(kind))}


def test_a_second_override_would_be_seen():
    base = type("Base", (), {"moves": lambda self: ()})
    middle = type("Middle", (base,), {"moves": lambda self: ()})
    leaf = type("Leaf", (middle,), {"moves": lambda self: ()})
    for each in (base, middle, leaf):
        each.__module__ = "headstart.methods.new"
    assert overridden(leaf) == {"moves"}
    assert not overridden(middle)


def test_no_family_imports_what_is_private_to_another_and_nothing_is_patched():
    """A family is a folder; what a base class does is not changed by `super()`, its settings apart."""
    root = SRC / "headstart" / "methods"
    for path in root.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        family = ".".join(path.relative_to(SRC).parent.parts)
        private = re.findall(r"from (headstart\.methods[\w.]*)\._\w+ import", text)
        assert all(package == family for package in private), path
        assert set(re.findall(r"super\(\)\.(\w+)\(", text)) <= {"__post_init__", "__init__"}, path
