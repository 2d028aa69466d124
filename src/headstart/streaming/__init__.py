"""A model that adapts to the stream that it predicts, under the eyes of guards."""
