"""The daily digest: who still waits for an answer, gravest and oldest first, by mail at the owner's own hour."""
