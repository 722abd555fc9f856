"""From the source's 512 dimensions to the encoder's width."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


def reduce(table: Array, width: int) -> tuple[Array, float]:
    """Principal components of the rows' directions, scaled to unit variance overall.

    Rows are centred and brought to one length first: in the source frequent pieces are much longer than rare ones, so
    that they would choose the components and drown the rest in a mean over tokens.

    Each component's sign is fixed (its largest loading is positive), so the result does not depend on the linear
    algebra library's choice.

    Args:
        table: embeddings, shape (rows, dimensions).
        width: number of components to keep, at most ``dimensions``.

    Returns:
        The reduced table, shape (rows, width), and the share of variance kept (0-1).

    Raises:
        ValueError: ``width`` is larger than the table has dimensions.
    """
    if width > table.shape[1]:
        raise ValueError(f"cannot keep {width} components of {table.shape[1]} dimensions")
    directions = _centred(table)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True).clip(min=1e-6)
    directions = _centred(directions)
    values, vectors = np.linalg.eigh(_scatter(directions))
    order = np.argsort(values)[::-1][:width]
    components = vectors[:, order]
    signs = np.sign(components[np.abs(components).argmax(axis=0), np.arange(width)])
    reduced = directions @ (components * signs).astype(np.float32)
    return reduced / reduced.std(), float(values[order].sum() / values.sum())


def _centred(rows: Array) -> Array:
    centred: Array = rows - rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    return centred


def _scatter(rows: Array) -> npt.NDArray[np.float64]:
    """``rows.T @ rows``, summed in double precision over blocks small enough for single precision."""
    total = np.zeros((rows.shape[1], rows.shape[1]))
    for start in range(0, len(rows), 4096):
        block = rows[start : start + 4096]
        total += block.T @ block
    return total
