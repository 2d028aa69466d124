"""The pages of the experiments: what they say, that they are alone, and that nothing breaks out of them."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from headstart.core import BadData, BadInput, CannotWrite
from headstart.records.record import Interval
from headstart.report.metric import get_metric
from headstart.report.text import SPACE
from headstart.studies import build_page
from headstart.studies._page import Cell, cell_text
from headstart.studies._spec import study_of
from headstart.studies.curve import page as curve
from headstart.studies.yosinski import page as yosinski

from .experiments import alone, gained, size_curve, transfer

EVIL = "<script>alert('x')</script>"


def written(folder: Path, name: str, record: object) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(record.to_json(), "utf-8")  # type: ignore[attr-defined]
    return folder


def plain(said: object) -> str:
    return str(said).replace(SPACE, " ").replace("\u2212", "-")


@pytest.fixture(params=["curve", "yosinski"])
def page(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    record = size_curve() if request.param == "curve" else transfer()
    made = build_page(written(tmp_path, f"{request.param}.json", record))
    assert made == tmp_path / f"{request.param}.html"
    return made


def test_nothing_comes_from_outside(page: Path) -> None:
    shown = page.read_text("utf-8")
    assert not re.search(r"""(src|href|action|poster)\s*=\s*["']?\s*(?!data:|\#)[\w/.]""", shown)
    assert "url(" not in shown
    assert "<script" not in shown
    assert "default-src 'none'" in shown
    assert "nan" not in re.sub(r"<style>.*?</style>", "", shown, flags=re.DOTALL).lower().split()


def test_the_same_record_gives_the_same_bytes(page: Path) -> None:
    first = page.read_bytes()
    build_page(page.parent)
    assert page.read_bytes() == first
    assert not [path for path in page.parent.iterdir() if path.name.startswith(".")]


def test_words_of_the_records_are_escaped(tmp_path: Path) -> None:
    evil = replace(size_curve(), task=EVIL, backbone=EVIL, command=EVIL, notes=[EVIL], settings={EVIL: EVIL})
    evil = replace(evil, points=[replace(p, title=EVIL) for p in evil.points])
    other = replace(transfer(), backbone=EVIL, command=EVIL, notes=[EVIL], blocks=[EVIL] * 3)
    other = replace(other, base_b=replace(other.base_b, task=EVIL, classes=[EVIL]))
    for name, record in (("curve", evil), ("yosinski", other)):
        shown = build_page(written(tmp_path / name, f"{name}.json", record)).read_text("utf-8")
        assert EVIL not in shown
        assert "&lt;script&gt;" in shown


def test_sentences_of_a_curve() -> None:
    view = curve.view(size_curve())
    assert plain(view["headline"]) == (
        "With 1 label a class, Logistic probe is best on average, 50.0 %; with 20 it is Fine-tuning, 80.0 %."
    )
    said = [plain(sentence) for sentence in view["say"]]
    assert said[0] == (
        "What training from scratch gets from 20 labels a class (55.0 %), Logistic probe matches with 5."
    )
    assert said[1] == (
        "Fine-tuning is clearly better with 20, and clearly worse with 1 labels a class, compared with "
        "Logistic probe."
    )
    assert said[2].startswith("From scratch is clearly worse with 1, 5 and 20 labels a class")


def test_the_table_of_a_curve() -> None:
    record = size_curve()
    assert curve.headings(record) == ["method", "1 label", "5 labels", "20 labels"]
    rows = {name: [plain(cell_text(one)) for one in cells] for name, cells in curve.rows(record)}
    assert rows["Logistic probe"][0] == "50.0 % (45.0 to 55.0)"
    assert rows["Fine-tuning"] == [
        "45.0 % (40.0 to 50.0) -5.0 worse",
        "62.0 % (57.0 to 67.0) +2.0",
        "80.0 % (75.0 to 85.0) +10.0 better",
    ]
    less = replace(record, points=[p for p in record.points if p.labels_per_class != 5 or p.gain])
    assert [cell_text(one) for one in dict(curve.rows(less))["Logistic probe"]][1] == ""


def test_a_curve_that_a_budget_cut_to_one_seed_and_size() -> None:
    """It claims no average of one seed, and has no columns of sizes that nothing was trained with."""
    points = [
        replace(p, seeds=[0], score=[p.mean], interval=None, gain=None)
        for p in size_curve().points
        if p.labels_per_class == 1
    ]
    record = replace(size_curve(), points=points)
    view = curve.view(record)
    assert plain(view["headline"]) == "With 1 label a class, Logistic probe is best with one seed: 50.0 %."
    assert curve.headings(record) == ["method", "1 label"]
    assert {len(cells) for _, cells in curve.rows(record)} == {1}
    assert "Small dots" not in view["caption"]
    assert "Small dots" in curve.view(size_curve())["caption"]


def test_a_curve_of_nothing_and_of_one_seed(tmp_path: Path) -> None:
    none = replace(size_curve(), points=[])
    assert curve.view(none)["headline"] == "Every training diverged."
    build_page(written(tmp_path, "curve.json", none))
    points = [replace(p, seeds=[0], score=[p.mean], interval=None, gain=None) for p in size_curve().points]
    shown = build_page(written(tmp_path, "curve.json", replace(size_curve(), points=points))).read_text(
        "utf-8"
    )
    assert 'class="band' not in shown
    assert 'class="line s1"' in shown


