"""The main job: what is tried, selected, judged and told."""
