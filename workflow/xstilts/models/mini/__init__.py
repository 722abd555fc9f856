"""The small encoder: XLM-R's architecture on the token embeddings of the multilingual Universal Sentence Encoder v3.

Importing this package is cheap (a study asks it for the languages); the builder is in ``xstilts.models.mini.build``.
"""

COVERED_LANGUAGES: tuple[str, ...] = (
    "ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh",
)  # fmt: skip
"""ISO 639-1 codes of the languages whose words the embeddings align (``zh`` stands for the source's zh and zh-TW)."""

MAX_LENGTH = 512
"""Tokens that it has positions for."""
