"""Decision trees on the columns of a table: nothing is transferred."""
