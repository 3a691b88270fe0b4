"""What a call says, step by step, as TwiML: pure. Nothing private before somebody has said by key who he is.

answered → identify –1→ text, menu –1→ promise → done
                                   –2→ contest → done
                                   –3→ call back → done
a machine, a fax: the neutral words alone. A key that fits nothing, or none: asked again, three times in all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from twilio.twiml.voice_response import Gather, VoiceResponse

from relance.inbox.signed import State

ASKED = 3
"""How often one question is asked."""
_WAIT_S = 8
_KEYS = {"identify": 1, "menu": 1, "promise": 2}

Choice = Literal["promise", "contest", "call_back"]
Next = Callable[[State], str]
"""The address of a step: where the keys pressed then are sent."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What is answered: TwiML; `identified`: somebody has just said who he is; `choice`: what was chosen, with its facts."""

    twiml: str
    identified: bool = False
    choice: Choice | None = None
    facts: Mapping[str, Any] | None = None


class Script:
    """A call's words as `compose.voice_body` wrote them, and the way through them."""

    def __init__(self, words: Mapping[str, Any], following: Next) -> None:
        self._words = words
        self._following = following

    def answered(self, by: str | None) -> Turn:
        """Somebody or something has picked up (`AnsweredBy`). Who can't be told is treated as a person."""
        if by and by.startswith("fax"):
            return Turn(self._end())
        if by and by.startswith("machine"):
            return Turn(self._end("mail"))
        return Turn(self._ask(State("identify")))

    def pressed(self, state: State, keys: str) -> Turn:
        """Keys were pressed, or none in time, after the question of `state`."""
        pressed = keys.strip().removesuffix("#")
        turn = {"identify": self._identified, "menu": self._chosen, "promise": self._promised}[state.step](
            pressed
        )
        return turn or self._again(state)

    def _identified(self, pressed: str) -> Turn | None:
        if pressed != "1":
            return None
        return Turn(self._ask(State("menu"), "text"), identified=True)

    def _chosen(self, pressed: str) -> Turn | None:
        if pressed == "1":
            return Turn(self._ask(State("promise")))
        if pressed == "2":
            return Turn(self._end("contest_done", "bye"), choice="contest", facts={"keys": pressed})
        if pressed == "3":
            return Turn(self._end("call_back_done", "bye"), choice="call_back", facts={"keys": pressed})
        return None

    def _promised(self, pressed: str) -> Turn | None:
        """A number of days, of those that `voice_body` wrote a date for; nothing else is a promise."""
        days = str(int(pressed)) if pressed.isascii() and pressed.isdigit() else ""
        due_on = self._words["dates"].get(days)
        if due_on is None:
            return None
        facts = {"keys": pressed, "due_on": due_on}
        return Turn(self._end(self._words["promise_done"][days], "bye"), choice="promise", facts=facts)

    def _again(self, state: State) -> Turn:
        if state.tries + 1 >= ASKED:
            return Turn(self._end("unknown", "bye"))
        return Turn(self._ask(State(state.step, state.tries + 1), "unknown"))

    def _ask(self, state: State, *before: str) -> str:
        """Words, then the question of a step, whose keys go on to it."""
        response = VoiceResponse()
        question = {"identify": "identify", "menu": "menu", "promise": "promise_ask"}[state.step]
        gather = Gather(
            input="dtmf",
            num_digits=_KEYS[state.step],
            timeout=_WAIT_S,
            action=self._following(state),
            method="POST",
            action_on_empty_result=True,
        )
        for word in (*before, question):
            gather.say(self._said(word), language=self._words["language"])
        response.append(gather)
        return str(response)

    def _end(self, *words: str) -> str:
        response = VoiceResponse()
        for word in words:
            response.say(self._said(word), language=self._words["language"])
        response.hangup()
        return str(response)

    def _said(self, word: str) -> str:
        """The words of that name, or the text itself."""
        found = self._words.get(word, word)
        return str(found)
