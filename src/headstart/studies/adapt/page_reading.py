"""How samples were read, and what that was chosen from."""

from collections.abc import Iterator
from typing import Any

from headstart.report.text import minus
from headstart.studies.adapt import Reading

WHAT = {  # by what was compared: the choice in a sentence
    "size": "Samples are read at {}",
    "fit": "Pictures of another shape are fitted by {}",
    "features": "Probes read the features of {}",
}
WAYS = {"squash": "squashing", "pad": "padding", "crop": "cropping"}


def readings(compared: list[Reading]) -> dict[str, Any]:
    """Sentences on what was chosen, and the rows of a table of all that was tried."""
    rows = [
        (
            each.what,
            each.name,
            f"{each.loss:.3f}",
            f"{minus(f'{each.difference:+.3f}')} \u00b1 {each.error:.3f}" if each.error else "",
            each.chosen,
        )
        for each in compared
    ]
    return {"say": [" ".join(_sentences(compared))] if compared else [], "rows": rows}


def _sentences(compared: list[Reading]) -> Iterator[str]:
    for what, sentence in WHAT.items():
        mine = [each for each in compared if each.what == what]
        for chosen in (each for each in mine if each.chosen):
            name = WAYS.get(chosen.name, chosen.name)
            text = sentence.format(f"the {name}" if name.startswith("output") else name)
            least = min(mine, key=lambda each: each.loss)
            why = "which a probe predicts best from"
            if least is not chosen:
                why = f"which cost less than {least.name} and are as good within one standard error"
            yield f"{text}, {why}." if what == "size" else f"{text}."
