"""The page of a stream: an honest sentence on whether adapting helped, and events in plain words."""

import re
from dataclasses import replace

from headstart.records.record import Interval
from headstart.report.text import SPACE
from headstart.studies import build_page
from headstart.studies.stream import Event, Prequential, SegmentScore, StreamMethod, StreamPoint
from headstart.studies.stream import page as streaming

EVIL = "<script>alert('x')</script>"


def method(name="tent", gain=0.1, events=(), **changes):
    right = Interval(0.7, 0.66, 0.74)
    gains = {"source": Interval(gain, gain - 0.05, gain + 0.05)} if name == "tent" else {}
    parts = [SegmentScore(part, 200, right, "cat", 0.4) for part in ("fog 3", "snow 3")]
    curve = [StreamPoint(k, 0.7, 0.6 + k / 4000, 0.9) for k in (100, 200, 300, 400)]
    resets = sum(event.action == "reset" for event in events)
    title = {"tent": "TENT", "source": "Source model"}[name]
    made = StreamMethod(name, title, name == "tent", right, gains, parts, curve, list(events), resets, False)
    return replace(made, **changes)


def record(*methods, **changes):
    made = Prequential(
        schema=1,
        headstart="0.1",
        command="headstart stream run photos/",
        task="photos",
        classes=["cat", "dog"],
        rows=400,
        batch=64,
        segments=["fog 3", "snow 3"],
        methods=list(methods) or [method(), method("source")],
        guards=["drift (most 0.25, then reset)"],
        notes=[],
        settings={"study": "stream", "batch": 64},
        seed=0,
        versions={"torch": "2.6"},
    )
    return replace(made, **changes)


def plain(text):
    return str(text).replace(SPACE, " ").replace("\u2212", "-")


def test_the_verdict_follows_the_paired_interval():
    for gain, says in (
        (0.1, "adapting helped"),
        (-0.1, "adapting hurt"),
        (0.03, "there is no clear difference"),
    ):
        made = record(method(gain=gain), method("source"))
        first, last = f"{100 * gain - 5:+.1f}", f"{100 * gain + 5:+.1f}"
        assert plain(streaming.headline(made)) == (
            f"TENT classified 70.0 % of the rows correctly. Against Source model, {says}: "
            f"{100 * gain:+.1f} points ({first} to {last})."
        )


def test_events_are_told_in_plain_words(tmp_path):
    events = (
        Event(3, 192, "collapse", 0.95, 0.8, "reset"),
        Event(5, 320, "diverged", None, None, "reset"),
        Event(6, 384, "mine", 2.0, 1.0, "stop"),
    )
    assert [streaming.describe_event(event) for event in events] == [
        "One class took nearly all predictions (0.95, limit 0.8): everything was reset to the start.",
        "The numbers ran out of range: everything was reset to the start.",
        "The guard “mine” raised an alarm (2, limit 1): the source model predicts from then on.",
    ]
    made = record(method(events=events[:2]), method("source"))
    assert list(streaming.sentences(made))[-1] == (
        "TENT was reset to its start 2 times: one class took nearly all predictions and the numbers ran out "
        "of range."
    )
    (tmp_path / "stream.json").write_text(made.to_json(), "utf-8")
    page = build_page(tmp_path).read_text("utf-8")
    assert "What the guards did" in page
    assert "One class took nearly all predictions (0.95, limit 0.8)" in page
    assert len(re.findall("<td[^>]*>192</td>", page)) == 1


def test_without_labels_nothing_is_claimed(tmp_path):
    parts = [SegmentScore("photos", 400, None, "cat", 0.4)]
    curve = [StreamPoint(200, None, None, 0.8), StreamPoint(400, None, None, 0.9)]
    one = method(accuracy=None, gains={}, segments=parts, curve=curve)
    made = record(
        one,
        replace(one, name="source", title="Source model", adapts=False),
        segments=["photos"],
        labelled=False,
    )
    assert streaming.headline(made) == "TENT predicted 400 rows; without labels nobody knows how well."
    why = "no statistics tell whether rows differ from those that it was trained on"
    left = replace(made, methods=[replace(one, unjudged=7), made.methods[1]])
    assert [plain(line) for line in streaming.sentences(left)] == [
        "The source model predicted 400 rows; without labels nobody knows how well.",
        f"TENT answered 0 of 7 batches; the source model answered the others, 7 where {why}.",
    ]
    assert [plain(cell) for cell in next(iter(streaming.rows(made)))] == ["TENT", "cat 40.0 %"]
    (tmp_path / "stream.json").write_text(made.to_json(), "utf-8")
    page = plain(build_page(tmp_path).read_text("utf-8"))
    assert "Mean confidence" in page
    single = replace(made, methods=[replace(each, curve=curve[1:]) for each in made.methods])
    assert streaming.view(single)["figure"] == ""  # one dot each is no course
    assert "Labels serve" not in page


def test_nothing_breaks_out_of_the_page(tmp_path):
    parts = [SegmentScore(EVIL, 400, Interval(0.5, 0.4, 0.6), EVIL, 0.4)]
    one = method(title=EVIL, segments=parts, events=(Event(1, 2, EVIL, 1.0, 2.0, EVIL),))
    made = record(
        one,
        replace(one, name="source", adapts=False),
        task=EVIL,
        segments=[EVIL],
        notes=[EVIL],
        guards=[EVIL],
    )
    (tmp_path / "stream.json").write_text(made.to_json(), "utf-8")
    page = build_page(tmp_path).read_text("utf-8")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
