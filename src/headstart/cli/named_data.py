"""Commands on published data sets: which are known by name, where they are, and how they come there."""

from pathlib import Path
from typing import Annotated

import typer

from . import output
from .completing import complete_published
from .options import AsJson

Root = Annotated[
    Path | None,
    typer.Option(
        help="The folder of all published data. Default: that in HEADSTART_DATA, else data.",
        show_default=False,
    ),
]


def datasets(root: Root = None, json: AsJson = False) -> None:
    """List the published data sets that are known by name, and where their files are.

    Examples:
        headstart datasets
    """
    from headstart.data.published.entry import data_root
    from headstart.data.published.register import PUBLISHED

    start = data_root() if root is None else root
    rows = [
        {
            "name": entry.name,
            "content": entry.content,
            "folder": str(start / entry.folders[0]),
            "files": list(entry.files),
            "found": None if (there := entry.below(start)) is None else str(there),
            "urls": list(entry.urls),
        }
        for entry in PUBLISHED.values()
    ]
    if json:
        output.as_json(rows)
        return
    shown = [(row["name"], row["found"] or f"not in {row['folder']}", row["content"]) for row in rows]
    output.table(("name", "where", "what"), [tuple(map(str, row)) for row in shown])


def download(
    name: Annotated[
        str,
        typer.Argument(
            help="A published data set, as `headstart datasets` lists it.", autocompletion=complete_published
        ),
    ],
    root: Root = None,
) -> None:
    """Fetch a published data set and unpack it where it is looked for; no other command fetches data.

    Examples:
        headstart download cifar10
    """
    from headstart.data.published.download import download as fetch

    folder = fetch(name, root)
    output.line(f"{name}: {folder}")
    inside = root is None
    output.line(f"Next: headstart adapt {name if inside else f'{name}:{folder}'}")
