"""What each finding says to the owner: short, friendly, and with the change to make."""

from __future__ import annotations

from storage.words import Finding

_SAYS: dict[str, tuple[str, str, bool]] = {
    # name: (founding principle, sentence, blocks)
    "conditional:if": (
        "A4",
        "“{words}” makes the apology depend on something. Say plainly what you are sorry for.",
        True,
    ),
    "conditional:but": (
        "A4",
        "“{words}” takes the apology back. End the sentence before it, and leave the rest out.",
        True,
    ),
    "conditional:hedged": (
        "A4",
        "“{words}” doubts that anything happened. Name what went wrong and say sorry for that.",
        True,
    ),
    "conditional:mixed": ("A4", "Keep the apology free of “{words}”: put this offer in a sentence of its own.", False),
    "conditional:soft": ("A4", "“{words}” can sound like a doubt. Try the sentence without it.", False),
    "denial": ("A2", "“{words}” denies it. Say what went wrong for them and that it is yours to mend.", True),
    "blame": ("A2", "“{words}” hands the fault to somebody else. The apology has to come from you.", True),
    "belittle": ("A3", "“{words}” plays it down. It was not small for them, so leave it out.", True),
    "no_regret": ("B5", "There is no “sorry” in it yet. Say that you are sorry, in plain words.", False),
    "no_ownership": ("A2", "Nobody owns it yet. Say that it was your mistake, or that you let them down.", False),
    "no_next_step": ("A5", "Say what happens now. “We are finding out” is enough while you don't know more.", False),
    "no_invitation": ("A7", "Invite them to write to you privately, so that you can put it right together.", False),
    "too_long": ("", "Too long for this site: {used} of {limit}. Please shorten it by {over}.", True),
    "empty": ("", "There is nothing to post yet.", True),
    "wrong_language": (
        "C4",
        "The customer wrote in {language}, and this reads as {found}. Answer in their language.",
        True,
    ),
    "unchecked_language": (
        "C4",
        "We cannot check apologies in this language yet. Please read it once more yourself.",
        False,
    ),
    "placeholder": ("C7", "“{words}” is a gap that was meant to be filled. Fill it in or take it out.", True),
    "shouting": ("C4", "“{words}” reads like shouting. Write it in small letters, with one mark at the end.", False),
    "link": ("A7", "A link in an apology looks like an advertisement, and X charges more for it. Leave it out.", False),
    "private_data": ("C6", "“{words}” is private, and everybody can read this. Leave it out here.", True),
}

NAMES = {
    "en": "English", "ru": "Russian", "ro": "Romanian", "te": "Telugu", "es": "Spanish", "de": "German", "fr": "French",
    "pt": "Portuguese", "it": "Italian", "pl": "Polish", "uk": "Ukrainian", "tr": "Turkish", "hi": "Hindi",
    "latin": "Latin letters", "cyrillic": "Cyrillic letters",
}  # fmt: skip


def finding(name: str, text: str = "", span: tuple[int, int] = (0, 0), **facts: object) -> Finding:
    """The finding called `name` ("conditional:if" has the code "conditional") about `text[span]`."""
    principle, sentence, blocks = _SAYS[name]
    words = " ".join(text[span[0] : span[1]].split())
    if len(words) > 40:
        words = words[:39] + "…"
    says = sentence.format(words=words, **facts)
    return Finding(name.partition(":")[0], says, principle, span[0], span[1], blocks)
