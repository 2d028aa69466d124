"""Formulas of the docs: LaTeX in ```math blocks, and between $` and `$, becomes MathML that needs no script.

A hook of mkdocs. The notation is GitHub's, which renders the same pages by itself.
"""

import re
import xml.etree.ElementTree as ET
from typing import Any

from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor

INLINE = r"\$`([^`\n]+)`\$"
UNDER = {"min", "max", "arg min", "arg max"}  # what stands below them in a display
SPACED = {"arg", "cos", "exp", "ln", "log", "max", "min"}


def to_mathml(latex: str, *, display: bool) -> str:
    r"""LaTeX as an element `math`.

    Raises:
        ValueError: a command, such as `\foo`, or an alignment that can't be converted.
    """
    from latex2mathml.converter import convert

    known = latex.strip().replace("{aligned}", "{split}")  # the same, under the name that the converter knows
    text = convert(known, display="block" if display else "inline")
    element = ET.fromstring(re.sub(r"&(?!#)", "&amp;", text))
    unknown = [node.text for node in element.iter() if (node.text or "").startswith(("\\", "&"))]
    if unknown:
        raise ValueError(f"{unknown[0]!r} can't be converted to MathML, in: {latex.strip()}")
    for node in element.iter():
        node.tag = node.tag.rpartition("}")[2]
    for node in list(element.iter()):
        mend(node, display=display)
    element.set("xmlns", "http://www.w3.org/1998/Math/MathML")
    return ET.tostring(element, encoding="unicode")


def mend(node: ET.Element, *, display: bool) -> None:
    """Say in MathML Core, which browsers draw, what the converter leaves out or says in older words."""
    if node.tag == "mtr":
        gap = "0.8em" if node[0].get("columnalign") == "left" else "0.1em"  # of cases, and of an alignment
        for cell in node:
            side = cell.get("columnalign", "center")
            align = f"text-align: {side}; text-align: -webkit-{side}"  # the second is Chromium's
            cell.set("style", f"{align}; padding: 0.25em {gap} 0.25em 0")
    if node.tag == "msub" and display and node[0].text in UNDER:
        node.tag = "munder"
    if node.tag in {"msup", "msubsup"} and node[-1].text == "\u2032":  # a prime is raised by its font
        base = ET.Element("mrow")
        base.extend([node[0], prime()])
        if node.tag == "msubsup":
            node.tag, node[:] = "msub", [base, node[1]]
        else:
            node.tag, node[:] = "mrow", [*base]
    for place, child in reversed(list(enumerate(node[:-1]))):
        if child.tag == "mi" and child.text in SPACED and node[place + 1].text != "(":
            node.insert(place + 1, ET.Element("mspace", width="0.167em"))


def prime() -> ET.Element:
    mark = ET.Element("mo", lspace="0", rspace="0")
    mark.text = "\u2032"
    return mark


def fence(source: str, *_args: Any, **_more: Any) -> str:
    """A ```math block, for pymdownx.superfences. On a narrow screen it is moved sideways."""
    return f'<div style="overflow-x: auto; margin: 1em 0">{to_mathml(source, display=True)}</div>'


class Inline(InlineProcessor):
    """A formula within a line."""

    def handleMatch(self, m: re.Match[str], data: str) -> Any:  # noqa: N802
        return self.md.htmlStash.store(to_mathml(m[1], display=False)), m.start(), m.end()


class Formulas(Extension):
    """Formulas within a line, before backticks make code of them."""

    def extendMarkdown(self, md: Any) -> None:  # noqa: N802
        md.inlinePatterns.register(Inline(INLINE, md), "formula", 195)


def on_config(config: Any) -> Any:
    """Called by mkdocs: both are declared here, as this file is on no path that mkdocs.yml could name."""
    fences = config.mdx_configs.setdefault("pymdownx.superfences", {}).setdefault("custom_fences", [])
    fences.append({"name": "math", "class": "formula", "format": fence})
    config.markdown_extensions.append(Formulas())
    return config
