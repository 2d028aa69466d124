"""`headstart claims` as a study: processes, resuming, what is left out, what is refused."""

import json
from dataclasses import replace

import pytest

import headstart as hs
from headstart.claims import Lab, _lab, find_claim
from headstart.core import BadInput, Diverged, HeadstartError, MissingPackage
from headstart.records.record import Interval
from headstart.studies.claims import workers
from headstart.studies.claims.run import at_once
from headstart.studies.claims.workers import Workers


def stand_in(**fields):
    """A claim whose numbers cost nothing."""
    return replace(find_claim("1"), **{"measure": measure, "draw": lambda _seeds: [], **fields})


def measure(lab, seed):
    gain = 0.0 if lab.null else 1.0 + seed / 10
    found = {f"{kind} scratch": gain for kind in ("spread", "error")}
    return found | {f"{kind} related": 0.0 for kind in ("spread", "error")}


@pytest.fixture
def cheap(monkeypatch):
    """All claims are stand-ins, and the names of those that were measured."""
    asked = []
    claims = [stand_in(), stand_in(name="other-claim", number=2, title="Other")]

    def put(*changed):
        claims[1:] = changed
        return claims

    def find(name):
        asked.append(name)
        return next(claim for claim in claims if name in (claim.name, str(claim.number)))

    monkeypatch.setattr(workers, "find_claim", find)
    monkeypatch.setattr("headstart.studies.claims.run.find_claim", find)
    monkeypatch.setattr("headstart.studies.claims.run.walk_claims", lambda: tuple(claims))
    monkeypatch.setattr(
        "headstart.studies.claims.run.claims_of", lambda names: tuple(dict.fromkeys(map(find, names)))
    )
    put.asked = asked
    return put


def test_a_claim_by_hand(cheap):
    """Gains of 1, 1.1, 1.2, 1.3 and 1.4 have the mean 1.2 and the half 2.7764 * .15811 / sqrt(5) = .19632."""
    (claim,) = hs.check_claims("1").claims
    assert claim.verdict == "holds"
    mean = claim.effects[0].mean
    assert (mean.value, mean.low, mean.high) == pytest.approx((1.2, 1.00368, 1.39632), abs=1e-5)
    assert claim.meaning == find_claim("1").holds
    assert claim.command == "headstart claims start-regularises"


def test_the_control_takes_the_cause_away(cheap):
    record = hs.check_claims("1", null=True, seeds=3)
    assert record.null
    assert record.claims[0].verdict == "fails"
    assert record.claims[0].effects[0].mean == Interval(0.0, 0.0, 0.0)
    assert record.claims[0].command == "headstart claims start-regularises --null --seeds 3"


def test_all_claims_in_the_order_of_the_gallery(cheap):
    assert [claim.number for claim in hs.check_claims(all_claims=True).claims] == [1, 2]


def test_an_interrupted_run_goes_on_with_what_is_missing(cheap, tmp_path):
    def interrupted(lab, seed):
        if seed == 2:
            raise KeyboardInterrupt
        return measure(lab, seed)

    cheap(stand_in(name="other-claim", number=2, measure=interrupted))
    with pytest.raises(KeyboardInterrupt):
        hs.check_claims(all_claims=True, out=tmp_path / "run")
    cheap(stand_in(name="other-claim", number=2))
    cheap.asked.clear()
    record = hs.check_claims(all_claims=True, out=tmp_path / "run", resume=True)
    assert cheap.asked == ["other-claim"] * 3
    assert [claim.seeds for claim in record.claims] == [5, 5]


def test_a_claim_whose_package_is_missing_is_left_out_of_all(cheap):
    def lacking(_lab, _seed):
        raise MissingPackage("timm", "This claim", "vision")

    cheap(stand_in(name="other-claim", number=2, title="Other", measure=lacking))
    record = hs.check_claims(all_claims=True)
    assert [claim.number for claim in record.claims] == [1]
    assert any("Other is left out" in note and "timm" in note for note in record.notes)
    with pytest.raises(HeadstartError, match="timm"):
        hs.check_claims("2")


def test_a_seed_that_diverges_is_left_out(cheap):
    def diverging(lab, seed):
        if seed == 3:
            raise Diverged("The loss is NaN.")
        return measure(lab, seed)

    cheap(stand_in(name="other-claim", number=2, measure=diverging))
    record = hs.check_claims("2")
    assert record.claims[0].seeds == 4
    assert any("The loss is NaN." in note for note in record.notes)


@pytest.mark.many
def test_other_processes_measure_the_same(tmp_path):
    lab, tasks = Lab("tiny", cache=tmp_path), [("start-regularises", 0), ("start-regularises", 1)]
    with Workers(lab, tasks, 2) as pool:
        found = [pool.measured(*task) for task in tasks]
    for task, one in zip(tasks, found, strict=True):
        assert one["numbers"] == workers.measure(lab, *task)["numbers"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "Name a claim, or give all_claims=True"),
        ({"names": "1", "all_claims": True}, "Choose one of names and all_claims=True"),
        ({"names": "1", "quick": True, "full": True}, "Choose one of quick=True and full=True"),
        ({"names": "1", "seeds": 1}, "seeds is 1"),
        ({"names": "1", "jobs": 0}, "jobs is 0"),
        ({"names": "1", "notebook": "x.ipynb"}, "write_notebook"),
    ],
)
def test_what_is_refused(options, message):
    with pytest.raises(BadInput, match=message):
        hs.check_claims(**options)


def test_without_a_name_the_command_lists_them():
    settings = hs.ClaimsSettings()
    listed = at_once(settings, {"names": None})
    assert listed.rows[0][:2] == ("1", "start-regularises")
    assert at_once(settings, {"names": ["1"]}) is None
    with pytest.raises(BadInput, match="takes one claim"):
        at_once(settings, {"names": [], "notebook": "x.ipynb"})


def test_what_is_shared_is_computed_once(tmp_path):
    import torch

    calls = []

    def compute():
        calls.append(1)
        return {"x": torch.arange(3.0)}

    labs = [Lab(cache=tmp_path), Lab(cache=tmp_path), Lab(cache=tmp_path, seed=1), Lab()]
    for lab in labs:
        assert lab.once("a b/c", compute)["x"].tolist() == [0, 1, 2]
    assert len(calls) == 3  # once in the folder, once for the other seed, once where nothing is kept
    assert not _lab.UNUSUAL.search(next(tmp_path.glob("*.safetensors")).name)


def test_a_record_is_read_again(cheap, tmp_path):
    record = hs.check_claims("1", out=tmp_path / "run")
    assert hs.Claims.read(tmp_path / "run" / "claims.json") == record
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [
        "claims.html",
        "claims.json",
        "steps",
        "study.json",
    ]
    assert json.loads((tmp_path / "run" / "claims.json").read_text("utf-8"))["tier"] == "quick"
