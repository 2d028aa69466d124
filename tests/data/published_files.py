"""Small files in the layout in which data sets are published."""

import csv
import gzip

import numpy as np
from PIL import Image


def pixels(number):
    """Colours (3, 32, 32) of a picture: red, green and blue are `number`, 1 and 2, the first pixel is 9."""
    found = np.empty((3, 32, 32), np.uint8)
    found[:] = np.array([number, 1, 2], np.uint8)[:, None, None]
    found[0, 0, 1] = 9  # in the first line, the second pixel
    return found


def cifar100(root):
    """Four pictures to learn from, two to test; a row is the superclass, the class, then 3072 bytes."""
    folder = root / "cifar-100-binary"
    folder.mkdir(parents=True)
    for file, rows in (("train.bin", [(0, 2), (1, 0), (0, 1), (1, 0)]), ("test.bin", [(0, 1), (1, 2)])):
        content = [bytes(row) + pixels(place).tobytes() for place, row in enumerate(rows)]
        (folder / file).write_bytes(b"".join(content))
    (folder / "fine_label_names.txt").write_text("apple\nbeaver\nchair\n\n")
    (folder / "coarse_label_names.txt").write_text("fish\nfruit\n")
    return folder


def cifar10(root):
    """A picture a file; a row is the class, then 3072 bytes."""
    folder = root / "cifar-10-batches-bin"
    folder.mkdir(parents=True)
    for number in range(1, 6):
        (folder / f"data_batch_{number}.bin").write_bytes(bytes([number % 2]) + pixels(number).tobytes())
    (folder / "test_batch.bin").write_bytes(bytes([1]) + pixels(7).tobytes())
    (folder / "batches.meta.txt").write_text("airplane\nautomobile\n\n")
    return folder


CRANES = {"n02012849": "crane", "n03126707": "crane", "n01440764": "tench, Tinca tinca"}


def imagenet(root, val="folders"):
    """Two pictures of each of three classes to learn from, one of each in val/."""
    train, held = root / "train", root / "val"
    for place, synset in enumerate(CRANES):
        (train / synset).mkdir(parents=True)
        for number in range(2):
            Image.new("RGB", (20, 16), (place * 40, number, 9)).save(
                train / synset / f"{synset}_{number}.JPEG"
            )
        name = f"ILSVRC2012_val_0000000{place + 1}.JPEG"
        inside = held / synset if val == "folders" else held
        inside.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 16), (place * 40, 77, 9)).save(inside / name)
    return root


def written(file, rows, encoding="utf-8"):
    """A CSV file, all cells in quotes, without a line of names."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding=encoding) as stream:
        csv.writer(stream, quoting=csv.QUOTE_ALL).writerows(rows)
    return file


def packed(file, text):
    """A text in a .gz file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(file, "wt", encoding="utf-8") as stream:
        stream.write(text)


def recount3(root, project="SRP1", samples=("SRR1", "SRR2", "SRR3", "SRR4"), factor=1):
    """Three genes of four samples, and their metadata in two files."""
    folder = root / "recount3" / project
    header = "##annotation=G026\n##date.generated=2020-11-17\ngene_id\t" + "\t".join(samples) + "\n"
    genes = [
        f"ENSG{gene}.1\t" + "\t".join(str(factor * (10 * gene + place)) for place in range(len(samples)))
        for gene in (1, 2, 3)
    ]
    packed(folder / f"sra.gene_sums.{project}.G026.gz", header + "\n".join(genes) + "\n")
    lines = ["rail_id\texternal_id\tstudy\tsample_attributes"]
    for place, sample in enumerate(reversed(samples)):
        kind = ("liver", "lung")[place % 2]
        lines.append(f'{place}\t{sample}\t{project}\tage;;{place} years|tissue;;{kind}|note;;5" long')
    packed(folder / f"sra.sra.{project}.MD.gz", "\n".join(lines) + "\n")
    quality = ["rail_id\texternal_id\tstar.average_input_read_length"]
    quality += [f"{place}\t{sample}\t{100 + place}" for place, sample in reversed([*enumerate(samples)])]
    packed(folder / f"sra.recount_qc.{project}.MD.gz", "\n".join(quality) + "\n")
    return root / "recount3"
