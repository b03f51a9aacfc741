"""The search language of X, as far as self-serve apps may use it: parsed into a tree, and evaluated against one post.

Words and "phrases" match tokens without regard to case; a blank means and, which binds closer than OR; `-` negates what follows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.x.problems import Problem, invalid

MAX_LENGTH = 512
"""Characters of a self-serve query (X's rate-limit page)."""

PIECE = re.compile(r'\s*(?:(?P<open>-?\()|(?P<close>\))|(?P<phrase>-?"(?:[^"\\]|\\.)*")|(?P<word>[^\s()"]+))')
TOKEN = re.compile(r"\w+")
CANNOT_STAND_ALONE = ("is:", "lang:", "has:")
KINDS = ("retweet", "reply", "quote")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a query is held against. Handles are lower case; `tokens` are the words of the text, lower case."""

    tokens: tuple[str, ...]
    author: tuple[str, str]  # handle, id
    mentions: frozenset[str]
    to: tuple[str, ...]  # handle and id of whom it answers
    kinds: frozenset[str]
    lang: str
    conversation_id: str


Test = Callable[[Subject], bool]


def tokens_of(text: str) -> tuple[str, ...]:
    """The words of a text as search sees them."""
    return tuple(TOKEN.findall(text.lower()))


def compile_query(query: str) -> Test:
    """A test for posts. Raises Problem 400 for what X would not take."""
    if not query.strip():
        raise invalid("query", query, "The `query` query parameter can not be empty")
    if len(query) > MAX_LENGTH:
        raise invalid(
            "query", query, f"The `query` query parameter value length must be at most {MAX_LENGTH} characters"
        )
    parser = Parser(query)
    test = parser.whole()
    if not parser.stands_alone:
        raise invalid("query", query, _errors("rule must contain at least one operator that stands alone"))
    return test


def _errors(what: str) -> str:
    return f"There were errors processing your request: {what}"


class Parser:
    """A parser for one query. `stands_alone` tells afterwards whether anything in it can be searched for by itself."""

    def __init__(self, query: str) -> None:
        self.query = query
        self.pieces: list[tuple[str, str]] = []
        self.stands_alone = False
        at = 0
        while query[at:].strip():
            match = PIECE.match(query, at)
            if match is None or match.lastgroup is None:
                raise self._wrong(f"no viable alternative at input '{query[at : at + 20].strip()}'")
            self.pieces.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()

    def _wrong(self, what: str) -> Problem:
        return invalid("query", self.query, _errors(what))

    def _next_is(self, kind: str, text: str | None = None) -> bool:
        return bool(self.pieces) and self.pieces[0][0] == kind and text in {None, self.pieces[0][1]}

    def whole(self) -> Test:
        """The whole query."""
        test = self._either(negated=False)
        if self.pieces:
            raise self._wrong("unbalanced parentheses")
        return test

    def _either(self, *, negated: bool) -> Test:
        tests = [self._both(negated=negated)]
        while self._next_is("word", "OR"):
            self.pieces.pop(0)
            tests.append(self._both(negated=negated))
        return lambda subject: any(test(subject) for test in tests)

    def _both(self, *, negated: bool) -> Test:
        tests: list[Test] = []
        while self.pieces and not self._next_is("close") and not self._next_is("word", "OR"):
            tests.append(self._one(negated=negated))
        if not tests:
            raise self._wrong("an operand is missing")
        return lambda subject: all(test(subject) for test in tests)

    def _one(self, *, negated: bool) -> Test:
        kind, text = self.pieces.pop(0)
        minus = text.startswith("-")
        if kind == "open":
            test = self._either(negated=negated or minus)
            if not self._next_is("close"):
                raise self._wrong("unbalanced parentheses")
            self.pieces.pop(0)
        else:
            test = self._term(text[1:] if minus else text, negated=negated or minus)
        return (lambda subject: not test(subject)) if minus else test

    def _term(self, text: str, *, negated: bool) -> Test:
        self.stands_alone |= not negated and not text.startswith(CANNOT_STAND_ALONE)
        if text.startswith('"'):
            return _phrase(tokens_of(text))
        if text.startswith("@"):
            handle = text[1:].lower()
            return lambda subject: handle in subject.mentions
        name, colon, value = text.partition(":")
        if colon:
            return self._operator(name, value.lower())
        return _phrase(tokens_of(text))

    def _operator(self, name: str, value: str) -> Test:
        value = value.lstrip("@")
        if not value:
            raise self._wrong(f"the operator '{name}:' needs a value")
        if name == "is" and value in KINDS:
            return lambda subject: value in subject.kinds
        known: dict[str, Test] = {
            "from": lambda subject: value in subject.author,
            "to": lambda subject: value in subject.to,
            "lang": lambda subject: value == subject.lang,
            "conversation_id": lambda subject: value == subject.conversation_id,
        }
        if name not in known:
            raise self._wrong(f"Reference to invalid operator '{name}:{value}'")
        return known[name]


def _phrase(words: tuple[str, ...]) -> Test:
    size = len(words)
    if not size:
        return lambda _: False
    return lambda subject: any(subject.tokens[at : at + size] == words for at in range(len(subject.tokens) - size + 1))
