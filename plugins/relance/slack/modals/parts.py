"""The blocks that modals are made of, inside Slack's limits whatever they are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from relance.slack import limits
from relance.slack.actions import Target
from relance.slack.limits import clean, clip, data
from relance.slack.modals.modal import Block, Item, ModalScene, View

TITLE = 24
LABEL = 2000
HINT = 2000
PLACEHOLDER = 150
OPTION = 75
BUTTON = 75
VALUE = 150
OPTIONS = 100
METADATA = 3000
LONGEST_TEXT = 3000
"""Characters of a text field: no more than a comment may have."""
ALL = "all"
"""The option that stands for all open invoices."""


def plain(text: str, limit: int = LABEL) -> dict[str, Any]:
    """A plain text object; Slack draws emoji names in it."""
    return {"type": "plain_text", "text": clip(text, limit) or "–", "emoji": True}


def view(
    scene: ModalScene, action: str, blocks: Sequence[Block], *, title: str, submit: str | None = None
) -> View:
    """The modal around its blocks: headed by whom it is about; its private metadata is the `Target`."""
    target = Target(action, scene.case.case_id, scene.case.revision)
    return frame(
        scene.voice("modal.close") if submit is None else scene.voice("modal.cancel"),
        [about(scene), *blocks], action=action, title=title, submit=submit, metadata=str(target),
    )  # fmt: skip


def frame(
    close: str, blocks: Sequence[Block], *, action: str, title: str, submit: str | None, metadata: str = ""
) -> View:
    """A modal of any blocks."""
    drawn: View = {
        "type": "modal",
        "callback_id": action,
        "title": plain(title, TITLE),
        "close": plain(close, TITLE),
        "private_metadata": metadata,
        "blocks": list(blocks),
    }
    return {**drawn, "submit": plain(submit, TITLE)} if submit else drawn


def about(scene: ModalScene) -> Block:
    """Whose case it is, and what is open."""
    case, voice = scene.case, scene.voice
    payer = data(str(scene.payer.get("name") or case.payer_id or case.entity), limits.NAME)
    amounts = voice.amounts(case.facts.get("totals") or [], "open")[:3]
    told = [
        f"*{payer}*",
        voice("modal.about", entity=data(case.entity, limits.ID), case=case.case_id),
        *amounts,
    ]
    return context(" · ".join(told))


def context(*texts: str) -> Block:
    """Small print."""
    return {"type": "context", "elements": [limits.mrkdwn(clip(text, limits.CONTEXT_TEXT)) for text in texts]}


def section(text: str) -> Block:
    """A paragraph of mrkdwn."""
    return {"type": "section", "text": limits.mrkdwn(text)}


def button(
    action: str, label: str, value: str, *, style: str | None = None, url: str | None = None
) -> dict[str, Any]:
    """A button; `style` is primary or danger."""
    drawn: dict[str, Any] = {
        "type": "button",
        "action_id": action,
        "text": plain(label, BUTTON),
        "value": value,
    }
    if style:
        drawn["style"] = style
    return {**drawn, "url": url} if url else drawn


def field(
    name: str,
    label: str,
    element: Mapping[str, Any],
    *,
    optional: bool = False,
    hint: str | None = None,
    redraws: str | None = None,
) -> Block:
    """An input block; `name` is its block id. `redraws`: the action id by which a change of it is told at once."""
    block: Block = {
        "type": "input",
        "block_id": name,
        "label": plain(label),
        "element": {**element, "action_id": redraws or name.split("|", maxsplit=1)[0]},
        "optional": optional,
    }
    if redraws:
        block["dispatch_action"] = True
    return {**block, "hint": plain(hint, HINT)} if hint else block


def text(
    *,
    longest: int = LONGEST_TEXT,
    lines: bool = False,
    initial: str | None = None,
    placeholder: str | None = None,
) -> dict[str, Any]:
    """A field for words; with `lines` for several lines of them."""
    element: dict[str, Any] = {"type": "plain_text_input", "multiline": lines, "max_length": longest}
    if initial:
        element["initial_value"] = clip(initial, longest)
    if placeholder:
        element["placeholder"] = plain(placeholder, PLACEHOLDER)
    return element


def day(initial: str | None = None) -> dict[str, Any]:
    """A date picker; `initial` as ISO."""
    return {"type": "datepicker", **({"initial_date": initial} if initial else {})}


def option(value: str, label: str, description: str | None = None) -> dict[str, Any]:
    """One choice of a list."""
    drawn: dict[str, Any] = {"text": plain(label, OPTION), "value": value}
    return {**drawn, "description": plain(description, OPTION)} if description else drawn


def _distinct(options: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The first hundred options, each value once: Slack takes no second one."""
    return list({one["value"]: one for one in options}.values())[:OPTIONS]


def word(scene: ModalScene, group: str, name: str) -> str:
    """The word for a value, as the label of a choice: with a capital."""
    named = scene.voice.named(group, name)
    return named[:1].upper() + named[1:]


def choice(
    options: Sequence[Mapping[str, Any]],
    *,
    initial: str | None = None,
    radio: bool = False,
    placeholder: str | None = None,
) -> dict[str, Any]:
    """One of the options, as a list or as buttons; `initial` is a value, ignored when there is no such option."""
    element: dict[str, Any] = {
        "type": "radio_buttons" if radio else "static_select", "options": _distinct(options),
    }  # fmt: skip
    chosen = next((one for one in element["options"] if one["value"] == initial), None)
    if chosen:
        element["initial_option"] = chosen
    if placeholder and not radio:
        element["placeholder"] = plain(placeholder, PLACEHOLDER)
    return element


