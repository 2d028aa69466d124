"""Floor 3: runs put together: stages, selection, comparison, and `adapt`, the main job."""
