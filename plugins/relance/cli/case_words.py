"""What `relance case show` tells of a case, in words: amounts as money, equal holds on one line, what was done and what comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from relance.money import Money

if TYPE_CHECKING:
    from relance.cases import Case
    from relance.cases.holding import Hold

_MONEY = frozenset({"amount", "open", "overdue", "credit", "paid", "total"})
"""What stands in minor units where a currency stands beside it."""
_INTERNAL = frozenset({"keys", "currency", "currencies", "whole", "language"})
_NAMES: Mapping[str, str] = {
    "about": "invoices", "votes": "said yes", "target_case": "about case", "announced": "payments announced",
    "next_on": "called again on",
}  # fmt: skip


def money(minor: int, currency: str) -> str:
    """An amount as people write it."""
    return str(Money(currency, minor))


def details_of(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What people said, name and words; what says nothing and what only the program needs is left out."""
    currency = values.get("currency")
    for name, value in values.items():
        if name in _INTERNAL or value in (None, [], {}, "", False):
            continue
        label = _NAMES.get(name, name.replace("_", " "))
        if name == "amounts" and isinstance(value, Mapping):
            yield label, _amounts(value, values.get("currencies"), values.get("whole"))
        elif name in _MONEY and isinstance(value, int) and isinstance(currency, str):
            yield label, money(value, currency)
        elif words := in_words(value):
            yield label, words


def in_words(value: Any) -> str:
    """Any kept value as one line."""
    if isinstance(value, Mapping):
        said = details_of(value)
        return ", ".join(words if name == "amount" else f"{name} {words}".strip() for name, words in said)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ("; " if any(isinstance(one, Mapping) for one in value) else ", ").join(map(in_words, value))
    if value is True:
        return "yes"
    return str(value)


def _amounts(amounts: Mapping[str, Any], currencies: Any, whole: Any) -> str:
    known = currencies if isinstance(currencies, Mapping) else {}
    told = []
    for item, minor in sorted(amounts.items()):
        if isinstance(minor, int) and item in known:
            told.append(
                f"{item} {money(minor, known[item])}" + (" (all of it)" if item in (whole or ()) else "")
            )
        else:
            told.append(f"{item} {'all of it' if minor is None or item in (whole or ()) else 'a part'}")
    return ", ".join(told)


def history_of(one: Case) -> Iterator[str]:
    """The last contact and what comes next, as of the day of the case's facts."""
    last, following = one.facts.get("last_contact"), one.facts.get("next")
    if last:
        level = f", {last['level']}" if last.get("level") else ""
        yield f"last contact: {last.get('channel') or 'contact'} on {last.get('on')}{level} ({last.get('state')})"
    elif one.payer_id and "last_contact" in one.facts:
        yield "last contact: none"
    if following and one.state == "open":
        yield f"next, as of {one.facts_on}: {_next(following)}"


def _next(said: Mapping[str, Any]) -> str:
    what = said.get("what")
    if what == "act":
        return f"{said['step']} today" + (f" ({said['level']})" if said.get("level") else "")
    if what == "wait":
        return f"{said['step'] or 'another step'} on {said['on']}"
    if what == "hold":
        reason = str(said.get("reason") or "held").replace("_", " ")
        return f"nothing, dunning rests ({reason}) " + (
            f"until {said['until']}" if said.get("until") else "without end"
        )
    if what == "done":
        return f"{said['step']} was done on {said['on']}"
    return "no step is left" if what == "exhausted" else in_words(said)


def holds_of(one: Case, holds: Iterable[Hold]) -> Iterator[str]:
    """Holds that differ in nothing but their invoices, on one line."""
    joined: dict[tuple[Any, ...], list[str]] = {}
    for hold in holds:
        same = (hold.reason, hold.from_date, hold.until, hold.ended_on, hold.source)
        about = joined.setdefault(same, [])
        about.append((hold.invoice_id or "all that is open") + _part(one, hold))
    for (reason, since, until, ended_on, source), about in joined.items():
        span = f"until {until}" if until else "without end"
        ended = f", ended {ended_on}" if ended_on else ""
        yield f"hold {reason} on {', '.join(dict.fromkeys(about))}: from {since} {span}{ended} ({source})"


def _part(one: Case, hold: Hold) -> str:
    if hold.amount is None:
        return ""
    known = {item["invoice_id"]: item["currency"] for item in one.facts.get("items") or ()}
    known |= one.details.get("currencies") or {}
    currencies = {row["currency"] for row in one.facts.get("totals") or ()}
    currency = known.get(hold.invoice_id or "") or (currencies.pop() if len(currencies) == 1 else None)
    return f" ({money(hold.amount, currency)} of it)" if currency else " (a part of it)"
