"""CSV files of columns, for the tests of tables."""

import csv


def write(path, columns):
    with path.open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(columns)
        table.writerows(zip(*columns.values(), strict=True))
    return path
