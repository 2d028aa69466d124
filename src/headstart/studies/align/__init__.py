"""A model for data without labels, from labelled data of elsewhere."""
