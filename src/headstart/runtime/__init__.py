"""Floor 3: predictions without torch: what is predicted, how it is decided and written, and ONNX Runtime."""
