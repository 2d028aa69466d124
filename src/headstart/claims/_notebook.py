"""A claim as a notebook: its own file, function by function, run step by step."""

import ast
import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from headstart.claims._claim import Claim
from headstart.core import CannotWrite
from headstart.core.atomic_file import write_atomically

Cell = tuple[str, str]  # "markdown" or "code", and its text


def write_notebook(claim: Claim, file: str | Path) -> None:
    """Write a notebook that runs a claim step by step; what is there can be changed and run again.

    Args:
        claim: as `find_claim` gives it.
        file: to write, .ipynb; one that is there is not replaced.

    Raises:
        CannotWrite: the file is there, or its folder is not.
    """
    path = Path(file)
    if path.exists():
        raise CannotWrite(f"{path} is there already; name another file.")
    if not path.parent.is_dir():
        raise CannotWrite(f"There is no folder {path.parent} to write {path.name} into.")
    write_atomically(path, (json.dumps(notebook(claim), indent=1, ensure_ascii=False) + "\n").encode())


def notebook(claim: Claim) -> dict[str, Any]:
    """The notebook (nbformat 4.5)."""
    cells = []
    for number, (kind, text) in enumerate(_cells(claim)):
        cell: dict[str, Any] = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": text}
        cells.append(cell | ({"execution_count": None, "outputs": []} if kind == "code" else {}))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


VERDICT = """\
from headstart.claims._claim import judge_all

seeds = [numbers, *(measure(lab, number) for number in range(1, CLAIM.seeds))]
effects = [effect.measure(seeds) for effect in CLAIM.effects]
for effect in effects:
    mean = effect.mean
    print(f"{effect.title}: {mean.value:.3f} ({mean.low:.3f} to {mean.high:.3f})", effect.verdict)
judge_all(effects)"""
FIGURE = """\
from headstart.report.claims import show_panels

show_panels(draw(seeds))"""
CONTROL = """\
taken = Lab("quick", True)  # the cause
control = [measure(taken, number) for number in range(2)]
[effect.measure(control).mean for effect in CLAIM.effects]"""


def _cells(claim: Claim) -> Iterator[Cell]:
    yield "markdown", f"# {claim.title}\n\n{claim.statement}\n\nPaper: {claim.paper}. {claim.data}"
    yield "markdown", f"## What is compared\n\n{claim.compared}"
    yield from _source(claim)
    yield "markdown", "## One seed\n\nWhat is measured once; with another seed, all that is random differs."
    yield "code", 'lab = Lab("quick")\nnumbers = measure(lab, 0)\nnumbers.keys()'
    yield "markdown", f"## All seeds, and the verdict\n\n{claim.rule(claim.seeds)}"
    yield "code", VERDICT
    yield "markdown", "## The figure"
    yield "code", FIGURE
    yield "markdown", f"## The control\n\nThe cause is taken away ({claim.null}): no effect may be found."
    yield "code", CONTROL
    yield "markdown", f"## What to do with it\n\nWhere it holds: {claim.holds}\n\nWhere not: {claim.fails}"


def _source(claim: Claim) -> Iterator[Cell]:
    """The claim's file: what it imports, then each definition in a cell, below its first sentence."""
    module = sys.modules[claim.measure.__module__]
    source = inspect.getsource(module)
    lines, tree = source.splitlines(), ast.parse(source)
    pending: list[str] = []  # imports and constants, which go into one cell
    for node in tree.body[1:] if ast.get_docstring(tree) else tree.body:
        first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
        text = "\n".join(lines[first - 1 : node.end_lineno])
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            pending.append(text)
            continue
        if pending:
            yield "code", "\n".join(pending)
            pending = []
        yield "markdown", (ast.get_docstring(node) or node.name).splitlines()[0]
        yield "code", text
    yield "code", "\n".join(pending)
