"""The town itself: its shops and customers, what they write, how they take an answer, and the pages where anyone can read it."""
