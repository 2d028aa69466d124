"""Faults in how columns are typed, named and left out that the tests must catch; see tests/faults.py."""

from tests.faults import Fault

COLUMN_FAULTS = (
    Fault(
        "data/cells.py",
        "else name_of(text) for text in texts]",
        "else text for text in texts]",
        "1 and 1.0 are two names, so that a gap in the next file retypes a column",
        "data/test_columns.py has_one_name",
    ),
    Fault(
        "data/spellings.py",
        "return words <= _WRITTEN_OUT or len",
        "return len",
        "a column that is always true is one of names",
        "data/test_columns.py constant_truth",
    ),
    Fault(
        "data/unseen.py",
        "return self.count == self.rows > 1",
        "return self.count == self.rows > 10**9",
        "a column of which no name is known is predicted from",
        "data/test_columns.py all_names_of_a_column",
    ),
    Fault(
        "data/unseen.py",
        "(*column.categories, *column.rare)",
        "column.categories",
        "rare names of training rows are said to be new",
        "data/test_columns.py rare_names",
    ),
    Fault(
        "data/row_numbers.py",
        "return bool(rises and ((steps == steps[0]).all() or np.abs(steps).mean() <= DENSE))",
        "return bool(rises)",
        "any sorted amount is left out as a row number",
        "data/test_row_numbers.py row_numbers_and_ids",
    ),
    Fault(
        "data/schemas.py",
        '        return ""  # which rows have nothing may say something\n',
        "        pass\n",
        "a column of unique names loses its gaps",
        "data/test_row_numbers.py a_gap_says",
    ),
    Fault(
        "data/times.py",
        " - _offset(match.group(5))",
        "",
        "times with another zone are hours off",
        "data/test_times.py however_they_come",
    ),
    Fault(
        "data/times.py",
        "(moments // DAY + 3) % 7",
        "(moments // DAY + 4) % 7",
        "a Wednesday is a Thursday",
        "data/test_times.py days_and_parts",
    ),
    Fault(
        "data/times.py",
        'hour = hour % 12 + 12 * (said["noon"] in "Pp")',
        'hour = hour + 12 * (said["noon"] in "Pp")',
        "midnight is read as noon",
        "data/test_times.py dates_by_hand",
    ),
    Fault(
        "data/times.py",
        "if not month or (not day and int(year) not in _YEARS):",
        "if not month:",
        "part numbers are dates",
        "data/test_times.py what_is_no_date",
    ),
    Fault(
        "data/row_numbers.py",
        'cells.kind == "numeric" and (why := _numbering(there, len(cells.values), name)):',
        "len(there) == len(cells.values) and (why := _numbering(there, len(cells.values), name)):",
        "a row number with a gap is an amount",
        "data/test_row_numbers.py with_gaps_is_none",
    ),
    Fault(
        "data/targets.py",
        "    return rows if named or len(set(map(len, rows))) > 1 else None\n",
        "    return rows if named else None\n",
        "lists of numbers of tags are refused beside arrays",
        "data/test_label_columns.py lists_of_numbers_of_tags_beside",
    ),
)
