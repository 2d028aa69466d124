"""Write docs/methods/index.md and docs/reference/studies.md from the methods and studies that are there.

`python tools/index_methods.py` writes the pages; with `--check` it exits with 1 if one of them is stale.
As a hook of mkdocs it puts every page of docs/methods behind the index, in the same groups, and pages of
studies that the menu lacks into it.
"""

import argparse
import inspect
import re
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[1] / "docs"
TARGET = DOCS / "methods/index.md"
LONGEST = 110  # characters of a line
STUB = TARGET.parents[2] / "src/headstart/methods/__init__.pyi"
STUDIES = DOCS / "reference/studies.md"
GROUPS = {  # heading: what it says, and which methods, by the data that they learn with and their module
    "Pre-training without labels": (
        "`headstart pretrain`: an encoder [learns from samples alone](../how/pretrain.md).",
        "samples",
        "",
    ),
    "Pictures and captions": (
        "`headstart pretrain-pairs`: two encoders [learn together](../how/image-text.md).",
        "pairs",
        "",
    ),
    "Probes of frozen features": (
        "`headstart adapt`: the backbone stays as it is.",
        "labels",
        "outputs.probing outputs.in_context",
    ),
    "Prompting": (
        "`headstart adapt`: the backbone stays, and what it reads is edited.",
        "labels",
        "inputs.prompting",
    ),
    "Fine-tuning": ("`headstart adapt`: the weights of the backbone learn.", "labels", "mapping"),
    "Adapters": (
        "`headstart adapt`: the backbone stays, and a few parameters at its layers learn.",
        "labels",
        "mapping.adapters",
    ),
    "Trees and words": (
        "`headstart adapt`: models of the columns of a table or the words of texts. Nothing is transferred.",
        "labels",
        "mapping.trees mapping.words",
    ),
    "Learning from a source task": (
        "`headstart adapt --source`: another labelled task is learned before yours, or along with it.",
        "source",
        "",
    ),
    "Distillation": (
        "`headstart distil`: a student learns what a [teacher](../how/distillation.md) says.",
        "teacher",
        "",
    ),
    "Group robustness": (
        "`headstart adapt --attribute-column`: groups of rows count alike, or the worst one most.",
        "groups",
        "",
    ),
    "Domain adaptation": (
        "`headstart align`: a labelled source, and a target with few labels or none.",
        "target",
        "inputs.domains",
    ),
    "Domain translation": (
        "`headstart align`: samples of one domain are [translated](../how/translation.md) to the other.",
        "target",
        "inputs.translation",
    ),
    "Test-time adaptation": ("`headstart stream`: the model adapts while it predicts.", "stream", ""),
}
HEAD = """\
# Methods

Methods are grouped by the command that runs them. `headstart methods`
prints them as a table, `headstart show NAME` all about one method. Settings other than the defaults go
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
    pages = {TARGET: page(), STUDIES: studies_page(), STUB: stub()}
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
        f"## {spec.name}\n\n{spec.summary}{_called(spec)} [Its page](../{spec.docs_page}).\n\n"
        f"::: {spec.module().__name__}\n"
        for spec in studies()
    )
    return STUDIES_HEAD + "\n".join(sections)


def _called(spec: Any) -> str:
    """What its function is called, where it is not the study's name."""
    usual = spec.name.replace("-", "_")
    return "" if spec.function_name in ("", usual) else f" In Python it is `hs.{spec.function_name}`."


def stub() -> str:
    """What editors and type checkers read of `hs.methods`, which finds its methods by looking."""
    from headstart.core import walk

    kinds = sorted(walk(), key=lambda kind: (kind.__module__, kind.__name__))
    lines = (_import(kind.__module__, kind.__name__) for kind in kinds)
    return "\n".join(
        [
            '"""Written by tools/index_methods.py: the methods by name, for editors and mypy."""',
            "",
            *lines,
            "",
        ]
    )


def _import(module: str, name: str) -> str:
    """The line that imports a name, in three where it is too long for one."""
    line = f"from {module} import {name} as {name}"
    return line if len(line) <= LONGEST else f"from {module} import (\n    {name} as {name},\n)"


def page() -> str:
    """The whole page: a table for each group."""
    return HEAD + "\n".join(table(heading, GROUPS[heading][0], kinds) for heading, kinds in grouped().items())


def grouped() -> dict[str, list[Any]]:
    """The methods of each group, by title; of two that fit, the one that names the module closer."""
    from headstart.cli.listing import learns_with
    from headstart.core import walk

    found: dict[str, list[Any]] = {heading: [] for heading in GROUPS}
    for kind in sorted(walk(), key=lambda kind: title(kind).casefold()):
        within = kind.__module__.removeprefix("headstart.methods.")
        fits = {
            heading: max(len(start) for start in places.split(" ") if within.startswith(start))
            for heading, (_, data, places) in GROUPS.items()
            if data == learns_with(kind) and any(within.startswith(start) for start in places.split(" "))
        }
        found[max(fits, key=lambda heading: fits[heading])].append(kind)
    return found


def title(kind: Any) -> str:
    """The heading of a method's page, without what follows a colon."""
    text = (DOCS / "methods" / f"{kind.about.name}.md").read_text("utf-8")
    return re.search("^# ([^:\n]+)", text, re.MULTILINE)[1]  # type: ignore[index]


def table(heading: str, text: str, kinds: list[Any]) -> str:
    lines = ["| method | transfers | what it does | paper |", "|---|---|---|---|"]
    return "\n".join([f"## {heading}", "", text, "", *lines, *map(row, kinds), ""])


def row(kind: Any) -> str:
    about = kind.about
    cells = (
        f"[{title(kind)}]({about.name}.md)<br>`{about.name}`",
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
    """Called by mkdocs: the menu gets all methods by group, and those of studies that it lacks."""
    from headstart.studies._spec import studies

    index = "methods/index.md"
    groups = [
        {heading: [{title(kind): f"methods/{kind.about.name}.md"} for kind in kinds]}
        for heading, kinds in grouped().items()
    ]
    config.nav = [
        {"Methods": [index, *groups]} if item == {"Methods": index} else item for item in config.nav
    ]
    known = str(config.nav)
    for item in config.nav:
        if "How it works" in item:
            item["How it works"] += [spec.docs_page for spec in studies() if spec.docs_page not in known]
    return config


if __name__ == "__main__":
    sys.exit(main())
