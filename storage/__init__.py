"""Remembers: the words, the two life cycles, the tables, and the casebook that alone writes to them."""
