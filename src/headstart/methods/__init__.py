"""Floor 2: one file per method; the folders say what is adapted."""
