"""The invitation to go private can be left out with one tap (A7)."""

from __future__ import annotations

from responders.check.phrases import phrases
from responders.check.reading import fold, sentences
from storage.words import Brand


def leave_out_invitation(text: str, language: str, brand: Brand) -> str:
    """The text without the sentences that only invite. A sentence that also says sorry or owns the fault stays.

    Texts in a language without phrases come back as they were.
    """
    words = phrases(language)
    if words is None:
        return text
    folded = fold(text)
    contacts = [plain for contact in brand.contact.values() if (plain := fold(contact).text.strip(" \n.!"))]
    kept: list[str] = []
    for sentence in sentences(folded):
        piece = folded.text[sentence.start : sentence.end]
        invites = words.invite.search(piece) is not None or any(contact in piece for contact in contacts)
        if not invites or words.regret.search(piece) or words.own.search(piece):
            start, end = folded.span(sentence.start, sentence.end)
            kept.append(text[start:end])
    return "".join(kept).strip() or text
