"""The gallery of claims: what to take home, then each claim with its figure, numbers, rule and paper."""

from collections.abc import Iterator, Sequence
from typing import Any

from headstart.records.claims import TestedClaim, Verdict
from headstart.report.html import asset
from headstart.report.text import Terminal, join_words, pluralise, seconds
from headstart.studies._page import page_view
from headstart.studies.claims import Claims
from headstart.studies.claims.page_claim import advice, claim_view, effect_words, take_home, tone, word

TEMPLATE = "claims.html"
NAMED = 3  # claims at most that a sentence names
GROUPS: dict[Verdict, str] = {
    "holds": "Every interval lies above its margin: follow what they say, on data like these.",
    "fails": "An interval lies wholly at or below its margin: do not count on it, on data like these.",
    "open": "An interval reaches its margin: more seeds or more data would tell.",
}
NULL_GROUPS: dict[Verdict, str] = {
    "holds": "None may: a claim that holds without its cause is decided by something else, or by chance.",
    "fails": "An interval lies wholly at or below its margin, as it should.",
    "open": "An interval reaches its margin, as it should.",
}
CONTROL = (
    "This is the control. The cause of each claim was taken away, so that none may hold: that shows that the "
    "rules can say no. What the claims themselves say is on the page of another run."
)


def view(record: Claims) -> dict[str, Any]:
    """What the template shows."""
    alone = len(record.claims) == 1
    return page_view(
        record,
        kind="claims",
        task="control: causes taken away" if record.null else record.subject,
        headline=headline(record),
        say=list(sentences(record))[:1],  # the others are in the list of claims
        title=record.claims[0].title if alone else "",
        warnings=list(warnings(record)),
        groups=[] if alone else list(_groups(record)),
        claims=[claim_view(claim, record.null) for claim in record.claims],
        smallprint=list(_smallprint(record)),
        style=asset("claims.css"),
    )


def terminal(record: Claims) -> Terminal:
    """What the command prints: of one claim its effects, of several a row each."""
    if len(record.claims) == 1:
        (claim,) = record.claims
        rows = [(each.title, *effect_words(each), word(each.verdict, record.null)) for each in claim.effects]
        say = [CONTROL] if record.null else [advice(claim)]
        return Terminal(
            headings=("effect", "size (95 % interval)", "margin", "verdict"),
            rows=rows,
            sentences=[*say, *warnings(record)],
            answer=[headline(record)],
        )
    rows = [
        (str(claim.number), claim.title, word(claim.verdict, record.null), _counted(claim))
        for claim in record.claims
    ]
    return Terminal(
        headings=("", "claim", "verdict", "effects above their margin"),
        rows=rows,
        sentences=[*sentences(record), *warnings(record)],
        answer=[headline(record)],
    )


def headline(record: Claims) -> str:
    """How many claims hold, or what became of the one."""
    if len(record.claims) == 1:
        (claim,) = record.claims
        taken = "Without its cause: " if record.null else ""
        return f"{taken}{claim.title}: {word(claim.verdict, record.null)}."
    held, count = len(_those(record, "holds")), len(record.claims)
    if record.null:
        none = "none" if held == 0 else f"{held}"
        return f"Without their causes, {none} of {pluralise(count, 'claim')} {_verb(held, 'holds', 'hold')}."
    failed, open_ = len(_those(record, "fails")), len(_those(record, "open"))
    others = [f"{failed} {_verb(failed, 'does', 'do')} not hold here"] if failed else []
    others += [f"{open_} {_verb(open_, 'is', 'are')} not settled"] if open_ else []
    said = f"{held} of {pluralise(count, 'claim')} {_verb(held, 'holds', 'hold')} on these data"
    return f"{said}; {join_words(others)}." if others else f"{said}."


def sentences(record: Claims) -> Iterator[str]:
    """What to do with it."""
    if record.null:
        yield CONTROL
    if record.null or len(record.claims) < 2:
        return
    yield (
        "A claim that holds is worth following on data like these: each says below what to do with it. One "
        "that does not hold here may hold on other data: look before you count on it."
    )
    for claim in record.claims:
        if claim.verdict != "holds":
            yield f"{claim.title}: {word(claim.verdict, record.null)}. {take_home(claim)}"


def warnings(record: Claims) -> Iterator[str]:
    """Of a control, the claims that hold all the same."""
    held = _those(record, "holds")
    if not (record.null and held):
        return
    names = join_words([claim.title for claim in held]) if len(held) <= NAMED else f"{len(held)} claims"
    yield (
        f"{names} {_verb(len(held), 'holds', 'hold')} although the cause is gone. By chance that happens to "
        "fewer than one claim of 40; else the rule or the code of the claim is at fault."
    )


def _groups(record: Claims) -> Iterator[dict[str, Any]]:
    listed: set[Verdict] = {"holds"} if record.null else {"fails", "open"}
    for verdict, meaning in (NULL_GROUPS if record.null else GROUPS).items():
        those = _those(record, verdict)
        yield {
            "word": word(verdict, record.null),
            "tone": tone(verdict, record.null),
            "count": len(those),
            "meaning": meaning,
            "claims": those if verdict in listed else [],
        }


def _those(record: Claims, verdict: Verdict) -> Sequence[TestedClaim]:
    return [claim for claim in record.claims if claim.verdict == verdict]


def _counted(claim: TestedClaim) -> str:
    held = sum(each.verdict == "holds" for each in claim.effects)
    return f"{held} of {len(claim.effects)}"


def _verb(count: int, one: str, many: str) -> str:
    return one if count == 1 else many


def _smallprint(record: Claims) -> Iterator[str]:
    yield (
        "Each rule was fixed before its claim was run. A claim holds if the 95 % interval of each of its "
        "effects, Student's t over paired seeds, lies above its margin; it does not hold here if one lies "
        "wholly at or below; else it is not settled."
    )
    yield (
        "A verdict is about these data, this size and these networks. Intervals cover other seeds, and not "
        "other data. Of 40 claims without any effect one is said to hold by chance."
    )
    whole = sum(claim.seconds for claim in record.claims)
    yield f"The {record.tier} tier took {seconds(whole)} of one core."
