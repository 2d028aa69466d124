"""Fill in the blank: hide parts of samples and predict them; a file for each kind of data."""
