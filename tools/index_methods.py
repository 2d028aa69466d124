"""Write docs/methods/index.md and docs/reference/studies.md from the methods and studies that are there.

`python tools/index_methods.py` writes the pages; with `--check` it exits with 1 if one of them is stale.
As a hook of mkdocs it puts every page of docs/methods behind the index, and pages of studies that the menu
lacks into it.
"""

import argparse
import inspect
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[1] / "docs"
TARGET = DOCS / "methods/index.md"
STUDIES = DOCS / "reference/studies.md"
FAMILIES = {
    "outputs": (
        "The outputs are adapted",
        "The mapping stays as it is, and new outputs are predicted from it.",
    ),
    "mapping": ("The mapping is adapted", "The weights themselves learn."),
    "inputs": ("The inputs are adapted", "The mapping stays as it is, and what it is given changes."),
}
HEAD = """\
# Methods

Methods are ordered by what is transferred and what is adapted. `headstart methods`
prints this table, `headstart show NAME` all about one method. Settings other than the defaults go
after a colon: `--method fine-tune:last=2`.

"""


STUDIES_HEAD = """\
# Studies

Every study is a function under the short name, such as `hs.curve`, and a command of the same name. Its
settings (`hs.CurveSettings`) and its record (`hs.SizeCurve`) are there too. All take `out=`, `resume=`,
`progress=`, `engine=` and their settings as keywords. `print` of a result says what the command prints, and a
notebook shows it.

"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether a page is stale")
    pages = {TARGET: page(), STUDIES: studies_page()}
    stale = [file for file, text in pages.items() if not file.exists() or file.read_text("utf-8") != text]
    if parser.parse_args().check:
        for file in stale:
            print(f"{file.name} is stale. Run: python tools/index_methods.py")
        return int(bool(stale))
    for file in stale:
        file.write_text(pages[file], "utf-8")
    return 0


def studies_page() -> str:
    """The whole page: a section for each study."""
    from headstart.studies._spec import studies

    sections = (
        f"## {spec.name}\n\n{spec.summary} [Its page](../{spec.docs_page}).\n\n"
        f"::: headstart.studies.{spec.name}\n"
        for spec in studies()
    )
    return STUDIES_HEAD + "\n".join(sections)


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
    """To where "arXiv:..." or "doi:..." is found; a doi or an address is too long to be shown."""
    where, _, number = paper.partition(":")
    shown = {"arXiv": (paper, f"https://arxiv.org/abs/{number}"), "doi": ("doi", f"https://doi.org/{number}")}
    name, address = shown.get(where, ("paper", paper))
    return f"[{name}]({address})"


def on_config(config: Any) -> Any:
    """Called by mkdocs: the menu gets all pages of docs/methods, and those of studies that it lacks."""
    from headstart.studies._spec import studies

    pages = sorted(path.name for path in TARGET.parent.glob("*.md") if path != TARGET)
    own = [f"{TARGET.parent.name}/{name}" for name in (TARGET.name, *pages)]
    config.nav = [{"Methods": own} if item == {"Methods": own[0]} else item for item in config.nav]
    known = str(config.nav)
    for item in config.nav:
        if "How it works" in item:
            item["How it works"] += [spec.docs_page for spec in studies() if spec.docs_page not in known]
    return config


if __name__ == "__main__":
    sys.exit(main())
