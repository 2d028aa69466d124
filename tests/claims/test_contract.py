"""What every claim promises: it is declared whole, it runs, it can say no, and it is drawn."""

import math
import re
from dataclasses import asdict
from pathlib import Path

import pytest

import headstart.claims
from headstart.claims import Lab, walk_claims
from headstart.claims._claim import judge_all
from headstart.records.claims import Panel

CLAIMS = walk_claims()
FILES = {path.stem for path in Path(headstart.claims.__file__).parent.glob("[!_]*.py")}
SENTENCES = ("statement", "data", "compared", "holds", "fails")
every_claim = pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """What claims share is computed once for all tests of a process."""
    return tmp_path_factory.mktemp("lab")


def test_there_is_a_file_for_each_claim_of_the_list():
    assert {claim.name.replace("-", "_") for claim in CLAIMS} == FILES
    assert [claim.number for claim in CLAIMS] == [*range(1, len(CLAIMS) + 1)]


@every_claim
def test_a_claim_is_declared_whole(claim):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", claim.name)
    assert claim.seeds >= 5
    assert claim.effects
    assert not claim.title.endswith(".")
    for name in SENTENCES:
        text = getattr(claim, name)
        assert text[0].isupper() or not text[0].isalpha(), name
        assert text.endswith("."), name
    assert claim.null
    assert not claim.null.endswith("."), "it is put into a sentence"
    assert claim.paper


@every_claim
def test_not_much_worse_is_never_claimed_alone(claim):
    """Two arms that both do nothing are not much worse than each other: that would hold without a cause."""
    assert any(effect.above >= 0 for effect in claim.effects)


@every_claim
def test_a_claim_runs_and_is_drawn(claim, cache):
    lab = Lab("tiny", cache=cache)
    seeds = [claim.measure(lab, seed) for seed in (0, 1)]
    assert seeds[0].keys() == seeds[1].keys()
    for numbers in seeds:
        for value in numbers.values():
            assert all(map(math.isfinite, value if isinstance(value, list) else [value]))
    panels = claim.draw(seeds)
    assert panels
    for panel in panels:
        assert panel == Panel.from_values(asdict(panel))
        assert panel.title
        assert panel.y
        assert bool(panel.curves) != bool(panel.marks), "curves or marks"
        assert bool(panel.x) == bool(panel.curves), "curves run over something"
        for curve in panel.curves:
            assert len(curve.x) == len(curve.y) >= 2
    assert all(effect.measure(seeds).title for effect in claim.effects)


@pytest.mark.slow
@every_claim
def test_a_claim_gives_the_same_again(claim, cache, tmp_path):
    """In a lab of its own, where nothing is shared, as with what another seed left in the cache."""
    numbers = claim.measure(Lab("tiny", cache=cache), 0)
    again = claim.measure(Lab("tiny", cache=tmp_path), 0)
    for name, value in numbers.items():
        assert again[name] == pytest.approx(value, rel=1e-4, abs=1e-4), name


@pytest.mark.slow
@every_claim
def test_a_claim_does_not_hold_without_its_cause(claim, cache):
    lab = Lab("tiny", null=True, cache=cache)
    seeds = [claim.measure(lab, seed) for seed in (0, 1)]
    assert judge_all([effect.measure(seeds) for effect in claim.effects]) != "holds"
