"""Answers: proposals in the customer's language, the apology check, and the outbox that posts what was approved."""
