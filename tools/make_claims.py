"""Write the gallery of claims: docs/claims.md, their pictures in docs/images/claims, three in README.md.

    headstart claims --all --quick --out runs/claims
    headstart claims --all --quick --null --out runs/control
    python tools/make_claims.py runs/claims/claims.json runs/control/claims.json --readme NAME NAME NAME

keeps rounded copies of both records in docs/claims and makes all from these; without arguments it makes all
again from what is kept. A test holds that nothing is written by hand.
"""

import argparse
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from headstart.face import speak
from headstart.records.claims import MeasuredEffect, TestedClaim
from headstart.report.drawing import draw_file
from headstart.report.effects import effect_margin, effect_size
from headstart.report.text import MINUS, SPACE, pluralise, seconds
from headstart.studies.claims import Claims
from headstart.studies.claims.page import headline
from headstart.studies.claims.page_claim import NULL_VERDICTS, VERDICTS, advice, linked, take_home

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "docs" / "claims"
PICTURES = "docs/images/claims"
DIGITS = 4  # of kept numbers
README = re.compile(r"<!-- claims: (.*?) -->\n.*?<!-- /claims -->", re.DOTALL)
MADE = "<!-- Made by tools/make_claims.py from docs/claims/quick.json and null.json: change those. -->"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records", nargs="*", type=Path, help="of the claims, and of the control")
    parser.add_argument("--readme", nargs="+", help="names of the claims that README.md shows")
    given = parser.parse_args()
    for name, file in zip(("quick", "null"), given.records, strict=False):
        keep(Claims.read(file), KEPT / f"{name}.json")
    for path in (ROOT / PICTURES).glob("*.svg"):
        path.unlink()
    for name, text in made(given.readme).items():
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(text, "utf-8")


@speak(command_line=True)
def made(shown: list[str] | None = None) -> dict[str, str]:
    """All files by their paths in the project; `shown` in README.md, or those that are there."""
    record, control = (Claims.read(KEPT / f"{name}.json") for name in ("quick", "null"))
    files = {f"{PICTURES}/{claim.name}.svg": draw_file(claim.panels) for claim in record.claims}
    readme = (ROOT / "README.md").read_text("utf-8")
    names = shown or README.search(readme)[1].split()  # type: ignore[index]
    part = readme_part(record, names)
    return {
        **files,
        "docs/claims.md": page(record, control),
        "README.md": README.sub(lambda _: part, readme),
    }


# --- what is kept


def keep(record: Claims, file: Path) -> None:
    """A copy with rounded numbers, a claim a line; a control without its panels."""
    if record.null:
        record = replace(record, claims=[replace(claim, panels=[]) for claim in record.claims])
    values = asdict(replace(record, command=re.sub(r" --out \S+| --overwrite", "", record.command)))
    claims = [
        json.dumps(rounded(one), ensure_ascii=False, separators=(",", ":")) for one in values.pop("claims")
    ]
    head = json.dumps(values, ensure_ascii=False)[:-1]
    file.parent.mkdir(exist_ok=True)
    file.write_text(head + ', "claims": [\n' + ",\n".join(claims) + "\n]}\n", "utf-8")


def rounded(value: Any) -> Any:
    """Plain values with numbers of a few digits."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list) else value


# --- the page


def page(record: Claims, control: Claims) -> str:
    """docs/claims.md."""
    nulls = {claim.name: claim for claim in control.claims}
    parts = [MADE, "# Claims of the textbook, tested", *_head(record, control)]
    parts.append("\n".join([*LIST, *(_row(claim, nulls.get(claim.name)) for claim in record.claims)]))
    for claim in record.claims:
        parts += _claim(claim, nulls.get(claim.name))
    return _plain("\n\n".join(parts)) + "\n"


HEAD = (
    """**{headline}** One that holds is worth following on data like these. One that does not hold here may
hold on other data: look before you count on it.""",
    """Each rule was fixed before its claim was run: the 95 % interval of every effect, over 5 or more paired
seeds, has to lie above a margin. As a control the cause of each claim was taken away; then {control}.
[How a verdict is made, and how to run them](how/claims.md).""",
    """`headstart claims --all --quick` makes these numbers in {whole} of one core, and
