"""A teaching session as plain values for JSON."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from headstart.teaching.evidence import Evidence
from headstart.teaching.session import TeachingSession
from headstart.teaching.state import State

LETTERS = 400  # of a text that are shown


class Texts:
    """The beginnings of a session's texts, each read once.

    Args:
        session: of texts or of pictures, which have none.
    """

    def __init__(self, session: TeachingSession) -> None:
        self._session, self._known = session, dict[int, str]()

    def of(self, number: int) -> dict[str, str]:
        """What the page shows of an example besides its name."""
        if self._session.kind != "texts":
            return {}
        if number not in self._known:
            text = self._session.content(number).decode("utf-8", "replace")
            self._known[number] = text[:LETTERS] + ("\u2026" if len(text) > LETTERS else "")
        return {"text": self._known[number]}


def state_of(session: TeachingSession, texts: Texts) -> dict[str, Any]:
    """All that the page shows."""
    with session.unchanged() as state:
        found = session.evidence()
        return {
            "kind": session.kind,
            "backbone": session.backbone.name,
            "folder": session.folder.resolve().name,
            "classes": _classes(state, found),
            "examples": _examples(state, found, texts),
            "ready": len(state.labels) > 1,
            "accuracy": None if found.accuracy is None else asdict(found.accuracy),
            "missing": found.missing,
            "constant": found.constant,
            "confusion": {"classes": list(state.labels), "counts": found.confusion},
            "cautions": [*found.cautions, *session.notes],
            "undo": session.can_undo,
        }


def _classes(state: State, found: Evidence) -> list[dict[str, Any]]:
    counts = Counter(each.label for each in state.examples)
    recall = {each.name: each.recall for each in found.per_class}
    return [
        {
            "name": name,
            "examples": counts[name],
            "recall": None if (share := recall.get(name)) is None else asdict(share),
        }
        for name in state.classes
    ]


def _examples(state: State, found: Evidence, texts: Texts) -> list[dict[str, Any]]:
    alike = Counter(found.copies.tolist())
    rows = []
    for place, each in enumerate(state.examples):
        row: dict[str, Any] = {"number": each.number, "class": each.label, "name": each.name}
        row |= texts.of(each.number)
        row["copy"] = alike[int(found.copies[place])] > 1
        if found.answers:
            answer = found.answers[place]
            row |= {"answer": answer.label, "probability": answer.probability}
        rows.append(row)
    return rows
