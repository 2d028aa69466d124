"""Run the examples of a page and hold what they print against what the page says."""

import contextlib
import doctest
import io
import re
from collections.abc import Iterable

from tests.docs.pages import Block

BUDGET = re.compile(r"\bbudget=20\b")  # seconds; comparing more methods shows no more
LIKE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def run_examples(examples: Iterable[tuple[Block, str | None]], name: str) -> None:
    """One block after the other, all in one namespace."""
    names: dict[str, object] = {"__name__": "example"}
    for block, wanted in examples:
        code = compile("\n" * (block.line - 1) + BUDGET.sub("budget=8", block.text), name, "exec")
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(code, names)
        got = printed.getvalue()
        if wanted is not None:
            fits = doctest.OutputChecker().check_output(wanted, got, LIKE)
            assert fits, f"{name}, line {block.line} printed:\n{got}"
