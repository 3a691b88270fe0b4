"""A card's title and its sign, by kind and state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from relance.slack import limits
from relance.slack.cards.buttons import is_task
from relance.slack.cards.model import Scene

Title = tuple[str, str]
"""The words, and the short name of an emoji."""

_PROMISE_SIGNS = {
    "made": ":handshake:", "eve": ":hourglass_flowing_sand:", "today": ":bell:", "broken": ":x:",
    "kept": ":white_check_mark:", "partly_kept": ":heavy_division_sign:", "replaced": ":arrows_counterclockwise:",
    "paid_late": ":white_check_mark:",
}  # fmt: skip


def title_of(scene: Scene) -> Title:
    """What the case is, in a few words."""
    return _TITLES[scene.case.kind](scene)


def _plain(words: str, sign: str) -> Callable[[Scene], Title]:
    def title(scene: Scene) -> Title:
        payer = limits.clean(scene.payer, limits.NAME)
        if scene.is_closed:
            return scene.voice("overdue_90.title.closed", payer=payer), ":white_check_mark:"
        return scene.voice(words, payer=payer, days=scene.facts.get("threshold", 90)), sign

    return title


def _promise(scene: Scene) -> Title:
    case, voice = scene.case, scene.voice
    which = (case.closed_reason if scene.is_closed else scene.facts.get("speak")) or "made"
    if which not in _PROMISE_SIGNS:
        which = "made"
    promises = scene.facts.get("promises") or []
    day = voice.plain_day(promises[0]["due_on"]) if promises else ""
    return voice(
        f"promise.title.{which}", payer=limits.clean(scene.payer, limits.NAME), day=day
    ), _PROMISE_SIGNS[which]


_review = _plain("review.title", ":double_vertical_bar:")
_dispute = _plain("dispute.title", ":warning:")
_lost = _plain("delivery.title", ":mailbox_with_no_mail:")
_APPROVALS = {
    "snooze": _plain("approval.title.snooze", ":raised_hand:"),
    "write_off": _plain("approval.title.write_off", ":raised_hand:"),
}
_approval_of_step = _plain("approval.title", ":raised_hand:")
_ASKED = {
    "text": _plain("question.title.text", ":speech_balloon:"),
    "call_back": _plain("question.title.call_back", ":telephone_receiver:"),
    "dispute": _dispute,
}
_task = _plain("question.title.task", ":memo:")
_question = _plain("question.title", ":speech_balloon:")


def _approval(scene: Scene) -> Title:
    return _APPROVALS.get(scene.details.get("asks", ""), _approval_of_step)(scene)


def _asked(scene: Scene) -> Title:
    """A task of ours, what the payer itself asks, or a hold to be looked at."""
    if is_task(scene):
        return _task(scene)
    if "held" in scene.facts:
        return _review(scene)
    return _ASKED.get(scene.facts.get("asks", ""), _question)(scene)


def _contested(scene: Scene) -> Title:
    return (_review if "held" in scene.facts else _dispute)(scene)


_exhausted = _plain("exhausted.title", ":checkered_flag:")
_refuses = _plain("exhausted.title.refuses", ":no_entry:")


def _over(scene: Scene) -> Title:
    """No step is left, or the payer said that it will not pay."""
    return (_refuses if scene.facts.get("refused") else _exhausted)(scene)


def _undelivered(scene: Scene) -> Title:
    """A message that did not arrive; else invoices that did not."""
    return (_review if "held" in scene.facts else _lost)(scene)


_TITLES: Mapping[str, Callable[[Scene], Title]] = MappingProxyType(
    {
        "dispute": _contested,
        "promise": _promise,
        "overdue_90": _plain("overdue_90.title", ":rotating_light:"),
        "approval": _approval,
        "call": _plain("call.title", ":telephone_receiver:"),
        "no_contact": _plain("no_contact.title", ":bust_in_silhouette:"),
        "delivery": _undelivered,
        "risk": _plain("risk.title", ":chart_with_downwards_trend:"),
        "question": _asked,
        "handover": _plain("handover.title", ":briefcase:"),
        "exhausted": _over,
        "data": _plain("data.title", ":inbox_tray:"),
    }
)
KINDS = tuple(_TITLES)
"""Kinds of case that have a card: all of them."""
