"""README.md and the page on getting started say the same of the demo, as one run gave it."""

import importlib.util

from tests.docs.pages import ROOT

spec = importlib.util.spec_from_file_location("show_demo", ROOT / "tools" / "show_demo.py")
show_demo = importlib.util.module_from_spec(spec)
spec.loader.exec_module(show_demo)


def test_both_pages_say_the_same():
    one, other = (show_demo.BETWEEN.search(page.read_text("utf-8")).group() for page in show_demo.PAGES)
    assert one == other


def test_the_sentence_has_the_figures_of_the_run():
    def tested(name, value, low, high):
        return {"name": name, "scores": {"figures": {"accuracy": {"value": value, "low": low, "high": high}}}}

    result = {
        "tested": [tested("selected", 0.7861, 0.72, 0.841), tested("raw-pixels", 0.306, 0.2, 0.4)],
        "train_rows": 694,
        "test_rows": 173,
        "classes": ["cat", "dog"],
    }
    said = show_demo.sentence(result, {"machine": "2 cores", "total_seconds": 281.0})
    assert said == (
        "On the built-in clip art (867 pictures, 2 classes), 2 cores, `make demo` took 4.7 minutes and "
        "classified\n79 % of 173 held-out pictures correctly (95 % interval 72 to 84 %); raw pixels got 31 %."
    )
