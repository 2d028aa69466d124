"""Write docs/methods/index.md from the methods that are there, and put their pages in the menu.

`python tools/index_methods.py` writes the page; with `--check` it exits with 1 if the page is stale.
As a hook of mkdocs it puts every page of docs/methods behind the index.
"""

import argparse
import inspect
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parents[1] / "docs/methods/index.md"
FAMILIES = {
    "outputs": ("The outputs are adapted", "The mapping stays as it is, and new outputs are read off it."),
    "mapping": ("The mapping is adapted", "The weights themselves learn."),
    "inputs": ("The inputs are adapted", "The mapping stays as it is, and what it is given changes."),
}
HEAD = """\
# Methods

Every way to transfer is told apart by what is transferred and what is adapted. `headstart methods`
prints this table, `headstart show NAME` all about one method. Settings other than the defaults go
after a colon: `--method fine-tune:last=2`.

"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether the page is stale")
    stale = not TARGET.exists() or TARGET.read_text("utf-8") != page()
    if parser.parse_args().check:
        if stale:
            print(f"{TARGET.name} is stale. Run: python tools/index_methods.py")
        return int(stale)
    if stale:
        TARGET.write_text(page(), "utf-8")
    return 0


def page() -> str:
    """The whole page: a table for each thing that is adapted."""
    from headstart.core import walk

    kinds = sorted(walk(), key=lambda kind: kind.about.name)
    return HEAD + "\n".join(
        table(heading, text, [kind for kind in kinds if kind.about.adapts == adapts])
        for adapts, (heading, text) in FAMILIES.items()
        if any(kind.about.adapts == adapts for kind in kinds)
    )


def table(heading: str, text: str, kinds: list[Any]) -> str:
    lines = ["| method | transfers | what it does | paper |", "|---|---|---|---|"]
    return "\n".join([f"## {heading}", "", text, "", *lines, *map(row, kinds), ""])


def row(kind: Any) -> str:
    about = kind.about
    cells = (
        f"[{about.title}]({about.name}.md)<br>`{about.name}`",
        about.transfers,
        first_paragraph(kind),
        link(about.paper),
    )
    return f"| {' | '.join(cells)} |"


def first_paragraph(kind: Any) -> str:
    return " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())


def link(paper: str) -> str:
    """To where "arXiv:..." or "doi:..." is found; a doi is too long to be shown."""
    where, _, number = paper.partition(":")
    return (
        f"[{paper}](https://arxiv.org/abs/{number})"
        if where == "arXiv"
        else f"[doi](https://doi.org/{number})"
    )


def on_config(config: Any) -> Any:
    """Called by mkdocs: the item "Methods" of the menu becomes all pages of docs/methods."""
    pages = sorted(path.name for path in TARGET.parent.glob("*.md") if path != TARGET)
    own = [f"{TARGET.parent.name}/{name}" for name in (TARGET.name, *pages)]
    config.nav = [{"Methods": own} if item == {"Methods": own[0]} else item for item in config.nav]
    return config


if __name__ == "__main__":
    sys.exit(main())
