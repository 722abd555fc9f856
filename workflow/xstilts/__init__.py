"""Cross-lingual transfer through English intermediate-task training, as a workflow."""

__version__ = "0.1.0"