def test_claims_are_read_off_the_intervals() -> None:
    said = [plain(sentence) for sentence in yosinski.claims(transfer())]
    assert said == [
        "Base B, trained on its task alone, has balanced accuracy 90.0 % (95 % interval 87.5 to 92.5).",
        (
            "Fragile co-adaptation shows: own blocks, frozen under new ones (BnB), are clearly below base B "
            "at cut 2, by -6.0 points (-9.0 to -3.0); tuned (BnB+), they nowhere are."
        ),
        (
            "Blocks of A, frozen (AnB), are clearly below base B at cuts 2 and 3, most at 3, -25.0 points "
            "(-28.0 to -22.0); from cut 1 to 3 the mean of AnB changes by -24.0 points."
        ),
        "Blocks of A, tuned (AnB+), are clearly better than base B at cut 3.",
    ]
    assert plain(yosinski.headline(transfer())) == (
        "Frozen blocks of A carry over to B without a clear loss up to cut 1 of 3."
    )


def test_claims_that_do_not_show() -> None:
    still = transfer()
    for series in ("BnB", "AnB", "AnB+"):
        still = gained(still, series, (0.0, -0.01, 0.01))
    said = [plain(sentence) for sentence in yosinski.claims(still)]
    assert said[1].startswith("Fragile co-adaptation does not show")
    assert said[2].startswith("That blocks higher up are more specific to task A does not show clearly")
    assert said[3] == "Blocks of A, tuned (AnB+), are at no cut clearly better or worse than base B."
    assert yosinski.headline(still) == (
        "Frozen blocks of every depth carry over from A to B without a clear loss."
    )
    single = replace(still, cuts=[cut for cut in still.cuts if cut.cut == 2])
    assert yosinski.claims(single)[2].endswith("no cut of AnB is clearly below base B.")
    lost = gained(transfer(), "AnB", (-0.1, -0.1, -0.1))
    assert "clearly lose on B from cut 1 on" in yosinski.headline(lost)
    fallen = gained(gained(transfer(), "AnB+", (-0.1, 0.0, 0.1)), "BnB+", (0.0, -0.1, 0.0))
    said = [plain(sentence) for sentence in yosinski.claims(fallen)]
    assert said[1].endswith("tuned (BnB+), they are at cut 2.")
    assert said[3].endswith("clearly better than base B at cut 3 and clearly worse than base B at cut 1.")


def test_one_seed_claims_nothing(tmp_path: Path) -> None:
    one = alone(transfer())
    assert len(yosinski.claims(one)) == 1
    assert "too few seeds to exclude chance" in yosinski.headline(one)
    shown = build_page(written(tmp_path, "yosinski.json", one)).read_text("utf-8")
    assert "whisker" not in re.sub(r"<style>.*?</style>", "", shown, flags=re.DOTALL)


def test_base_b_that_diverged(tmp_path: Path) -> None:
    record = transfer()
    lost = replace(record.base_b, mean=None, interval=None, seeds=[], score=[])
    record = replace(record, base_b=lost, cuts=[replace(c, gain=None) for c in record.cuts])
    assert yosinski.claims(record) == ["Base B could not be trained."]
    build_page(written(tmp_path, "yosinski.json", record))
    build_page(written(tmp_path, "yosinski.json", replace(record, cuts=[])))


def test_a_verdict_needs_an_interval_away_from_zero() -> None:
    even = Cell.compare(get_metric("balanced_accuracy"), 0.5, None, Interval(0.1, 0.0, 0.2))
    assert (even.tone, even.gain, plain(even.hover)) == (
        "even",
        "+10.0",
        "+10.0 points (0.0 to +20.0): no clear difference",
    )
    assert Cell.compare(get_metric("balanced_accuracy"), 0.5, None, Interval(0.1, 0.01, 0.2)).tone == "good"
    assert Cell.compare(get_metric("balanced_accuracy"), 0.5, None, Interval(-0.1, -0.2, -0.01)).tone == "bad"


def test_what_can_t_be_read_or_written(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"holds no record of a study, such as result\.json"):
        build_page(tmp_path)
    (tmp_path / "curve.json").write_text("{")
    with pytest.raises(BadData, match=r"curve\.json is not a record of headstart: .* Run `curve` again"):
        build_page(tmp_path)
    (tmp_path / "curve.json").unlink()
    written(tmp_path, "yosinski.json", transfer())
    (tmp_path / "yosinski.html").mkdir()
    with pytest.raises(CannotWrite, match="can't be written"):
        build_page(tmp_path)


def cut(points, seeds):
    """Points of which so many seeds were computed, one number each."""
    return [
        replace(point, seeds=[*range(n)], score=point.score[:n], interval=point.interval if n > 1 else None)
        for point, n in zip(points, seeds, strict=True)
    ]


@pytest.mark.parametrize(("made", "field"), [(size_curve, "points"), (transfer, "cuts")])
@pytest.mark.parametrize(
    ("first", "rest", "says"),
    [
        (2, 2, "Lines join the means of 2 seeds, "),
        (1, 2, "Lines join the means of 1 to 2 seeds, "),
        (1, 1, "Dots are single trainings, as there was one seed: there are no intervals."),
    ],
)
def test_means_are_of_the_seeds_that_were_computed(made, field, first, rest, says):
    record = made()
    points = getattr(record, field)
    record = replace(record, **{field: cut(points, [first, *[rest] * (len(points) - 1)])})
    if field == "cuts":
        (base,) = cut([record.base_b], [rest])
        record = replace(record, base_b=base)
    page = study_of(record).module("page")
    shown = page.view(record)
    assert says in shown["caption"]
    assert ("with its 95 % interval" in shown["reading"]) == (rest > 1)
    assert any("for the mean over seeds" in text for text in shown["smallprint"]) == (rest > 1)
    least = "1 to 2 seeds" if first < rest else "2 seeds" if rest > 1 else "1 seed"
    assert page.terminal(record).title.endswith(f", mean of {least}")
