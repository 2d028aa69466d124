"""Make samples of one domain look like those of another."""
