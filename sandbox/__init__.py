"""Pretends: a make-believe town with its own platforms and customers, for the demo, practice and tests."""
