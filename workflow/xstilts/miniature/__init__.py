"""The miniature world: a few hundred concepts in thirteen languages, from which the default study's data are derived.

``lexicon/*.csv`` holds the words and ``templates.csv`` the sentence shapes; both are tables a linguist can correct.
Everything else is code: :mod:`lexicon` reads the tables, :mod:`grammar` inflects, :mod:`realise` turns a clause into
tokens, :mod:`scene` samples meanings, and one module per task derives rows with exact labels.
"""

import hashlib
from pathlib import Path

WORLD_VERSION = 1

# Greek is the negative control: the small encoder's embeddings do not cover it.
LANGUAGES = ("en", "de", "es", "fr", "it", "pt", "ru", "zh", "ja", "ar", "tr", "th", "el")

FOLDER = Path(__file__).parent


def world_files() -> list[Path]:
    """The tables the world is made of, in a fixed order."""
    return [*sorted((FOLDER / "lexicon").glob("*.csv")), FOLDER / "templates.csv"]


def world_digest() -> str:
    """SHA-256 (hex) over the version and the tables' names and bytes."""
    digest = hashlib.sha256(f"{WORLD_VERSION}".encode())
    for path in world_files():
        content = path.read_bytes()
        digest.update(f"\x1f{path.name}\x1f{len(content)}\x1f".encode())
        digest.update(content)
    return digest.hexdigest()
