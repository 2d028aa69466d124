"""Write what `make demo` gave into README.md and docs/getting-started.md, and its report as their picture.

`python tools/show_demo.py [runs/demo]`, after `make demo` on a quiet machine; Chromium takes the picture.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", ROOT / "docs" / "getting-started.md")
BETWEEN = re.compile(r"(<!-- demo -->\n).*?(\n<!-- /demo -->)", re.DOTALL)


def main() -> None:
    run = ROOT / (sys.argv[1] if len(sys.argv) > 1 else "runs/demo")
    result, times = (json.loads((run / file).read_text("utf-8")) for file in ("result.json", "timings.json"))
    for page in PAGES:
        page.write_text(
            BETWEEN.sub(rf"\g<1>{sentence(result, times)}\g<2>", page.read_text("utf-8")), "utf-8"
        )
    picture = ROOT / "docs" / "images" / "report.png"
    options = ["--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1200,1500"]
    subprocess.run(
        ["chromium", *options, f"--screenshot={picture}", (run / "report.html").resolve().as_uri()],
        check=True,
    )


def sentence(result: dict, times: dict) -> str:
    """What came out, in two lines."""
    shares = {one["name"]: one["scores"]["figures"]["accuracy"] for one in result["tested"]}
    selected = shares.pop("selected")
    others = {"from-scratch": "the same architecture from random weights", "raw-pixels": "raw pixels"}
    beside = [f"{others[name]} got {shares[name]['value']:.0%}" for name in others if name in shares]
    low, high = (f"{selected[end]:.0%}".removesuffix("%") for end in ("low", "high"))
    rows, classes = result["train_rows"] + result["test_rows"], len(result["classes"])
    minutes = f"{times['total_seconds'] / 60:.1f} minutes"
    said = (
        f"On the built-in clip art ({rows} pictures, {classes} classes), {times['machine']}, `make demo` "
        f"took {minutes} and classified\n{selected['value']:.0%} of {result['test_rows']} held-out pictures "
        f"correctly (95 % interval {low} to {high} %); {', '.join(beside)}."
    )
    return re.sub(r"(?<=\d)%", " %", said)


if __name__ == "__main__":
    main()
