"""Every method's page has its formula, and each formula of the docs becomes MathML."""

import importlib.util
import re
import xml.etree.ElementTree as ET

import pytest
from tests.docs.pages import ROOT, Page

pytest.importorskip("latex2mathml")

PAGES = [Page(path) for path in sorted((ROOT / "docs").rglob("*.md"))]
WITHOUT: dict[str, str] = {}  # methods whose page has no formula, with the reason


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("math_fence", ROOT / "tools/math_fence.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


def test_every_method_has_a_formula():
    pages = {page.path.stem: page for page in PAGES if page.path.parent.name == "methods"}
    bare = {name for name, page in pages.items() if "math" not in {block.language for block in page.blocks()}}
    assert bare - {"index"} == set(WITHOUT)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path.stem)
def test_formulas_become_mathml(page, tool):
    formulas = [(block.text, True) for block in page.blocks() if block.language == "math"]
    for latex, display in [*formulas, *((latex, False) for latex in re.findall(tool.INLINE, page.prose))]:
        element = ET.fromstring(tool.to_mathml(latex, display=display))
        assert element.tag.endswith("math")
        assert "\\" not in "".join(element.itertext()), latex


@pytest.mark.parametrize("latex", [r"\argh_k x", r"\begin{gathered} a &= b \end{gathered}"])
def test_what_cannot_be_converted_is_named(latex, tool):
    with pytest.raises(ValueError, match="can't be converted"):
        tool.to_mathml(latex, display=True)


def test_a_formula_is_what_browsers_draw(tool):
    element = tool.to_mathml(r"\min_{f} \log x + \theta'_j", display=True)
    assert "<munder><mo>min</mo>" in element
    assert '<mi>log</mi><mspace width="0.167em" /><mi>x</mi>' in element
    assert "<msub><mrow><mi>θ</mi><mo" in element  # the prime is no superscript: its font raises it


def test_prose_and_blocks_of_a_page(tool):
    from types import SimpleNamespace

    from markdown import Markdown

    config = tool.on_config(SimpleNamespace(mdx_configs={}, markdown_extensions=["pymdownx.superfences"]))
    written = Markdown(extensions=config.markdown_extensions, extension_configs=config.mdx_configs)
    page = written.convert('$`W`$ is *its* head, `$W`.\n\n```math\nW x\n```\n\n```python\n"$`W`$"\n```\n')
    assert "<p><math" in page
    assert page.count("<math") == 2
    assert 'display="block"' in page
    assert "<em>its</em> head, <code>$W</code>" in page
