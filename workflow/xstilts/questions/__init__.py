"""From the score table to verdicts: which numbers a question compares, and what the comparison shows."""
