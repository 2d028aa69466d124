"""Why a model gives an answer: what each part of its input contributes, and the nearest examples."""
