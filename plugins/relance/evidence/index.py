"""What the readable index of an archive says: plain words and figures for a Typst file that only places them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from relance.config.policy import Policy
from relance.delivery.typesetting import breakable
from relance.evidence.record import Record, Row
from relance.evidence.words import Words
from relance.law import LawBook, LawError
from relance.money import Money

Pairs = list[list[Any]]


def index_data(
    record: Record, words: Words, *, policy: Policy, book: LawBook, counts: Mapping[str, int]
) -> dict[str, Any]:
    """Everything that is printed, as data of `_evidence/index.typ`."""
    seller = policy.entity(record.entity)
    writer = _Writer(
        record, words, ZoneInfo(seller.timezone), _Law(book, policy.region_of(record.entity).law)
    )
    return {
        **frame(words, title=words.say("index.title"), author=seller.name, head=record.head),
        "subtitle": words.say("index.between", seller=seller.name, payer=record.customer["name"]),
        "intro": words.say("index.intro"),
        "facts": writer.facts(seller.name, counts),
        "zone": words.say("index.zone", zone=seller.timezone),
        "messages": {
            "heading": words.say("index.messages"),
            "none": words.say("index.no_messages"),
            "columns": words.columns("index.columns"),
            "rows": [writer.line(number, one) for number, one in enumerate(record.messages, start=1)],
        },
        "details": [writer.detail(number, one) for number, one in enumerate(record.messages, start=1)],
        "replies": {
            "heading": words.say("index.replies"),
            "none": words.say("index.no_replies"),
            "columns": words.columns("index.reply_columns"),
            "rows": [writer.reply(one) for one in record.replies],
        },
        "chain": {
            "heading": words.say("index.chain"),
            "intro": words.say("index.chain_intro"),
            "columns": words.columns("index.chain_columns"),
            "rows": [writer.entry(one) for one in record.entries],
        },
        "proof": {
            "heading": words.say("index.proof"),
            "text": words.say("index.proof_text", entries=counts["entries"], manual=f"MANUAL.{words.language}.txt"),
        },
    }  # fmt: skip


def frame(words: Words, *, title: str, author: str, head: str) -> dict[str, Any]:
    """What every document carries: language, metadata (the head hash among them), the words of the footer."""
    locale = words.formats.locale
    return {
        "lang": locale.language,
        "region": locale.territory,
        "title": title,
        "author": author,
        "head": head,
        "page": words.say("index.page", page="{page}", pages="{pages}"),
    }


class _Law:
    """The law's name on a day, or nothing where that can't be said."""

    def __init__(self, book: LawBook, country: str) -> None:
        self._book = book
        self._country = country

    def on(self, message: Row) -> str | None:
        try:
            return self._book.rule(self._country, message["on_date"]).law
        except LawError:
            return None


class _Writer:
    """Rows of the index."""

    def __init__(self, record: Record, words: Words, zone: ZoneInfo, law: _Law) -> None:
        self._record = record
        self._words = words
        self._zone = zone
        self._law = law
        self._receipts: dict[str, list[Row]] = defaultdict(list)
        for one in record.receipts:
            self._receipts[one["key"]].append(one)
        self._entries: dict[str, list[int]] = defaultdict(list)
        for one in record.entries:
            self._entries[one["subject"]].append(one["seq"])

    def facts(self, seller: str, counts: Mapping[str, int]) -> Pairs:
        """Who, whom, what, and the head hash."""
        say, customer = self._words.say, self._record.customer
        rows = [
            ("seller", f"{seller} ({self._record.entity})"),
            ("payer", customer["name"]),
            ("number", self._record.payer_id),
            ("registration", customer.get("registration_no")),
            ("vat", customer.get("vat_no")),
            ("country", customer.get("country")),
            ("scope", self._scope()),
            ("entries", say("index.counted", **counts)),
        ]
        pairs: Pairs = [[say(f"index.{name}"), breakable(str(value)), False] for name, value in rows if value]
        return [*pairs, [say("index.head"), hexadecimal(self._record.head), True]]

    def _scope(self) -> str:
        say, scope = self._words.say, self._record.scope
        parts = [
            say("index.since", date=self._words.day(scope.since)) if scope.since else "",
            say("index.until", date=self._words.day(scope.until)) if scope.until else "",
            say("index.about", invoices=", ".join(scope.invoices)) if scope.invoices else "",
        ]
        return "; ".join(part for part in parts if part) or say("index.everything")

    def line(self, number: int, message: Row) -> list[str]:
        """A message in the overview."""
        return [
            str(number),
            self._words.moment(message["sent_at"], self._zone)[:-3] or "–",
            self._words.named("channels", message["channel"]),
            self._to(message),
            self._words.named("levels", message["level"]),
            self._demanded(message),
            self._state(message),
        ]

    def detail(self, number: int, message: Row) -> dict[str, Any]:
        """A message with everything that is known of it."""
        say, words = self._words.say, self._words
        rows = [
            ("sent_at", words.moment(message["sent_at"], self._zone), False),
            ("dated", words.day(message["on_date"]), False),
            ("channel", words.named("channels", message["channel"]), False),
            ("from", message["sender"], False),
            ("to", self._to(message), False),
            ("copies", ", ".join(message["copies"]), False),
            ("step", f"{message['step']} ({words.named('levels', message['level'])})", False),
            ("invoices", ", ".join(message["invoices"]), False),
            ("demanded", self._demanded(message), False),
            ("charged", self._charged(message), False),
            ("law", self._law.on(message) if message["claims"] else None, False),
            ("provider", message["provider"], False),
            ("reference", message["receipt"], False),
            ("message_id", message["message_id"], False),
            ("state", self._state(message), False),
            ("original", self._original(message), False),
            ("digest", hexadecimal(message["digest"]), True),
            ("entry", ", ".join(map(str, self._entries[message["key"]])), False),
        ]
        return {
            "title": say("index.message", number=number),
            "rows": [
                [say(f"index.{name}"), value if mono else breakable(str(value)), mono]
                for name, value, mono in rows
                if value
            ],
            "receipts": say("index.receipts"),
            "came": [self._receipt(one) for one in self._receipts[message["key"]]] or [say("index.no_receipts")],
        }  # fmt: skip

    def reply(self, one: Row) -> list[str]:
        """Something that came back."""
        text = one["body"].get("text") or json.dumps(one["body"], ensure_ascii=False, sort_keys=True)
        if one["erased_on"]:
            text = self._erased(one)
        return [
            self._words.day(one["on_date"]),
            self._words.named("channels", one["channel"]),
            breakable(one["address"] or "–"),
            self._words.named("replies", one["kind"]),
            breakable(str(text)),
        ]

    def entry(self, one: Row) -> list[str]:
        """An entry of the chain."""
        state = "erased" if one["erased_on"] else "kept" if self._record.is_told(one) else "withheld"
        return [
            str(one["seq"]),
            f"{one['at']:%Y-%m-%d %H:%M:%S}",
            breakable(one["kind"]),
            breakable(one["actor"]),
            self._words.named("index.contents", state),
            hexadecimal(bytes(one["hash"]).hex()),
        ]

    def _to(self, message: Row) -> str:
        return (
            self._erased(message)
            if message["erased_on"]
            else breakable(" ".join(message["recipient"].split()))
        )

    def _original(self, message: Row) -> str:
        if message["erased_on"]:
            return self._erased(message)
        return f"originals/{message['on_date'].isoformat()}-{message['key']}.{message['media']}"

    def _erased(self, row: Row) -> str:
        return self._words.say("index.erased", date=self._words.day(row["erased_on"]))

    def _state(self, message: Row) -> str:
        bounced = message["contact_state"] == "bounced"
        return self._words.named("states", "bounced" if bounced else message["state"])

    def _demanded(self, message: Row) -> str:
        totals: Sequence[Mapping[str, Any]] = message["content"].get("totals") or []
        return self._words.money([Money(one["currency"], one["amount"]) for one in totals])

    def _charged(self, message: Row) -> str:
        return "; ".join(
            self._words.say(
                f"index.{one['kind']}",
                amount=self._words.money(Money(one["currency"], one["amount"])),
                invoice=one["invoice_id"],
            )
            for one in message["claims"] or []
        )

    def _receipt(self, one: Row) -> str:
        kind = self._words.named("receipts", one["kind"])
        return f"{self._words.moment(one['at'], self._zone)} · {kind} · {one['provider']}"


def hexadecimal(digest: str) -> str:
    """A hash in groups of eight, so that it can be compared by eye and broken into lines."""
    return " ".join(digest[at : at + 8] for at in range(0, len(digest), 8))
