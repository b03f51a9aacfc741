"""What a clean result says, and against what: the fault model, in words for whoever reads the table."""

from __future__ import annotations

KILLED = (
    "Held against this: the service is killed -9 before and after every BEGIN and COMMIT and every request, and in between, when a "
    "request has been sent and nothing heard; at random, and again while it recovers. Meanwhile requests are refused, reset before and "
    "after they are carried out, answered with 5xx before and after, not answered at all, carried out up to {latest} s after their sender "
    "gave up, limited with and without a time to wait, cut short, emptied, garbled, dripped, and turned away for keys that ended or "
    "were taken back; lists lag up to {lag} s behind; customers edit and delete; people undo, dismiss, take down, pause and resume; hours "
    "pass."
)
WHERE = "Platforms and what each offers: {places}. Database: {database}."
NOT_TRIED = (
    "Not tried: loss of power and disks that lie (bases lie in memory and do not wait for a disk), and platforms that are later or "
    "further behind than above. No engine gives exactly-once on somebody else's server."
)
FAULT_MODEL = (KILLED, WHERE, NOT_TRIED)
"""Paragraphs, to be filled in."""

PROMISES = {
    "x": "X (no key; refuses the same text again; a person decides)",
    "reddit": "Reddit (no key; one repeat after two empty looks)",
    "mastodon": "Mastodon (a key that lives an hour)",
    "bluesky": "Bluesky (a fixed name for the record)",
}

KINDS = {True: "SQLite", False: "PostgreSQL"}
