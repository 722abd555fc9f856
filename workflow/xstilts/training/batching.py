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
# Starting a GPU's kernels takes some milliseconds a layer, forward and backward; until then a pass of fewer tokens
# takes as long. Of XLM-R Large in bf16 on an H200 with a slow host, 256 padded tokens took as long as 16,384; other
# hosts are faster, other GPUs slower, and in float32 all compute a fourth to a sixteenth as fast: guesses between.
_GPU_LEAST = {"bf16": 8192, "fp32": 512}


def token_budget(wanted: int | None, device_type: str) -> int:
    """Padded tokens per forward pass: what a recipe says, or what suits the device."""
    return wanted or (_CPU_TOKENS if device_type == "cpu" else _GPU_TOKENS)


def least_tokens(device_type: str, precision: str) -> int:
    """Padded tokens below which a pass takes no less time, in ``fp32`` or ``bf16``."""
    return 0 if device_type == "cpu" else _GPU_LEAST[precision]


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


def row_batches(items: Sequence[Item], max_tokens: int) -> list[list[Item]]:
    """Cut a step's items, sorted by length, into as few passes without padding as hold ``max_tokens`` tokens each."""
    passes = -(-real_tokens(items) // max_tokens)
    batches: list[list[Item]] = []
    for item in sorted(items, key=lambda item: item.length):
        # As even as they come: a last pass of a few tokens takes as long to start as the others.
        full = batches and len(batches) < passes and real_tokens(batches[-1]) * passes >= real_tokens(items)
        if batches and not full and real_tokens([*batches[-1], item]) <= max_tokens:
            batches[-1].append(item)
        else:
            batches.append([item])
    return batches


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


def attention_pairs(items: Sequence[Item]) -> int:
    """Pairs of tokens that attend to each other in a pass without padding."""
    return sum(len(sequence) ** 2 for item in items for sequence in item.sequences)


def longest(items: Sequence[Item]) -> int:
    """Tokens of the longest sequence of ``items``."""
    return max(item.length for item in items)


def real_tokens(items: Sequence[Item]) -> int:
    """Tokens of a pass over ``items`` without padding."""
    return sum(len(sequence) for item in items for sequence in item.sequences)
