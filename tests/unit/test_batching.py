"""The optimiser sees what the recipe says, however a step is cut."""

from itertools import islice

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from xstilts.models.heads import Item
from xstilts.training.batching import inference_batches, micro_batches, padded_tokens, real_tokens, step_stream

lengths = st.lists(st.integers(1, 200), min_size=1, max_size=40)


def items_of(sizes, choices=1):
    return [Item(row, [[1] * size] * choices) for row, size in enumerate(sizes)]


@given(st.integers(1, 50), st.integers(1, 20), st.integers(0, 3))
def test_every_batch_is_full_and_every_epoch_sees_every_example_once(count, batch_size, seed):
    epochs = 3
    stream = np.concatenate(list(islice(step_stream(count, batch_size, seed), -(-count * epochs // batch_size))))
    assert all(len(batch) == batch_size for batch in islice(step_stream(count, batch_size, seed), 5))
    for epoch in range(epochs):
        assert sorted(stream[epoch * count : (epoch + 1) * count]) == list(range(count))


def test_order_depends_on_the_seed_and_on_nothing_else():
    first, again, other = (np.concatenate(list(islice(step_stream(50, 8, seed), 10))) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


@given(lengths, st.integers(1, 4), st.integers(64, 2000))
def test_micro_batches_hold_every_item_once_within_the_token_budget(sizes, choices, budget):
    items = items_of(sizes, choices)
    parts = micro_batches(items, budget)
    assert sorted(item.row for part in parts for item in part) == list(range(len(items)))
    assert all(padded_tokens(part) <= budget or len(part) == 1 for part in parts)


@given(lengths)
def test_cutting_never_costs_more_tokens_than_one_padded_batch(sizes):
    items = items_of(sizes)
    assert real_tokens(items) <= sum(map(padded_tokens, micro_batches(items, 10**6))) <= padded_tokens(items)


def test_a_long_item_among_short_ones_passes_alone():
    parts = micro_batches(items_of([10] * 31 + [400]), 10**6)
    assert [len(part) for part in parts] == [31, 1]


@given(lengths, st.integers(64, 2000))
def test_inference_covers_every_item_once(sizes, budget):
    items = items_of(sizes)
    batches = list(inference_batches(items, budget))
    assert sorted(index for batch in batches for index in batch) == list(range(len(items)))
    assert all(padded_tokens([items[i] for i in batch]) <= budget or len(batch) == 1 for batch in batches)
