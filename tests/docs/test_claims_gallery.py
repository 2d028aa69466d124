"""The gallery of claims is what the tool makes of the kept records, of claims that are there."""

import importlib.util
import json
import re
from dataclasses import replace

import pytest
from tests.docs.pages import ROOT, Page
from tests.report.claims_example import gallery

from headstart.claims import find_claim
from headstart.studies.claims import Claims

spec = importlib.util.spec_from_file_location("make_claims", ROOT / "tools" / "make_claims.py")
make_claims = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make_claims)
RECORD, CONTROL = (Claims.read(ROOT / "docs" / "claims" / f"{name}.json") for name in ("quick", "null"))


def test_nothing_is_written_by_hand():
    made = make_claims.made()
    stale = [name for name, text in made.items() if (ROOT / name).read_text("utf-8") != text]
    assert stale == [], "run python tools/make_claims.py"
    pictures = {path.name for path in (ROOT / make_claims.PICTURES).glob("*.svg")}
    assert pictures == {f"{claim.name}.svg" for claim in RECORD.claims}


def test_each_claim_is_there_with_the_rule_that_its_file_has():
    for claim in RECORD.claims:
        assert find_claim(claim.name).rule(claim.seeds) == claim.rule, claim.name


def test_the_records_are_of_the_same_claims_and_small():
    assert (RECORD.null, CONTROL.null) == (False, True)
    assert [claim.name for claim in CONTROL.claims] == [claim.name for claim in RECORD.claims]
    assert max((ROOT / "docs" / "claims" / f"{name}.json").stat().st_size for name in ("quick", "null")) < 4e5


def test_all_of_a_claim_is_on_the_page(tmp_path):
    record, control = gallery(8), gallery(8, null=True)
    path = tmp_path / "claims.md"
    path.write_text(make_claims.page(record, control), "utf-8")
    page = Page(path)
    words = page.text.replace("\\|", "|")
    for claim in record.claims:
        for text in (claim.statement, claim.compared, claim.data, claim.meaning, f"`{claim.command}`"):
            assert text in words
        assert f"images/claims/{claim.name}.svg" in words
    assert "+8.5 points (+6.1 to +10.9)" in words
    assert "[arXiv:2202.10054](https://arxiv.org/abs/2202.10054)" in words
    assert {link.removeprefix("#") for link in page.links() if link.startswith("#")} <= page.anchors()
    assert "then 6 of 8 claims hold" in words  # of a control none should


def test_what_is_kept_is_rounded_and_says_the_same(tmp_path):
    record = replace(gallery(4), command="headstart claims --all --out somewhere/claims --overwrite")
    make_claims.keep(record, tmp_path / "quick.json")
    kept = Claims.read(tmp_path / "quick.json")
    assert kept.command == "headstart claims --all"
    assert [claim.verdict for claim in kept.claims] == [claim.verdict for claim in record.claims]
    assert kept.claims[3].effects[0].values == pytest.approx(record.claims[3].effects[0].values, rel=1e-3)
    text = (tmp_path / "quick.json").read_text("utf-8")
    assert not re.search(r"\d\.\d{9}", text)
    assert len(json.loads(text)["claims"]) == 4
    make_claims.keep(gallery(4, null=True), tmp_path / "null.json")
    assert all(not claim.panels for claim in Claims.read(tmp_path / "null.json").claims)


def test_pictures_of_the_front_page_have_their_verdicts():
    part = make_claims.readme_part(gallery(8), ["claim-5", "unknown", "claim-2"])
    assert part.startswith("<!-- claims: claim-5 unknown claim-2 -->\n")
    assert part.endswith("<!-- /claims -->")
    assert part.count("![") == 2
    assert "**Lower rates for earlier layers** (does not hold here)." in part
