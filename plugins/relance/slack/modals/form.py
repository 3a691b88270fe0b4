"""Reading what was filled in: each question gives the value or notes an error beside its field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from relance.money import Money, is_currency
from relance.slack.modals.modal import Errors, StateValues
from relance.slack.modals.parts import ALL, LONGEST_TEXT
from relance.slack.parsing import Doubt, parse_amount
from relance.slack.speech import Voice
from relance.slack.words import locale_of


@dataclass(frozen=True, slots=True)
class Chosen:
    """An invoice that was chosen, with what was open of it when the modal was drawn."""

    invoice_id: str
    open: Money


@dataclass(slots=True)
class Form:
    """The fields of a submitted view, by the names of their blocks; `errors` gathers what is wrong."""

    values: StateValues
    tag: str
    today: date
    errors: Errors = field(default_factory=dict)

    @property
    def voice(self) -> Voice:
        """The viewer's words."""
        return Voice(locale_of(self.tag))

    def fail(self, name: str, key: str, **told: object) -> None:
        """Note an error beside the field; the first one stays."""
        self.errors.setdefault(self._block(name) or next(iter(self.values), name), self.voice(key, **told))

    def has(self, name: str) -> bool:
        """Whether the modal has that field."""
        return self._block(name) is not None

    def text(self, name: str, *, required: bool = True, longest: int = LONGEST_TEXT) -> str | None:
        """Words; None when there are none."""
        words = str(self._element(name).get("value") or "").strip()
        if not words and required:
            self.fail(name, "form.required")
        elif len(words) > longest:
            self.fail(name, "form.long", count=longest)
        return words or None

    def choice(self, name: str, *, required: bool = True) -> str | None:
        """The value of the one option chosen."""
        selected = self._element(name).get("selected_option") or {}
        value: str | None = selected.get("value")
        if value is None and required:
            self.fail(name, "form.required")
        return value

    def choices(self, name: str) -> list[str]:
        """The values of all options chosen."""
        return [one["value"] for one in self._element(name).get("selected_options") or []]

    def user(self, name: str) -> str | None:
        """A Slack user id."""
        value: str | None = self._element(name).get("selected_user")
        return value or None

    def users(self, name: str) -> tuple[str, ...]:
        """Slack user ids."""
        return tuple(dict.fromkeys(self._element(name).get("selected_users") or ()))

    def day(
        self, name: str, *, required: bool = True, since: date | None = None, until: date | None = None
    ) -> date | None:
        """A date, refused before `since` and after `until`."""
        picked = self._element(name).get("selected_date")
        if not picked:
            if required:
                self.fail(name, "form.required")
            return None
        found = date.fromisoformat(picked)
        if since is not None and found < since:
            self.fail(name, "form.day.past", day=self.voice.plain_day(since))
        elif until is not None and found > until:
            self.fail(name, "form.day.far", day=self.voice.plain_day(until))
        return found

    def amount(
        self, name: str, *, required: bool = True, limit: Mapping[str, int] | None = None
    ) -> Money | None:
        """An amount in the currency of the field `currency`, at most what is open of it."""
        written = self.text(name, required=required, longest=100)
        if written is None:
            return None
        code = self.choice("currency", required=False) or ""
        if not is_currency(code):
            self.fail("currency", "form.currency")
            return None
        return self.money(name, written, code, limit=self.bounds(name) if limit is None else limit)

    def money(self, name: str, written: str, code: str, *, limit: Mapping[str, int]) -> Money | None:
        """A text as an amount in `code`, at most `limit`."""
        found = self.parsed(written, code)
        if isinstance(found, Doubt):
            self.fail(name, found.key, **found.values)
            return None
        if code in limit and found.minor > limit[code]:
            self.fail(name, "form.amount.open", open=self.voice.amount(limit[code], code))
            return None
        return found

    def invoices(self, *, required: bool = False) -> tuple[Chosen, ...] | None:
        """The invoices chosen; None: all of the payer's."""
        chosen = self.choices("invoices")
        if not chosen and required:
            self.fail("invoices", "form.required")
        if ALL in chosen and len(chosen) > 1:
            self.fail("invoices", "form.invoices.all")
        if ALL in chosen or not chosen:
            return None
        return tuple(_chosen(one) for one in chosen)

    def parsed(self, written: str, code: str) -> Money | Doubt:
        """A text as an amount in `code`, by the viewer's notation."""
        return parse_amount(written, code, self.tag)

    def bounds(self, name: str) -> dict[str, int]:
        """What the amounts of a field may be at most, by currency; its block id carries it."""
        told = (self._block(name) or "").partition("|")[2]
        pairs = [one.partition("=") for one in told.split(",") if one]
        return {code: int(minor) for code, _, minor in pairs if minor.isdecimal()}

    def _block(self, name: str) -> str | None:
        return next((one for one in self.values if one.split("|")[0] == name), None)

    def _element(self, name: str) -> Mapping[str, Any]:
        block = self._block(name)
        return next(iter(self.values[block].values()), {}) if block else {}


def _chosen(value: str) -> Chosen:
    currency, minor, invoice = value.split(":", 2)
    return Chosen(invoice, Money(currency, int(minor)))


def ids_of(chosen: Sequence[Chosen] | None) -> tuple[str, ...] | None:
    """The numbers of the invoices chosen; None: all of the payer's."""
    return None if chosen is None else tuple(one.invoice_id for one in chosen)
