"""The page as a whole: its parts, what it may not contain, and that it is written safely."""

import builtins
import html.parser
import re
from dataclasses import replace
from pathlib import Path

import pytest

from headstart.core import BadData, BadInput, CannotWrite, MissingPackage
from headstart.studies import build_page
from headstart.studies.adapt import Finding
from headstart.studies.adapt.page import SECTIONS

from .example import example, timings, write

EVIL = "<script>alert('x')</script>"
LAST = ("smallprint", "next")
ABSENT = ("two_classes", "explained")  # of this run


class Reader(html.parser.HTMLParser):
    """The tags, attributes and text of a page."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if "id" in dict(attrs):
            self.ids.append(str(dict(attrs)["id"]))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_page(write(tmp_path_factory.mktemp("clipart-run"), example(), timings()))


def test_sections_are_there_once_and_in_order(page: Path) -> None:
    found = [str(attrs["id"]) for attrs in Reader(page).named("section")]
    assert found == [section.id for section in SECTIONS if section.id not in ABSENT]
    assert len(found) == 14
    ids = Reader(page).ids
    assert len(ids) == len(set(ids))
    links = [str(attrs["href"]) for attrs in Reader(page).named("a")]
    assert {f"#{name}" for name in found} <= set(links)


def test_nothing_comes_from_outside(page: Path) -> None:
    text = page.read_text("utf-8")
    assert not re.search(r"""(src|href|action|poster)\s*=\s*["']?\s*(?!data:|\#)[\w/.]""", text)
    assert "url(" not in text
    assert "@import" not in text
    assert "http" not in re.sub(r'http-equiv|content="[^"]*"', "", text)


def test_figures_say_what_they_show(page: Path) -> None:
    read = Reader(page)
    drawn = [a for _, a in read.tags if a.get("role") == "img"]
    assert len(drawn) == 1 + 2 + 2 + 1 + 1 + 3 + 2 + 1
    assert all(len(str(a["aria-label"])) > 20 for a in drawn)
    images = read.named("img")
    assert len(images) == 8 + 8  # mistakes, and labels to check
    assert all(str(a["src"]).startswith("data:image/webp;base64,UklGR") for a in images)
    assert images[0]["alt"] == "cat/cat_017.png: cat, predicted as dog"


def test_same_records_same_bytes(tmp_path: Path, page: Path) -> None:
    again = write(tmp_path / page.parent.name, example(), timings())
    first = build_page(again).read_bytes()
    assert first == page.read_bytes()
    assert build_page(again).read_bytes() == first


def test_every_word_of_the_records_is_escaped(tmp_path: Path) -> None:
    result = example()
    names = [EVIL, *result.classes[1:]]
    hostile = replace(
        result,
        task=EVIL,
        headline=EVIL,
        warnings=[EVIL],
        why=EVIL,
        command=EVIL,
        backbone=EVIL,
        notes=[EVIL],
        classes=names,
        settings={EVIL: EVIL},
        preprocess={EVIL: [EVIL]},
        versions={EVIL: EVIL},
        confusion=[[9, 9], [0, 1]],
        candidates=[
            replace(
                c, title=EVIL, transfers=EVIL, adapts=EVIL, paper=EVIL, dropped=EVIL, settings={EVIL: EVIL}
            )
            for c in result.candidates
        ],
        tested=[replace(t, title=EVIL, name=f"{EVIL}{i}") for i, t in enumerate(result.tested)],
        mistakes=[replace(m, item=EVIL, truth=EVIL, answer=EVIL) for m in result.mistakes],
        layers=[replace(layer, block=EVIL) for layer in result.layers],
        size_curve=[replace(p, title=EVIL, method=EVIL) for p in result.size_curve],
        curves=[replace(c, title=EVIL) for c in result.curves],
        check=replace(
            result.check,
            classes={EVIL: 3, "b": 4},
            findings=[Finding(EVIL, EVIL, EVIL, [EVIL], 9)],
        ),
    )
    text = build_page(write(tmp_path / "run<b>'\"", hostile, timings())).read_text("utf-8")
    assert "<script>alert" not in text
    assert "run<b>" not in text
    assert text.count("&lt;script&gt;alert") > 60
    assert len(re.findall(r"<script\b", text)) == 1


def test_pictures_outside_of_the_run_are_not_shown(tmp_path: Path) -> None:
    result = example()
    run = write(tmp_path / "run", result)
    secret = tmp_path / "secret.webp"
    secret.write_bytes(b"secret")
    first, second, *_ = result.mistakes
    odd = [replace(first, picture="../secret.webp"), replace(second, picture=str(secret))]
    odd += [
        replace(first, picture=""),
        replace(first, picture="gone.webp"),
        replace(first, picture="result.json"),
    ]
    write(run, replace(result, mistakes=odd))
    read = Reader(build_page(run))
    assert read.named("img") == []
    assert sum(a.get("class") == "blank" for a in read.named("div")) == 5


