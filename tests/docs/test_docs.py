"""What the pages show must work: examples run and print what they say, commands parse, links lead on."""

import contextlib
import itertools
import re
import tomllib

import pytest
import typer
from tests.docs.commands import TEXTS
from tests.docs.pages import ROOT, Page, pages
from tests.docs.running import run_examples

from headstart.cli import app
from headstart.core import BadInput, make
from headstart.data.load import load
from headstart.models.backbone import backbone
from headstart.models.words import WordEncoder
from headstart.session.inputs import build_backbone
from headstart.session.requirements import require_learnable

PAGES = pages()
COMMANDS = typer.main.get_command(app)


def each(found):
    """A parameter for each page in which `found` finds something."""
    slow = [pytest.mark.slow] if found is Page.examples else []
    return [
        pytest.param(page, id=page.name, marks=slow if page.slow else [])
        for page in PAGES
        if any(True for _ in found(page))
    ]


@pytest.mark.parametrize("page", each(Page.examples))
@pytest.mark.usefixtures("workplace", "quick_backbone")
def test_examples_run_and_print_what_the_page_says(page):
    run_examples(page.examples(), page.name)


@pytest.mark.parametrize("page", each(Page.commands))
def test_commands_parse(page):
    for words in page.commands():
        if words[0] == "headstart":
            parse(words[1:])
        elif words[0] == "make":
            assert f"\n{words[1]}:" in (ROOT / "Makefile").read_text("utf-8"), words
        else:
            extras_exist(words)


def parse(words):
    """Parse as the command line does, without carrying anything out; options such as --help end it."""
    with contextlib.suppress(typer.Exit), COMMANDS.make_context("headstart", list(words)) as context:
        name, command, rest = COMMANDS.resolve_command(context, list(words))
        command.make_context(name, rest, parent=context)


def extras_exist(words):
    known = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    for named in re.findall(r"\[([\w,-]+)\]", " ".join(words)):
        assert set(named.split(",")) <= set(known), words


@pytest.mark.parametrize("command", ["adpt", "adapt --bugdet 3", "predict", "adapt --folds x"])
def test_wrong_commands_would_be_noticed(command):
    with pytest.raises(Exception, match=r"No such|Missing|a whole number"):
        parse(command.split())


def documented_methods():
    """The methods, with their settings, of all commands that fit on the default backbone; True: of texts."""
    found = {}
    for page in PAGES:
        for words in page.commands():
            if words[:2] in (["headstart", "adapt"], ["headstart", "align"]) and "--backbone" not in words:
                specs = [after for option, after in itertools.pairwise(words) if option == "--method"]
                found |= dict.fromkeys(specs, words[2] in TEXTS)
    return found


@pytest.fixture(scope="module")
def default_backbone():
    return backbone("efficientnet_lite0")


@pytest.fixture(scope="module")
def text_backbone():
    return backbone("minilm")


@pytest.fixture(scope="module")
def table_backbone():
    return build_backbone(load("pbmc"), "table")


@pytest.mark.parametrize(("spec", "of_texts"), documented_methods().items())
def test_methods_of_commands_find_what_they_train_in_the_default_backbone(
    spec, of_texts, default_backbone, text_backbone, table_backbone
):
    if spec == "auto":
        return
    about = (method := make(spec)).about
    if not (about.needs_text_tower or about.needs_pair):
        base = text_backbone if of_texts else default_backbone
        base = table_backbone if method.about.needs_columns else base
        base = WordEncoder.of(["a text"]) if method.about.needs_words else base
        require_learnable([method], base, "classes")


def test_they_are_many_and_a_wrong_one_would_be_noticed(default_backbone):
    assert len(documented_methods()) > 40
    with pytest.raises(BadInput, match="surgical: nothing can learn in blocks 9:10"):
        require_learnable([make("surgical:block=9")], default_backbone, "classes")


@pytest.mark.parametrize("page", each(Page.links))
def test_links_lead_somewhere(page):
    for link in page.links():
        path, _, anchor = link.partition("#")
        target = (page.path.parent / path).resolve() if path else page.path
        assert target.exists(), f"{page.name} links to {link}"
        if anchor and target.suffix == ".md":
            assert anchor in Page(target).anchors(), f"{page.name} links to {link}"


def test_the_changes_link_to_no_page():
    """They are shown in the folder of the project and on the site, which find a page at other places."""
    changes = next(page for page in PAGES if page.path.name == "CHANGELOG.md")
    assert [link for link in changes.links() if not link.startswith(("https://", "#"))] == []


def test_no_page_names_a_machine():
    for page in PAGES:
        assert not re.search(r"/(home|tmp|work|root|Users)/", page.text), page.name