def several(
    options: Sequence[Mapping[str, Any]], *, initial: Sequence[str] = (), placeholder: str | None = None
) -> dict[str, Any]:
    """Any of the options."""
    element: dict[str, Any] = {"type": "multi_static_select", "options": _distinct(options)}
    chosen = [one for one in element["options"] if one["value"] in set(initial)]
    if chosen:
        element["initial_options"] = chosen
    if placeholder:
        element["placeholder"] = plain(placeholder, PLACEHOLDER)
    return element


def person(initial: str | None = None, placeholder: str | None = None) -> dict[str, Any]:
    """One person of the workspace; `initial` is a Slack user id."""
    element: dict[str, Any] = {"type": "users_select"}
    if initial:
        element["initial_user"] = initial
    return {**element, "placeholder": plain(placeholder, PLACEHOLDER)} if placeholder else element


def people(initial: Sequence[str] = (), placeholder: str | None = None) -> dict[str, Any]:
    """Any people of the workspace."""
    element: dict[str, Any] = {"type": "multi_users_select"}
    if initial:
        element["initial_users"] = list(dict.fromkeys(initial))
    return {**element, "placeholder": plain(placeholder, PLACEHOLDER)} if placeholder else element


def user_of(scene: ModalScene, email: str | None) -> str | None:
    """The Slack user id of a person, where it is known."""
    return scene.people.get(email.casefold()) if email else None


def invoices(scene: ModalScene, *, required: bool, label: str, hint: str | None = None) -> list[Block]:
    """The payer's open invoices to choose from, the oldest first; where there are none it is said if one is required.

    Over a hundred the oldest 99 and "all". Where it isn't required, nothing chosen means all.
    """
    offered = [
        one for one in sorted(scene.items, key=lambda one: (one.due_date, one.invoice_id)) if _fits(one)
    ]
    if not scene.items:
        return [context(scene.voice("modal.invoices.none"))] if required else []
    everything = required or len(scene.items) > OPTIONS or len(offered) < len(scene.items)
    options = [option(ALL, scene.voice("modal.invoices.all", count=len(scene.items)))] if everything else []
    options += [invoice_option(scene, one) for one in offered[: OPTIONS - len(options)]]
    chosen = set(scene.prefill.get("invoices") or ())
    initial = [one["value"] for one in options if one["value"].split(":", 2)[-1] in chosen]
    hints = [hint] if hint else []
    if len(scene.items) > OPTIONS:
        hints.append(scene.voice("modal.invoices.oldest", count=len(options) - 1))
    element = several(options, initial=initial, placeholder=scene.voice("modal.invoices.choose"))
    return [field("invoices", label, element, optional=not required, hint=" ".join(hints) or None)]


def invoice_option(scene: ModalScene, item: Item) -> dict[str, Any]:
    """An invoice as a choice: number, amount, due date. Its value tells what is open, for the reader's checks."""
    told = f"{scene.voice.amount(item.open, item.currency)} · {scene.voice.plain_day(item.due_date)}"
    number = clean(item.invoice_id, max(10, OPTION - len(told) - 4))
    return option(invoice_value(item), f"{number} · {told}")


def invoice_value(item: Item) -> str:
    """EUR:123450:F-1001."""
    return f"{item.currency}:{item.open}:{item.invoice_id}"


def _fits(item: Item) -> bool:
    return limits.length(invoice_value(item)) <= VALUE


def currencies(scene: ModalScene) -> list[str]:
    """What the payer owes in, the largest sum's currency first."""
    sums: dict[str, int] = {}
    for item in scene.items:
        sums[item.currency] = sums.get(item.currency, 0) + item.open
    for row in scene.case.facts.get("totals") or []:
        sums.setdefault(row["currency"], row["open"])
    return sorted(sums, key=lambda one: (-sums[one], one))[:OPTIONS] or ["EUR"]


def currency(scene: ModalScene) -> Block:
    """The currency of an amount; one that is known already stands there as the only choice."""
    known = currencies(scene)
    element = choice([option(one, one) for one in known], initial=scene.prefill.get("currency") or known[0])
    return field("currency", scene.voice("modal.currency"), element)


def open_of(scene: ModalScene) -> dict[str, int]:
    """What is open in each currency, minor units."""
    sums: dict[str, int] = {}
    for item in scene.items:
        sums[item.currency] = sums.get(item.currency, 0) + item.open
    return sums


def open_line(scene: ModalScene) -> str | None:
    """What is open in all, as small print beside an amount."""
    lines = [scene.voice.amount(minor, code) for code, minor in open_of(scene).items()][:4]
    return scene.voice("modal.open", amounts=", ".join(lines)) if lines else None


def bounded(name: str, bounds: Mapping[str, int]) -> str:
    """A block id that carries what an amount may be at most, so that a reader needs no database: amount|EUR=100,JPY=5."""
    told = ",".join(f"{code}={minor}" for code, minor in sorted(bounds.items()))
    # Slack takes 255 characters; a payer that owes in more currencies than fit is checked when it is done.
    return f"{name}|{told}" if told and len(name) + len(told) < 250 else name