`headstart claims --all --quick --null` those of the control.""",
)
LIST = ["| | claim | here | without its cause | what to do |", "|---|---|---|---|---|"]


def _head(record: Claims, control: Claims) -> list[str]:
    held = sum(claim.verdict == "holds" for claim in control.claims)
    said = f"{held or 'none'} of {pluralise(len(control.claims), 'claim')} {'holds' if held == 1 else 'hold'}"
    whole = seconds(sum(claim.seconds for claim in record.claims))
    head, *rest = (part.format(headline=headline(record), control=said, whole=whole) for part in HEAD)
    return [head, *_exceptions(record), *rest]


def _exceptions(record: Claims) -> Iterator[str]:
    """Those that do not hold, with links."""
    for verdict in ("fails", "open"):
        those = [claim for claim in record.claims if claim.verdict == verdict]
        if those:
            links = "; ".join(f"[{claim.title}](#{slug(claim.title)})" for claim in those)
            yield f"{VERDICTS[verdict].capitalize()}: {links}."


def _row(claim: TestedClaim, null: TestedClaim | None) -> str:
    cells = [
        str(claim.number),
        f"[{claim.title}](#{slug(claim.title)})",
        _verdict(claim),
        _without(null),
        take_home(claim),
    ]
    return f"| {' | '.join(map(_cell, cells))} |"


def _claim(claim: TestedClaim, null: TestedClaim | None) -> list[str]:
    others = {effect.title: effect for effect in null.effects} if null else {}
    rows = [_effect(effect, others.get(effect.title)) for effect in claim.effects]
    paper = "".join(f"[{text}]({link})" if link else text for text, link in linked(claim.paper))
    about = {
        "Compared": claim.compared,
        "Data": claim.data,
        "Control": _sentence(claim.null),
        "Paper": f"{paper}.",
        "Command": f"`{claim.command}`",
    }
    heads = "| effect | size (95 % interval) | margin | verdict | without its cause |\n|---|---|---|---|---|"
    return [
        f"## {claim.title}",
        f"{claim.statement} Here: {_verdict(claim)}.",
        f"![{claim.title}: the figure](images/claims/{claim.name}.svg)",
        "\n".join([heads, *rows]),
        f"**What to do.** {advice(claim)}",
        "\n".join(f"- {name}: {text}" for name, text in about.items()),
    ]


def _effect(effect: MeasuredEffect, null: MeasuredEffect | None) -> str:
    cells = [
        effect.title,
        str(effect_size(effect)),
        effect_margin(effect),
        VERDICTS[effect.verdict],
        str(effect_size(null)) if null else "not computed",
    ]
    return f"| {' | '.join(map(_cell, cells))} |"


def _verdict(claim: TestedClaim) -> str:
    return f"**{VERDICTS[claim.verdict]}**"


def _without(null: TestedClaim | None) -> str:
    if null is None:
        return "not computed"
    return f"**{NULL_VERDICTS[null.verdict]}**" if null.verdict == "holds" else NULL_VERDICTS[null.verdict]


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:].rstrip('.')}."


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _plain(text: str) -> str:
    return text.replace(SPACE, " ").replace(MINUS, "-")


def slug(heading: str) -> str:
    """What a heading is called in an address."""
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading.lower()).strip())


# --- README


def readme_part(record: Claims, names: list[str]) -> str:
    """The part between the marks: a picture and a sentence for each of the names that were tested."""
    found = {claim.name: claim for claim in record.claims}
    parts = [f"<!-- claims: {' '.join(names)} -->", _plain(f"{headline(record)} Three of them:")]
    for name in names:
        if (claim := found.get(name)) is not None:
            parts.append(f"![{claim.title}: the figure]({PICTURES}/{name}.svg)")
            parts.append(_plain(f"**{claim.title}** ({VERDICTS[claim.verdict]}). {take_home(claim)}"))
    return "\n\n".join(parts).replace("-->\n\n", "-->\n", 1) + "\n<!-- /claims -->"


if __name__ == "__main__":
    main()
