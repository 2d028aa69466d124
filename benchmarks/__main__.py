"""All benchmarks, one after the other, each in a process of its own: `make bench`."""

import subprocess
import sys

ALL: tuple[str, ...] = (
    "startup",
    "heads",
    "features",
    "half_frozen",
    "probe_blocks",
    "decode",
    "clipart",
    "ranking",
    "texts",
)
ALL += ("tables", "read_table", "distortion", "demo", "density_ratio", "coverage", "confounders")
ALL += ("teach_update", "translation", "log_loss", "progress", "folded_adapters", "mixed_adapters")
ALL += (
    "distillation_cache",
    "missing_class",
    "stream_digits",
    "stream_guard",
    "tent_step",
    "dann_step",
    "align_digits",
    "align_texts",
)


def main() -> None:
    """Run those named, or all."""
    for name in sys.argv[1:] or ALL:
        print(f"\n## {name}", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)


if __name__ == "__main__":
    main()
