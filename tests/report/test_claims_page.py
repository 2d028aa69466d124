"""The gallery of claims: what it says of many, of one and of a control."""

import re
from dataclasses import replace

import pytest
from tests.report.claims_example import gallery

from headstart.studies._page import render_page
from headstart.studies._spec import terminal_of
from headstart.studies.claims import page
from headstart.studies.claims.page_claim import linked, take_home

HELD = page.headline(gallery(7))


def shown(record):
    return render_page(record, page.view(record), page.TEMPLATE)


def text(html):
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL).split())


def of_verdicts(*verdicts, null=False):
    claims = [
        replace(claim, verdict=verdict)
        for claim, verdict in zip(gallery(len(verdicts)).claims, verdicts, strict=True)
    ]
    return replace(gallery(0, null), claims=claims)


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        (("holds", "holds"), "2 of 2 claims hold on these data."),
        (("holds", "fails"), "1 of 2 claims holds on these data; 1 does not hold here."),
        (
            ("fails", "open", "open"),
            "0 of 3 claims hold on these data; 1 does not hold here and 2 are not settled.",
        ),
        (("open",), "A pre-trained start regularises: not settled."),
    ],
)
def test_the_headline_counts_each_verdict(verdicts, said):
    assert page.headline(of_verdicts(*verdicts)) == said


def test_the_page_says_first_what_does_not_hold_and_leads_to_each_claim():
    html = shown(gallery(28))
    names = [f"claim-{number}" for number in range(1, 29)]
    ids = set(re.findall(r'id="([\w-]+)"', html))
    assert set(names) <= ids
    assert set(re.findall(r'href="#([\w-]+)"', html)) <= ids
    words = text(html)
    assert words.index("do not hold here") < words.index("What to take home") < words.index("Claim 1 ")
    assert "CLIP &lt;b&gt;&amp; co&lt;/b&gt;" in html


def test_each_claim_has_its_numbers_its_rule_and_its_paper():
    words, html = text(shown(gallery(1, start=3))), shown(gallery(1, start=3))
    for part in ("Rule, fixed before", "+8.5 points", "+6.1 to +10.9; margin 0", "margin \u22122"):
        assert part in words
    assert "headstart claims claim-4" in words
    assert "What to do Train the head first" in words
    assert 'href="https://arxiv.org/abs/2202.10054"' in html
    assert html.count("<figure") == 3


def test_what_is_not_settled_is_not_said_to_fail():
    words = text(shown(of_verdicts("open")))
    assert "More seeds may settle it: " in words
    assert take_home(of_verdicts("open").claims[0]) == "2 of 2 effects hold; the rest is open."
    assert "Where it does not hold: Train the head first" in words
    assert "More seeds" not in text(shown(of_verdicts("fails")))


def test_verdicts_are_words_and_not_colours_alone():
    html = shown(of_verdicts("holds", "fails", "open"))
    marks = re.findall(r'<span class="verdict (\w+)">([^<]+)</span>', html)
    assert {("good", "holds"), ("bad", "does not hold here"), ("even", "not settled")} <= set(marks)


def test_a_control_says_so_and_warns_of_a_claim_that_holds():
    quiet = of_verdicts("fails", "open", null=True)
    assert page.headline(quiet) == "Without their causes, none of 2 claims hold."
    assert "This is the control" in text(shown(quiet))
    assert list(page.warnings(quiet)) == []
    assert "What to do" not in shown(quiet)
    loud = of_verdicts("holds", "open", null=True)
    (warning,) = page.warnings(loud)
    assert warning.startswith("A pre-trained start regularises holds although the cause is gone.")
    assert 'class="callout"' in shown(loud)
    assert warning in terminal_of(loud).text()
    assert '<span class="verdict bad">holds</span>' in shown(loud)


def test_a_run_is_compared_by_the_share_that_holds():
    assert of_verdicts("holds", "holds", "fails", "open").figure.value == 0.5
    assert of_verdicts("holds", null=True).figure is None


def test_the_terminal_names_each_claim_or_each_effect():
    several = terminal_of(of_verdicts("holds", "fails"))
    assert [row[2:] for row in several.rows] == [("holds", "2 of 2"), ("does not hold here", "2 of 2")]
    assert any(line.startswith("Fine-tuning beats") for line in several.sentences)
    one = terminal_of(gallery(1, start=3))
    assert [row[0] for row in one.rows] == [each.title for each in gallery(1, start=3).claims[0].effects]
    assert one.rows[0][1].replace("\u2212", "-") == "+8.5\u00a0points (+6.1 to +10.9)"


def test_papers_are_linked_where_they_lie():
    assert linked("doi:10.1038/323533a0.") == [
        ("doi:10.1038/323533a0", "https://doi.org/10.1038/323533a0"),
        (".", ""),
    ]
    assert linked("JMLR 11:625") == [("JMLR 11:625", "")]
