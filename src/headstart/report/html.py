"""Writing a page: templates, style, pictures, content policy, an atomic write."""

import base64
import contextlib
import hashlib
from pathlib import Path
from typing import Any

from headstart.report.text import typeset

TEMPLATES = Path(__file__).parent / "templates"
PICTURES = {".webp": "webp", ".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg"}  # types by ending


def put(page: str, target: Path) -> Path:
    """Write a page to `target`, whole or not at all.

    Raises:
        CannotWrite: if it can't be written.
    """
    part = target.with_name(f".{target.name}.part")
    try:
        part.write_bytes(page.encode("utf-8", "replace"))
        part.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        from headstart.core.errors import CannotWrite

        raise CannotWrite(f"The report can't be written to {target}: {error}.") from error
    return target


def asset(name: str) -> str:
    """A file of the templates."""
    return (TEMPLATES / name).read_text("utf-8")


def picture_data(folder: Path, name: str) -> str:
    """A picture of a folder as a data URI; "" if it is missing or lies outside."""
    path = (folder / name).resolve()
    kind = PICTURES.get(path.suffix.lower())
    if not name or kind is None or not path.is_relative_to(folder.resolve()) or not path.is_file():
        return ""
    return f"data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def policy(script: str = "") -> str:
    """A content policy: nothing from outside, and no script but the page's own."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    own = f" script-src 'sha256-{digest}';" if script else ""
    always = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return f"{always};{own} base-uri 'none'; form-action 'none'"


def environment() -> Any:
    """What makes pages of templates; all that is put into them is escaped.

    Raises:
        MissingPackage: if jinja2 is not installed.
    """
    try:
        import jinja2
    except ImportError as error:
        from headstart.core.errors import MissingPackage

        raise MissingPackage("jinja2", "The report", "report") from error
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["typeset"] = typeset
    return found
