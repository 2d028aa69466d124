"""Build src/headstart/data/builtin/digits.npz from scikit-learn's copy of the UCI digits.

    python tools/build_digits.py

1797 handwritten digits of 8x8 pixels with levels 0 to 16, scaled to 0 to 255.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

TARGET = Path(__file__).resolve().parents[1] / "src/headstart/data/builtin/digits.npz"


def main() -> None:
    digits = load_digits()
    pictures = np.round(digits.images * (255 / 16)).astype(np.uint8)
    np.savez_compressed(TARGET, x=pictures, y=digits.target.astype(np.uint8))
    print(f"{pictures.shape}, {TARGET.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
