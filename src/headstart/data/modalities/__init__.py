"""One file a modality: pictures, texts, tables, arrays of numbers. Found by walking this folder."""
