"""Faults in how published data are read, each with the test that must fail; see tests/faults.py."""

from tests.faults import Fault

PUBLISHED_FAULTS = (
    Fault(
        "data/glyphs.py",
        "if not ink.any() or np.array_equal(ink, absent):",
        "if not ink.any():",
        "the box that stands for what a font lacks is a character",
        "data/test_glyphs.py font_lacks",
    ),
    Fault(
        "data/glyphs.py",
        "paper[top : top + height, left : left + width] -= ink",
        "paper[:height, :width] -= ink",
        "characters are in the corner",
        "data/test_glyphs.py centred",
    ),
    Fault(
        "data/published/pictures.py",
        "size = labels + 3 * SIDE * SIDE",
        "size = 1 + 3 * SIDE * SIDE",
        "a picture of CIFAR-100 begins with one byte of label",
        "data/test_published.py test_cifar100",
    ),
    Fault(
        "data/published/pictures.py",
        ".transpose(0, 2, 3, 1))",
        ".transpose(0, 3, 2, 1))",
        "pictures of CIFAR lie on their side",
        "data/test_published.py test_cifar100",
    ),
    Fault(
        "data/published/pictures.py",
        'word if often[word] == 1 else f"{word} ({synset})"',
        "word",
        "two classes of ImageNet with one name are one",
        "data/test_published.py imagenet_in_class",
    ),
    Fault(
        "data/published/news.py",
        "kept = {part: [row for row in rows if row.label in trained] for part, rows in parts.items()}",
        "kept = parts",
        "a class that has no training row is tested",
        "data/test_published_texts.py sentiment140",
    ),
    Fault(
        "data/published/words.py",
        "return replace(data, groups=grouped(book.file for book in kept for _ in book.passages))",
        "return data",
        "passages of one book are in training and test",
        "data/test_published_texts.py gutenberg",
    ),
    Fault(
        "data/published/counts.py",
        "about = [known.get(sample, {}) for sample in samples]",
        "about = list(known.values())",
        "labels of recount3 are matched by position",
        "data/test_published_tables.py test_recount3",
    ),
)
