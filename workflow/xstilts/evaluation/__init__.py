"""Zero-shot evaluation: predictions, retrieval and the score table."""
