"""How `claims` is computed: each claim and seed is a trial, and several processes share the work."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from headstart.claims import Claim, Lab, claims_of, find_claim, walk_claims, write_notebook
from headstart.claims._claim import judge_all
from headstart.core import BadInput, HeadstartError
from headstart.face import speak, spell
from headstart.records.claims import TestedClaim
from headstart.report.text import Terminal
from headstart.studies._runner import Job, Trial
from headstart.studies._spec import Study
from headstart.studies.claims import ClaimsSettings
from headstart.studies.claims.workers import MISSING, Workers


def at_once(settings: ClaimsSettings, given: Mapping[str, Any]) -> Terminal | None:
    """What the command answers without a run: the list of claims, or where a notebook was written."""
    names, file = given.get("names") or [], given.get("notebook")
    if file is not None:
        if len(names) != 1:
            raise BadInput(f"{spell('notebook', ...)} takes one claim: name it.")
        write_notebook(find_claim(names[0]), file)
        return Terminal(answer=[f"Wrote {file}: open it in Jupyter, or run it with jupyter execute {file}."])
    if names or settings.all_claims:
        return None
    rows = [(str(claim.number), claim.name, claim.title) for claim in walk_claims()]
    say = ["headstart claims NAME runs one of them; headstart claims --all makes one page of all."]
    return Terminal(headings=("", "name", "claim"), rows=rows, sentences=say)


def load(
    spec: Study, given: Mapping[str, Any], settings: ClaimsSettings, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """The claims by their names."""
    if given.get("notebook") is not None:
        raise BadInput("headstart.claims.write_notebook(claim, file) writes a notebook in Python.")
    names = given.get("names") or []
    names = [names] if isinstance(names, str) else list(names)
    if names and settings.all_claims:
        raise BadInput(f"Choose one of names and {spell('all_claims', True)}.")
    if not names and not settings.all_claims:
        raise BadInput(f"Name a claim, or give {spell('all_claims', True)}.")
    return {"names": claims_of(names) if names else walk_claims(), "claims": names}


def compute(job: Job[ClaimsSettings]) -> dict[str, Any]:
    """The record's own fields."""
    settings, claims = job.settings, job.inputs["names"]
    lab = Lab("full" if settings.full else "quick", settings.null, job.folder.path / "cache", settings.seed)
    wanted = {claim.name: settings.seeds or claim.seeds for claim in claims}
    open_ = [
        (claim.name, seed)
        for claim in claims
        for seed in range(wanted[claim.name])
        if not job.folder.steps.done(f"try {_step(claim, seed)}")
    ]
    with Workers(lab, open_, settings.jobs) as workers:
        kept = job.trials(
            _trial(claim, seed, workers.measured) for claim in claims for seed in range(wanted[claim.name])
        )
    tested = []
    for claim in claims:
        found = [kept[claim.name, seed] for seed in range(wanted[claim.name]) if (claim.name, seed) in kept]
        if missing := [one[MISSING] for one in found if MISSING in one]:
            if not settings.all_claims:
                raise HeadstartError(missing[0])
            job.notes.append(f"{claim.title} is left out. {missing[0]}")
        elif len(found) < 2:
            job.notes.append(f"{claim.title} is left out: too few of its seeds did not diverge.")
        else:
            tested.append(_tested(claim, found, settings))
    return {"tier": lab.tier, "null": settings.null, "claims": tested}


def trim(job: Job[ClaimsSettings]) -> None:
    """What claims and seeds shared goes; what was measured stays, seed by seed."""
    shutil.rmtree(job.folder.path / "cache", ignore_errors=True)


def _step(claim: Claim, seed: int) -> str:
    return f"{claim.name}, seed {seed}"


def _trial(claim: Claim, seed: int, measured: Callable[[str, int], dict[str, Any]]) -> Trial:
    name = _step(claim, seed)

    def value(_: Path) -> dict[str, Any]:
        return measured(claim.name, seed)

    return Trial((claim.name, seed), name, name, value, 5.0)


def _tested(claim: Claim, found: list[dict[str, Any]], settings: ClaimsSettings) -> TestedClaim:
    seeds = [one["numbers"] for one in found]
    effects = [effect.measure(seeds) for effect in claim.effects]
    verdict = judge_all(effects)
    return TestedClaim(
        name=claim.name,
        number=claim.number,
        title=claim.title,
        statement=claim.statement,
        paper=claim.paper,
        data=claim.data,
        compared=claim.compared,
        rule=claim.rule(len(seeds)),
        null=claim.null,
        verdict=verdict,
        meaning=claim.holds if verdict == "holds" else claim.fails,
        effects=effects,
        panels=claim.draw(seeds),
        seeds=len(seeds),
        seconds=sum(one["seconds"] for one in found),
        command=" ".join(["headstart claims", claim.name, *_options(settings)]),
    )


def _options(settings: ClaimsSettings) -> Iterator[str]:
    """Those that a claim's command needs to give the same again."""
    with speak(command_line=True):
        for name in ("full", "null", "seeds", "seed"):
            if value := getattr(settings, name):
                yield spell(name, value)
