"""One vector per text from the states of its tokens."""

from collections.abc import Callable

from torch import Tensor

# states (..., texts, tokens, hidden) and mask (texts, tokens), 1 on tokens and 0 on padding → (..., texts, hidden)
POOLINGS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mean": lambda states, mask: (states * mask[..., None]).sum(-2) / mask[..., None].sum(-2),
    "cls": lambda states, mask: states[..., 0, :],
    "max": lambda states, mask: states.masked_fill(mask[..., None] == 0, float("-inf")).amax(-2),
}
