"""Published data sets by name, read from the disk in the layout in which they are published."""
