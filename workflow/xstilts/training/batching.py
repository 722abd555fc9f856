"""How the examples of an optimiser step are cut into forward passes.

The optimiser's batch is always exactly ``batch_size`` drawn examples. Only inside a step are sequences put together by
length; the micro-batches are weighted so that their summed gradient is that of the padded batch.
"""

from collections.abc import Iterator, Sequence

from xstilts.models.heads import Item

# Padded tokens of a pass whose activations still fit a CPU core's cache, and of one that fills a GPU.
_CPU_TOKENS, _GPU_TOKENS = 2048, 16384
# What one more forward and backward pass costs to start, as a share of the tokens that suit the device. On a CPU half
# or twice as much changes little; a guess for GPUs, where a pass adds to every parameter's gradient.
_PASS_OVERHEAD = 1 / 40
# Starting a GPU's kernels takes about a millisecond a layer, forward and backward; until then a pass of fewer tokens
# takes as long. At 40 % of the bf16 peak those are some 1,000 tokens (L4), 2,500 (A100) and 5,000 (H100) of XLM-R
# Large. A guess between them, not measured; `benchmarks/gpu.py` prints what it is.
_GPU_LEAST = 2048


def token_budget(wanted: int | None, device_type: str) -> int:
    """Padded tokens per forward pass: what a recipe says, or what suits the device."""
    return wanted or (_CPU_TOKENS if device_type == "cpu" else _GPU_TOKENS)


def least_tokens(device_type: str) -> int:
    """Padded tokens below which a pass takes no less time."""
    return 0 if device_type == "cpu" else _GPU_LEAST


def micro_batches(items: Sequence[Item], max_tokens: int, least: int = 0) -> list[list[Item]]:
    """Cut a step's items, sorted by length, where it costs least.

    Minimises padded tokens, at least ``least`` of each pass, plus an overhead per pass, a share of ``max_tokens``, with
    no pass above ``max_tokens`` padded tokens (a single longer item passes alone). Exact, by dynamic programming over
    the cut points.
    """
    overhead = max_tokens * _PASS_OVERHEAD
    ordered = sorted(items, key=lambda item: item.length)
    widths = [len(item.sequences) for item in ordered]
    best = [0.0] + [float("inf")] * len(ordered)
    cut = [0] * (len(ordered) + 1)
    for end in range(1, len(ordered) + 1):
        widest = 0
        for start in range(end - 1, -1, -1):
            widest = max(widest, widths[start])
            tokens = (end - start) * widest * ordered[end - 1].length
            if tokens > max_tokens and start < end - 1:
                break
            cost = best[start] + max(tokens, least) + overhead
            if cost < best[end]:
                best[end], cut[end] = cost, start
    batches, end = [], len(ordered)
    while end:
        batches.append(ordered[cut[end] : end])
        end = cut[end]
    return batches[::-1]


def inference_batches(items: Sequence[Item], max_tokens: int) -> Iterator[list[int]]:
    """Indices of all items, grouped by length, at most ``max_tokens`` padded tokens a group (at least one item)."""
    order = sorted(range(len(items)), key=lambda index: (items[index].length, index))
    batch: list[int] = []
    widest = 0
    for index in order:
        widest = max(widest, len(items[index].sequences))
        if batch and (len(batch) + 1) * widest * items[index].length > max_tokens:
            yield batch
            batch, widest = [], len(items[index].sequences)
        batch.append(index)
    if batch:
        yield batch


def padded_tokens(items: Sequence[Item]) -> int:
    """Tokens of a pass over ``items`` with its padding, in length and in number of choices."""
    return len(items) * max(len(item.sequences) for item in items) * longest(items)


def longest(items: Sequence[Item]) -> int:
    """Tokens of the longest sequence of ``items``."""
    return max(item.length for item in items)


def real_tokens(items: Sequence[Item]) -> int:
    """Tokens of a pass over ``items`` without padding."""
    return sum(len(sequence) for item in items for sequence in item.sequences)
