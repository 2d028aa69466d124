"""The map of the embeddings: dots by class, and the picture of a row while its dot is pointed at."""

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from headstart.report.axis import Axis
from headstart.report.figures import Plot, tag
from headstart.report.html import picture_data
from headstart.report.text import pluralise
from headstart.studies.pretrain import MapPoint, Pretraining

SHEET = "pictures/map.webp"  # the pictures of all points in their order, in rows
ACROSS = 20  # pictures in a row of it
SIDE = 84  # pixels of a picture beside its dot
HUES = 12  # colours of classes
STYLE = "".join(
    f".c{number}{{--c:hsl({(number * 211) % 360},62%,{lightness}%)}}"
    f".dot.c{number}{{fill:var(--c);fill-opacity:.85}}.line.c{number}{{stroke:var(--c);stroke-width:6;"
    "stroke-dasharray:none}"
    for number, lightness in enumerate((45, 52) * (HUES // 2))
)
STYLE += (
    ".dot:hover{stroke:var(--ink);stroke-width:2.5}.spot{fill:transparent;cursor:pointer}"
    ".spot:hover{stroke:var(--ink);stroke-width:2}.spot+svg{display:none;pointer-events:none}"
    ".spot:hover+svg{display:inline}.back{fill:var(--card);stroke:var(--ink)}"
)


def plot_map(record: Pretraining, folder: Path) -> dict[str, Any]:
    """The embeddings of held-out rows in two dimensions."""
    xs, ys = [one.x for one in record.map], [one.y for one in record.map]
    plot, sheet = Plot(_bare(xs), _bare(ys), 420), picture_data(folder, SHEET)
    number = {name: place for place, name in enumerate(record.classes)}
    for one in record.map:
        style = f"c{number[one.label] % HUES}" if one.label in number else "s1"
        plot.dot((one.x, one.y), style, "" if sheet else _said(one), 4.5)
    if sheet:
        rows = -(-len(record.map) // ACROSS)
        whole = tag("image", id="sheet", href=sheet, width=ACROSS, height=rows, preserveAspectRatio="none")
        plot.define(whole)
    for place, one in enumerate(record.map if sheet else ()):
        plot.spot((one.x, one.y), _said(one), _picture(place), SIDE)
    return {
        "legend": [(f"c{place}", name) for name, place in number.items()] if len(number) <= HUES else [],
        "figure": plot.figure(f"{record.projection} of {pluralise(len(record.map), 'held-out row')}"),
        "caption": _caption(record, bool(sheet)),
    }


def _said(one: MapPoint) -> str:
    return f"{one.label}: {one.item}" if one.label else one.item


def _picture(place: int) -> Element:
    """A picture of the sheet, whose unit is the side of one."""
    window = f"{place % ACROSS} {place // ACROSS} 1 1"
    return tag("svg", tag("use", href="#sheet"), viewBox=window, width=SIDE, height=SIDE)


def _caption(record: Pretraining, pictured: bool) -> str:
    rows = pluralise(len(record.map), "held-out row")
    shown = "its picture" if pictured else "its row"
    classes = " and its class" if record.classes else ""
    played = " Classes played no part in the training." if record.classes and not record.labelled else ""
    return (
        f"{record.projection} of the features, of unit length, of {rows}. Point at a dot to see "
        f"{shown}{classes}.{played}"
    )


def _bare(values: list[float]) -> Axis:
    low, high = min(values), max(values)
    beside = 0.04 * ((high - low) or 1.0)
    return Axis(low - beside, high + beside, (), "")
