"""Proves: kills Amends at every step, breaks the platforms under it, and judges from outside what came of it."""
