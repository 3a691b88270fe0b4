"""The modal that is opened at once and filled when its data is there, and the one that says why nothing can be done."""

from __future__ import annotations

from relance.slack.limits import clip, escape
from relance.slack.modals.modal import View
from relance.slack.modals.parts import frame, section
from relance.slack.speech import Voice

_LONGEST = 2500


def loading(voice: Voice, *, action: str, metadata: str = "") -> View:
    """Opened within Slack's three seconds; `views.update` with its id and hash puts the right one in its place."""
    blocks = [section(f":hourglass_flowing_sand: {voice('modal.loading')}")]
    return frame(
        voice("modal.cancel"), blocks,
        action=action, title=voice("modal.loading.title"), submit=None, metadata=metadata,
    )  # fmt: skip


def refused(voice: Voice, told: str, *, action: str, metadata: str = "") -> View:
    """What was asked can't be done or isn't allowed; `told` says why, in plain text."""
    return _sorry(voice, "refused", told, action=action, metadata=metadata)


def no_longer(voice: Voice, told: str, *, action: str, metadata: str = "") -> View:
    """Somebody has done it before; `told` says who and what, in plain text."""
    return _sorry(voice, "no_longer", told, action=action, metadata=metadata)


def failed(voice: Voice, *, action: str, metadata: str = "") -> View:
    """The data could not be had."""
    return _sorry(voice, "failed", voice("modal.failed.told"), action=action, metadata=metadata)


def _sorry(voice: Voice, what: str, told: str, *, action: str, metadata: str) -> View:
    words = "\n".join(escape(line) for line in clip(told, _LONGEST).strip().splitlines())
    icon = ":raised_hand:" if what == "refused" else ":information_source:"
    blocks = [section(f"{icon} *{voice(f'modal.{what}')}*\n{words}".strip())]
    return frame(
        voice("modal.close"), blocks,
        action=action, title=voice(f"modal.{what}.title"), submit=None, metadata=metadata,
    )  # fmt: skip
