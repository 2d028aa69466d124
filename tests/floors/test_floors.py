"""Who may know whom, how long a file may be, and what may never be imported where."""

import ast
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import headstart

ROOT = Path(headstart.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
TESTS = sorted(Path(__file__).parents[1].rglob("*.py"))

MAY = {  # a folder of headstart: the folders that it may import besides itself, and `face`, which all may
    "face": set(),
    "core": set(),
    "losses": {"core"},
    "solvers": {"core"},
    "nn": {"core"},
    "metrics": {"core"},
    "attribution": {"core"},
    "models": {"core", "nn"},
    "data": {"core", "metrics", "nn"},
    "methods": {"core", "losses", "solvers", "nn", "metrics"},
    "run": {"core", "losses", "solvers", "nn", "metrics"},
    "records": {"core"},
    "generators": {"core", "losses", "solvers", "nn", "data", "run"},
    "tasks": {"core", "solvers", "nn", "data"},
    "learners": {"core", "losses", "solvers", "nn", "metrics", "run", "tasks"},
    "session": {
        *("core", "losses", "solvers", "nn", "metrics", "models", "data", "methods", "run", "records")
    },
    "runtime": {"core", "data"},
    "predictor": {
        "runtime",
        *("attribution", "methods", "core", "metrics", "models", "data", "nn", "run", "records", "session"),
    },
    "streaming": {"core", "data", "models", "nn", "predictor", "records", "report", "run"},
    "claims": {
        *("core", "losses", "solvers", "nn", "metrics", "models", "data", "methods", "run", "records"),
        *("generators", "tasks", "learners", "session", "predictor", "streaming"),
    },
    "teaching": {
        *("core", "solvers", "metrics", "models", "data", "methods", "run", "records", "session"),
        *("predictor", "report", "runtime", "studies"),
    },
    "server": {"core", "data", "models", "nn", "records", "session", "predictor", "runtime", "teaching"},
    "report": {"core", "records"},
    "studies": {
        *("core", "losses", "solvers", "nn", "metrics", "models", "data", "methods", "run", "records"),
        *("attribution", "session", "predictor", "report", "runtime", "generators"),
        *("tasks", "learners", "claims", "streaming"),
    },
    "cli": {
        "core",
        "nn",
        "models",
        "data",
        "run",
        "records",
        "session",
        "predictor",
        "report",
        "server",
        "runtime",
        "studies",
        "teaching",
        "__init__",
    },
    "__main__": {"core", "cli", "studies"},
    "sklearn": {
        *("core", "solvers", "metrics", "data", "models", "methods", "run", "records", "session"),
        *("predictor", "runtime"),
    },
    "__init__": {
        *("claims", "core", "runtime", "data"),
        "generators",
        "learners",
        "tasks",
        "methods",
        "models",
        "nn",
        "run",
        "records",
        "session",
        "predictor",
        "streaming",
        "studies",
        "sklearn",
        "teaching",
    },
}
HEAVY = {"timm", "torchvision", "transformers", "pandas", "pyarrow", "matplotlib", "jinja2", "sklearn"}
HEAVY |= {"onnx", "onnxruntime", "onnxscript", "optuna", "lightning_fabric", "tokenizers", "huggingface_hub"}
HEAVY |= {"h5py", "soundfile", "pydicom", "nibabel", "pillow_heif"}
UNSAFE = {"pickle", "cPickle", "joblib", "dill", "cloudpickle", "shelve", "marshal"}


@cache
def tree_of(path):
    return ast.parse(path.read_text("utf-8"))


def absolute(path, node):
    """The modules that an import statement names, relative ones resolved."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not node.level:
        base = node.module
    else:
        folder = path.relative_to(ROOT.parent).parts[: -node.level]
        base = ".".join((*folder, node.module) if node.module else folder)
    if base == "headstart":
        return [f"headstart.{alias.name}" for alias in node.names]
    return [base]


def imports(path, tree=None):
    """(line, module) of each import statement in a file, wherever it stands."""
    nodes = ast.walk(tree or tree_of(path))
    statements = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    return [(node.lineno, name) for node in statements for name in absolute(path, node)]


def at_import_time(path):
    """The same for what runs when the module is imported."""
    found = []
    todo = list(tree_of(path).body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or typing_only(node):
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            found += [(node.lineno, name) for name in absolute(path, node)]
        todo += ast.iter_child_nodes(node)
    return found


def typing_only(node):
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def folder_of(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def breaches(path, folder):
    for line, name in imports(path):
        head, _, rest = name.partition(".")
        other = rest.split(".")[0]
        if head != "headstart" or other in (folder, "face") or rest in ("", "__version__"):
            continue
        other = other if other in MAY else "__init__"
        if other not in MAY[folder] and rest not in MAY[folder]:
            yield f"{path.relative_to(ROOT)}:{line} imports {name}"


@pytest.mark.parametrize("folder", MAY)
def test_a_floor_imports_only_from_floors_below_it(folder):
    mine = [path for path in FILES if folder_of(path) == folder]
    assert mine
    assert not [breach for path in mine for breach in breaches(path, folder)]


def test_below_the_face_only_its_version_is_used():
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node)}"
        for path in FILES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if node.value.id == "headstart" and node.attr != "__version__"
    ]
    assert not found


def test_every_file_has_a_floor():
    assert {folder_of(path) for path in FILES} <= set(MAY)


def test_the_floors_have_no_cycle():
    below = {name: {other.split(".")[0] for other in others} - {"__init__"} for name, others in MAY.items()}
    while below:
        free = {name for name, others in below.items() if not others & set(below)}
        assert free, f"a circle among {sorted(below)}"
        below = {name: others for name, others in below.items() if name not in free}


def test_a_breach_would_be_seen():
    path = ROOT / "methods" / "mapping" / "new.py"
    for text in (
        "from headstart.run.loop import train",
        "import headstart.models.backbone",
        "from headstart import data",
        "def f():\n    from ...run import loop",
    ):
        (found,) = imports(path, ast.parse(text))
        assert found[1].split(".")[1] in ("run", "models", "data")
        assert found[1].split(".")[1] not in MAY["methods"]


def test_no_file_has_more_than_300_lines():
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in (*FILES, *TESTS)}
    assert len(lengths) > 500
    assert not {str(path): lines for path, lines in lengths.items() if lines > 300}


def test_no_file_imports_heavy_packages_when_it_is_imported():
    found = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in FILES
        for line, name in at_import_time(path)
        if name.split(".")[0] in HEAVY - {path.parent.name}  # headstart/sklearn is the face to scikit-learn
    ]
    assert not found


def test_nothing_that_runs_code_when_it_is_read():
    found = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in FILES
        for line, name in imports(path)
        if name.split(".")[0] in UNSAFE
    ]
    assert not found


def unsafe_calls(tree):
    """Lines of calls that may unpickle: `torch.load` without weights_only=True, `allow_pickle=True`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            words = {word.arg: ast.unparse(word.value) for word in node.keywords}
            name = ast.unparse(node.func)
            if name in ("torch.load", "load_state_dict_from_url") and words.get("weights_only") != "True":
                yield node.lineno
            if words.get("allow_pickle", "False") != "False" or name == "torch.save":
                yield node.lineno


def test_no_call_may_unpickle():
    assert not [f"{path}:{line}" for path in FILES for line in unsafe_calls(tree_of(path))]


@pytest.mark.parametrize(
    "text",
    [
        "torch.load(p)",
        "torch.load(p, weights_only=False)",
        "np.load(p, allow_pickle=True)",
        "torch.save(a, b)",
    ],
)
def test_an_unsafe_call_would_be_seen(text):
    assert list(unsafe_calls(ast.parse(text))) == [1]


def loaded(code):
    """The modules that are loaded after `code` in a fresh process."""
    program = f"import sys, json\n{code}\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_importing_headstart_does_not_import_torch():
    assert "headstart" in (modules := loaded("import headstart"))
    assert not modules & ({"torch", "numpy"} | HEAVY)


HELP = """
sys.argv = ["headstart", "--help"]
from headstart.__main__ import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
"""


def test_help_does_not_import_torch():
    assert "headstart.cli" in (modules := loaded(HELP))
    assert not modules & ({"torch"} | HEAVY)


@pytest.mark.slow
def test_importing_all_words_and_methods_imports_nothing_heavy():
    code = "from headstart.core import walk; assert list(walk()); import headstart.run.frozen"
    assert "torch" in (modules := loaded(code))
    assert not modules & HEAVY
