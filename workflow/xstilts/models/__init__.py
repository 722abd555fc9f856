"""Encoders and the heads that `transformers` puts on them."""
