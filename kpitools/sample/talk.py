"""What is said on a call: exchanges of two or three turns, with a few ways to say each."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl


class Turn(NamedTuple):
    """One turn of an exchange: how it sounds (-1 to 1), how long it is beside others, and what may be said."""

    speaker: str
    is_question: bool
    tone: float
    length: float
    words: tuple[str, ...]


_CUSTOMER_ASKS = Turn("customer", True, 0.1, 0.8, (
    "How long does it take to set up?", "Does it work with our ledger?", "Who else in our field uses it?",
    "What would it cost for sixty people?", "Could we start in spring?",
))  # fmt: skip
_OBJECTION = Turn("customer", False, -0.4, 1.0, (
    "That is more than we planned to spend.", "We already have a tool for this.",
    "I doubt that my people would use it.", "This is not the right moment for us.",
))  # fmt: skip

#: The exchanges by name.
EXCHANGES: dict[str, tuple[Turn, ...]] = {
    "opening": (
        Turn("rep", False, 0.2, 0.7, ("Thank you for taking the time.", "Good to hear you again.")),
        Turn("customer", False, 0.1, 0.5, ("Gladly, go ahead.", "I have a few minutes.", "I wanted to know more.")),
    ),
    "ask": (
        Turn("rep", True, 0.1, 0.6, (
            "How do you do this today?", "What happens when a figure is late?", "Who decides on a tool like this?",
            "What would have to be better in a year?", "How many people work with these lists?",
        )),
        Turn("customer", False, 0.1, 1.7, (
            "Mostly in spreadsheets, and it takes us days.", "Then the whole closing waits for it.",
            "Our finance lead, with me.", "Fewer lists, and one figure that holds.", "Some forty, in three places.",
        )),
    ),
    "pitch": (
        Turn("rep", False, 0.2, 2.2, (
            "Keel brings all your figures into one place.", "Our customers close their books two days sooner.",
            "Every change is logged, so that you can trust a number.", "You see at once where something is missing.",
        )),
        Turn("customer", False, 0.2, 0.5, ("I see.", "That sounds useful.", "All right.")),
    ),
    "asked": (
        _CUSTOMER_ASKS,
        Turn("rep", False, 0.2, 1.3, (
            "Most are live within four weeks.", "Yes, there is a connection for that.",
            "Several, I can bring you together with one.", "I will send you a quote for that.",
        )),
    ),
    "missed": (
        _CUSTOMER_ASKS,
        Turn("customer", False, -0.1, 0.7, ("Well, never mind.", "Anyway, I noted it down.")),
        Turn("customer", False, -0.1, 0.6, ("Then show me what you brought.", "Let us go on then.")),
    ),
    "answered": (
        _OBJECTION,
        Turn("rep", False, 0.2, 1.3, (
            "Fair point; most earn it back within a year, here is how.", "We would link to it, nothing is lost.",
            "That is why training is part of it.", "Then let us start with one team.",
        )),
        Turn("customer", False, 0.2, 0.5, ("That would help.", "Fine, that I can explain to others.")),
    ),
    "evaded": (
        _OBJECTION,
        Turn("rep", False, 0.0, 1.3, ("Let me go on with the next point first.", "Everybody says that at first.")),
        Turn("customer", False, -0.4, 0.5, ("Hm.", "I am not convinced.")),
    ),
    "closing": (
        Turn("rep", False, 0.3, 0.7, ("I will send you the summary today.", "Let us talk again next week.")),
        Turn("customer", False, 0.1, 0.4, ("Do that.", "Good, until then.", "We will see.")),
    ),
}  # fmt: skip


def exchange_turns() -> pl.DataFrame:
    """The turns of all exchanges, one row each, in order."""
    rows = [
        {"exchange": name, "sentence": place} | turn._asdict()
        for name, turns in EXCHANGES.items()
        for place, turn in enumerate(turns)
    ]
    return pl.DataFrame(rows)
