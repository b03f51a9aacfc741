"""How long anything may wait for the base, and how many may use it at once: the same on both databases."""

from __future__ import annotations

IDLE_SECONDS = 10
"""PostgreSQL ends a transaction in which nothing is said for so long: its process hangs, or its machine is gone."""

BUSY_SECONDS = 15
"""How long a writer waits for another (reliability.md: 5-10 s with BEGIN IMMEDIATE gave no locked error). Longer than IDLE_SECONDS,
so that a writer whose machine went away is given up before those behind it give up waiting."""

STATEMENT_SECONDS = 60
"""No single statement of ours takes as long, or something is wrong. Migrations take their time."""

CONNECT_SECONDS = 5
"""How long a server may take to answer a new connection."""

POOL, MORE = 5, 35
"""Connections kept open, and how many more there may be: together as many as the web server has threads (40)."""

READS = "amends_reads"
"""The execution option of connections that only look."""
