"""How two data sets differ: the shift report."""
