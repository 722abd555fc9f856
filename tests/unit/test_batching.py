"""The optimiser sees what the recipe says, however a step is cut."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from xstilts.models.heads import Item
from xstilts.training.batching import inference_batches, least_tokens, micro_batches, padded_tokens, real_tokens
from xstilts.training.streams import Order

lengths = st.lists(st.integers(1, 200), min_size=1, max_size=40)


def items_of(sizes, choices=1):
    return [Item(row, [[1] * size] * choices) for row, size in enumerate(sizes)]


def batches(count, size, number, *names):
    order = Order(count, *names)
    return [order.batch(index, size) for index in range(number)]


@given(st.integers(1, 50), st.integers(1, 20), st.integers(0, 3))
def test_every_batch_is_full_and_every_epoch_sees_every_example_once(count, batch_size, seed):
    epochs = 3
    found = batches(count, batch_size, -(-count * epochs // batch_size), seed)
    assert all(len(indices) == batch_size for indices, _ in found)
    stream, numbers = (np.concatenate(part) for part in zip(*found, strict=True))
    for epoch in range(epochs):
        assert sorted(stream[epoch * count : (epoch + 1) * count]) == list(range(count))
        assert set(numbers[epoch * count : (epoch + 1) * count]) == {epoch}


def test_order_depends_on_the_seed_and_on_nothing_else():
    first, again, other = (np.concatenate([b for b, _ in batches(50, 8, 10, seed)]) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_a_batch_is_the_same_whether_or_not_those_before_it_were_asked_for():
    whole = batches(50, 8, 20, 1)
    assert (Order(50, 1).batch(17, 8)[0] == whole[17][0]).all()


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
    parts = micro_batches(items_of([10] * 31 + [400]), 2048)
    assert [len(part) for part in parts] == [31, 1]


def test_a_gpus_step_is_not_cut_into_passes_that_would_take_no_less_time():
    sizes = list(np.linspace(10, 128, 32).astype(int))
    assert len(micro_batches(items_of(sizes), 16384)) > 1
    assert len(micro_batches(items_of(sizes), 16384, least_tokens("cuda", "bf16"))) == 1
    assert len(micro_batches(items_of(sizes), 16384, least_tokens("cuda", "fp32"))) > 1
    assert least_tokens("cpu", "fp32") == 0


@given(lengths, st.integers(64, 2000))
def test_inference_covers_every_item_once(sizes, budget):
    items = items_of(sizes)
    batches = list(inference_batches(items, budget))
    assert sorted(index for batch in batches for index in batch) == list(range(len(items)))
    assert all(padded_tokens([items[i] for i in batch]) <= budget or len(batch) == 1 for batch in batches)
