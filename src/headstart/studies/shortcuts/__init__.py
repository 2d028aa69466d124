"""What a model goes by: cues that conflict, groups that it fails."""
