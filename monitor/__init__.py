"""Hears: rounds of polling and the filter that tells a complaint from everything else."""
