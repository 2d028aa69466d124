"""The page of a search: every trial, the best so far, what mattered, the space, the alarm."""

import re
from dataclasses import replace

import pytest
from tests.report.experiments import about, search_record

from headstart.core import BadData
from headstart.report.metric import METRICS
from headstart.report.text import SPACE
from headstart.studies import build_page
from headstart.studies._page import render_page
from headstart.studies.search.importance import between, correlation, weights
from headstart.studies.search.page import terminal, view


def shown(record=None):
    record = record or search_record()
    return render_page(record, view(record)).replace(SPACE, " ")


def test_what_stands_on_it():
    text = shown()
    assert "Fine-tuning (last = 2) is the best of 10 trials: 86.0 %" in text
    assert (
        "+46.0 points (+41.0 to +51.0) of balanced accuracy over training from scratch: transfer helps."
        in text
    )
    assert "the search has found 6.0 points more" in text
    assert "The 0.860 of the best is optimistic." in text
    assert "<code>headstart adapt photos/ --method fine-tune:last=2 --out search-adapt</code>" in text
    assert "7 complete, 1 pruned, 1 diverged, 1 refused" in text
    assert "&lt;no&gt; number" in text
    assert "<no>" not in text
    for outside in ("http://", "https://", "<script"):
        assert outside not in text


def test_every_trial_has_a_row_and_each_with_a_value_a_dot():
    record, text = search_record(), shown()
    for trial in record.trials:
        assert f">trial {trial.number}<" in text
    assert text.count('<circle class="dot') == 8  # seven are finished, one has the fold until it was given up
    assert len(re.findall(r'class="dot s2 open"', text)) == 1
    assert text.count(">best</span>") == 1
    cells = [str(cell) for row in terminal(record).rows for cell in row[1:]]
    assert [cell.replace(SPACE, " ") for cell in cells if "best" in cell] == ["86.0 % best"]


def test_the_best_so_far_is_a_staircase_by_hand():
    from headstart.studies.search.page import _best_so_far

    assert _best_so_far(search_record().trials, 9, METRICS["balanced_accuracy"]) == [
        (0, 0.8),
        (1, 0.8),
        (1, 0.8),
        (2, 0.8),
        (2, 0.86),
        *[point for n in range(3, 7) for point in ((n, 0.86), (n, 0.86))],
        (9, 0.86),
    ]


@pytest.mark.parametrize(
    ("gain", "said"),
    [
        (about(-0.10, 0.05), "Negative transfer: the best that transfers has \u221210.0 points"),
        (about(0.01, 0.05), "transfer is not clearly better here."),
        (None, "Whether transfer helps is unknown"),
    ],
)
def test_the_alarm(gain, said):
    assert said in shown(replace(search_record(), gain=gain))


def test_default_settings_that_win_are_told():
    record = search_record()
    assert "No searched settings were better than the default ones of Ridge probe." in shown(
        replace(record, best=record.trials[0])
    )


def test_what_mattered_by_hand():
    text = re.sub(r' data-of="[^"]*"', "", shown())
    # the score falls with the rate, trial by trial; the norm splits 5 scores 3 to 2
    row = re.search(
        r"fine-tune: lr</th><td>5</td><td>0.002 to 0.006</td><td>([^<]+)</td><td>([^<]+)</td>", text
    )
    assert row is not None
    assert row.groups() == ("\u22121.00 (rank correlation)", "0.002")
    # 0.86 0.84 0.82 | 0.80 0.78: means 0.84 and 0.79 around 0.82: (3 * 4 + 2 * 9) / 40 = 75 %
    assert "<td>75.0 % of the variance</td><td>frozen</td>" in text
    # methods: ridge 0.8, scratch 0.4, tuned 0.82 on average; around 0.7571 in all
    scores = [0.8, 0.4, 0.86, 0.84, 0.82, 0.80, 0.78]
    share = between(["r", "s", *"ttttt"], scores)
    mean = sum(scores) / 7
    outside = (0.8 - mean) ** 2 + (0.4 - mean) ** 2 + 5 * (0.82 - mean) ** 2
    assert share == pytest.approx(outside / sum((score - mean) ** 2 for score in scores))
    assert f"<td>{100 * share:.1f} % of the variance</td>" in text


def test_rank_correlation_is_that_of_scipy():
    from scipy.stats import spearmanr

    one, other = [3, 1, 4, 1, 5, 9, 2, 6], [2, 7, 1, 8, 2, 8, 1, 8]
    assert correlation(one, other) == pytest.approx(spearmanr(one, other).statistic)
    assert correlation([1, 1, 1], [1, 2, 3]) == 0


def test_few_trials_and_one_value_say_nothing():
    few = [("knn", {"k": k}, 0.1 * k) for k in range(4)]
    assert weights(few) == []
    assert weights([("knn", {"k": 3}, 0.1 * n) for n in range(9)]) == []


def test_a_search_in_a_folder_gets_its_page(tmp_path):
    record = search_record()
    (tmp_path / "search.json").write_text(record.to_json(), "utf-8")
    assert build_page(tmp_path) == tmp_path / "search.html"
    first = (tmp_path / "search.html").read_bytes()
    build_page(tmp_path)
    assert (tmp_path / "search.html").read_bytes() == first
    (tmp_path / "search.json").write_text("{}", "utf-8")
    with pytest.raises(BadData):
        build_page(tmp_path)


def test_without_a_command_line_nothing_is_said_of_the_next_one():
    assert "What to do next" not in shown(replace(search_record(), next=""))
