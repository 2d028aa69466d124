"""The state of a stream in one file, and whether a file is that of this stream."""

from collections import deque
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.core import Mismatch
from headstart.run.belongs import refuse_other
from headstart.run.cache import key_of
from headstart.run.checkpoint import load_state, save_state
from headstart.studies.stream.record import Event

if TYPE_CHECKING:
    from headstart.studies.stream.stream_model import Stream

KIND = "stream 1"


def save_stream(stream: "Stream", path: Path) -> None:
    """Write the file; see `Stream.save`."""
    now = stream._now
    standing = {
        "step": now.step,
        "rows": now.rows,
        "stopped": now.stopped,
        "shape": now.shape,
        "dtype": now.dtype,
        "log": [asdict(event) for event in now.log],
        "counts": now.counts,
        "resets": now.resets,
        "memories": now.memories,
    }
    run = stream._adapter.run
    save_state({"kind": KIND, "of": _of(stream), "standing": standing, "run": run.state_dict()}, path)


def load_stream(stream: "Stream", path: Path) -> None:
    """Read the file; see `Stream.load`."""
    run = stream._adapter.run
    state = load_state(path)
    if not isinstance(state, dict) or state.get("kind") != KIND:
        raise Mismatch(f"{path} is not the state of a stream. Give a file that Stream.save wrote.")
    refuse_other(state["run"], run, path)
    for what, here in _of(stream).items():
        there = state["of"].get(what)
        if there != here:
            named = "" if what in DIGESTS else f": {there} there, {here} here"
            raise Mismatch(
                f"{path} was saved from a stream with {WORDS[what]}{named}. Load it into a stream made with "
                "the same method, model, guards and recipe."
            )
    run.load_state_dict(state["run"])
    saved = dict(state["standing"])
    now = stream._now = stream._beginning()
    saved["log"] = deque((Event(**event) for event in saved["log"]), maxlen=now.log.maxlen)
    for name, value in saved.items():
        setattr(now, name, value)


DIGESTS = ("start",)
WORDS = {
    "method": "another method, or other settings of it",
    "guards": "other guards",
    "recipe": "another recipe",
    "start": "another model, or other source samples",
}


def _of(stream: "Stream") -> dict[str, Any]:
    """What a stream must have in common with the one that was saved."""
    adapter = stream._adapter
    return {
        "method": stream.method.label,
        "guards": [repr(guard) for guard in stream.guards],
        "recipe": repr(stream.recipe),
        "start": key_of(adapter.start.state_dict()) + key_of(adapter.given.state_dict()),
    }