def test_empty_parts_are_left_out_or_become_plain_sentences(tmp_path: Path) -> None:
    result = example()
    perfect = [[15 * (i == j) for j in range(13)] for i in range(13)]
    bare = replace(
        result,
        layers=[],
        size_curve=[],
        curves=[],
        mistakes=[],
        bins=[],
        confusion=perfect,
        notes=[],
        candidates=[replace(each, dropped="", added_bytes=0) for each in result.candidates],
        check=replace(result.check, findings=[]),
    )
    text = build_page(write(tmp_path / "run", bare)).read_text("utf-8").replace("\u00a0", " ")
    for sentence in (
        "The selected model made no mistake on 195 test rows.",
        "None of 195 test rows was misclassified.",
        "The check found nothing to remark on.",
        "There are no timings beside these results.",
        "Neither the budget nor the race cut anything.",
    ):
        assert sentence in text, sentence
    assert 'class="plot' not in text
    assert "not known" in text  # seconds of the methods
    ids = re.findall(r'<section id="(\w+)"', text)
    assert ids == ["headline", "methods", "tested", "layers", "confusion", "mistakes", "check", "use", *LAST]
    assert ">How samples are read</h2>" in text  # what is left of the layers
    assert 'href="#labels"' not in text


def test_a_method_that_was_not_tried_has_a_sentence_and_no_figures(tmp_path: Path) -> None:
    first, *others = example().candidates
    idle = replace(first, name="idle", folds=0, scores=None, dropped="the budget is too small")
    text = build_page(write(tmp_path / "run", replace(example(), candidates=[idle, *others]))).read_text(
        "utf-8"
    )
    assert f"Not tried: {first.title}; the budget is too small." in text
    assert f'<span class="name">{first.title}</span>' not in text


def test_no_confusion_and_nothing_tested_still_give_a_page(tmp_path: Path) -> None:
    bare = replace(example(), confusion=[], tested=[], mistakes=[], candidates=[], headline="")
    text = build_page(write(tmp_path / "run", bare)).read_text("utf-8")
    assert "This run recorded no confusion matrix." in text
    assert "This run recorded no mistakes one by one." in text
    assert "No method was tried on all folds." in text
    assert "lp-ft was selected for clipart." in text


@pytest.mark.parametrize(("classes", "size"), [(2, "large"), (13, "medium"), (40, "small")])
def test_confusion_matrix_of_any_size(tmp_path: Path, classes: int, size: str) -> None:
    names = [f"class {i}" for i in range(classes)]
    counts = [[9 if i == j else (i + j) % 3 == 0 for j in range(classes)] for i in range(classes)]
    whole = [[int(count) for count in row] for row in counts]
    result = replace(example(), classes=names, confusion=whole)
    text = build_page(write(tmp_path / "run", result)).read_text("utf-8")
    assert f'<table class="heat {size}">' in text
    assert text.count('<td class="right"') == classes


def test_of_very_many_classes_the_worst_forty_are_shown(tmp_path: Path) -> None:
    n = 100
    counts = [[5 * (i == j) + 2 * (i >= 60 and j == i - 1) for j in range(n)] for i in range(n)]
    result = replace(example(), classes=[f"class {i}" for i in range(n)], confusion=counts)
    text = build_page(write(tmp_path / "run", result)).read_text("utf-8")
    assert "Of 100 classes the 40 with the most errors are shown." in text
    assert text.count('<td class="right"') == 40
    assert "class 75 predicted as class 75" in text
    assert "class 30 predicted as class 30" not in text


def test_only_whole_pages_are_left_behind(page: Path) -> None:
    names = {path.name for path in page.parent.iterdir()}
    assert names == {"label_errors.json", "result.json", "timings.json", "pictures", "report.html"}


def test_a_page_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    run = write(tmp_path / "run", example())
    (run / "report.html").mkdir()
    with pytest.raises(CannotWrite, match=r"report\.html"):
        build_page(run)
    assert not (run / ".report.html.part").exists()


def test_missing_and_broken_records_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no record of a study, such as result\.json"):
        build_page(tmp_path)
    for broken in ("{", '{"schema": 1}', "[]", '{"candidates": 3}'):
        (tmp_path / "result.json").write_text(broken)
        with pytest.raises(BadData, match=r"result\.json is not a record"):
            build_page(tmp_path)


def test_without_jinja_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = write(tmp_path / "run", example())
    real = builtins.__import__

    def without(name: str, *args: object) -> object:
        if name == "jinja2":
            raise ImportError(name)
        return real(name, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingPackage, match=r"pip install .*jinja2"):
        build_page(run)
