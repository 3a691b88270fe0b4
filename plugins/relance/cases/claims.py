"""Interest and compensation on real invoices: what has accrued, what was claimed, what was waived, kept apart.

Accrued is computed by the law each time; claimed and waived are entries of the store. None changes another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from relance.cases.accrual import Accrual, accrued
from relance.cases.permissions import check_allowed, colleagues_of
from relance.cases.record import SYSTEM
from relance.config.policy import Policy
from relance.errors import CaseError
from relance.law import Claim, LawBook, Waiver
from relance.ledger.loading import load_versions
from relance.ledger.versions import LedgerVersions
from relance.money import Money
from relance.store import claims as store
from relance.store import timeline
from relance.store.claims import ClaimEntry, Kind
from relance.store.uow import UnitOfWork

KINDS: tuple[Kind, ...] = ("interest", "compensation")
LONGEST_REASON = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a letter asked for on an invoice: the running total of one kind."""

    invoice_id: str
    kind: Kind
    total: Money


@dataclass(frozen=True, slots=True)
class InvoiceClaims:
    """One invoice's claims as of a day, by kind; `entries`: the acts on them until then, oldest first.

    There is no claim of a kind whose sum can't be said and that nobody has claimed or waived (`missing` tells
    why). More than one of a kind only when acts were noted in another currency than the law now gives.
    """

    accrual: Accrual
    claims: tuple[Claim, ...]
    entries: tuple[ClaimEntry, ...]

    @property
    def missing(self) -> str | None:
        """Why the compensation can't be said, if it can't."""
        return self.accrual.given.compensation_missing if self.accrual.given else None

    def of(self, kind: Kind) -> tuple[Claim, ...]:
        """The claims of one kind."""
        return tuple(claim for claim in self.claims if claim.kind == kind)

    def as_dict(self) -> dict[str, Any]:
        """The form of `relance claim show --json`: minor units beside a currency, ISO dates, per cent."""
        given = self.accrual.given.as_json() if self.accrual.given else {}
        missing = [{"kind": "compensation", "missing": self.missing}] if self.missing else []
        return {
            "invoice_id": self.accrual.invoice_id,
            "payer_id": self.accrual.payer_id,
            "customer_id": self.accrual.customer_id,
            "due_date": self.accrual.due_date.isoformat(),
            "amount": self.accrual.amount.minor,
            "open": self.accrual.open.minor,
            "currency": self.accrual.amount.currency,
            "state": self.accrual.state,
            "settled_on": self.accrual.settled_on.isoformat() if self.accrual.settled_on else None,
            "country": self.accrual.country,
            "debtor": self.accrual.debtor,
            "law": given.get("law"),
            "claims": [_claim_dict(claim) for claim in self.claims] + missing,
            "rate_periods": given.get("rate_periods", []),
            "provisional": given.get("provisional", False),
            "unverified": given.get("unverified", []),
            "entries": [entry.as_dict() for entry in self.entries],
        }


def claims_of(
    uow: UnitOfWork,
    *,
    policy: Policy,
    book: LawBook,
    entity: str,
    as_of: date,
    invoices: Sequence[str] = (),
    payer_id: str | None = None,
    versions: LedgerVersions | None = None,
) -> tuple[InvoiceClaims, ...]:
    """The claims on the named invoices, and on a payer's late or late-paid ones, by invoice_id.

    A named invoice on which nothing accrues is given with zeros and its state. `versions` is the entity's
    ledger, read when not given.

    Raises:
        UsageError: for an unknown entity or invoice.
        CaseError: for a credit note, or an invoice issued after `as_of`.
        LawError: when a half-year has no usable rate, or no law is known for the country.
    """
    country = policy.region_of(entity).law
    ledger = versions or load_versions(uow.database, entity)
    accruals = accrued(ledger, book=book, country=country, as_of=as_of, invoices=invoices, payer_id=payer_id)
    entries = store.read_entries(uow, entity, invoices=[one.invoice_id for one in accruals])
    until = [entry for entry in entries if entry.on_date <= as_of]
    named = set(invoices)
    found = [_put_together(one, until) for one in accruals]
    return tuple(
        one for one in found
        if one.accrual.given or one.entries or one.accrual.invoice_id in named
    )  # fmt: skip


def note_claimed(
    uow: UnitOfWork,
    *,
    entity: str,
    payer_id: str,
    contact_key: str,
    asked: Iterable[Asked],
    on_date: date,
    actor: str = SYSTEM,
) -> int:
    """Note what a letter that was sent has asked for; gives how many entries are new. Doesn't commit.

    A letter that is out is a fact, whatever the law gives meanwhile, so nothing is checked against it. The same
    contact's sums are noted once.
    """
    entries = [
        ClaimEntry(
            payer_id=payer_id, invoice_id=one.invoice_id, kind=one.kind, act="claimed", amount=one.total,
            on_date=on_date, actor=actor, contact_key=contact_key,
        )
        for one in asked
        if one.total.minor > 0
    ]  # fmt: skip
    return store.append(uow, entity, entries)


def waive(
    uow: UnitOfWork,
    *,
    policy: Policy,
    book: LawBook,
    entity: str,
    invoice: str,
    kind: Kind,
    amount: Money,
    reason: str,
    by: str,
    on_date: date,
    versions: LedgerVersions | None = None,
) -> ClaimEntry:
    """`by` gives up `amount` of an invoice's interest or compensation for `reason`. Doesn't commit.

    Nothing is waived that has not accrued by `on_date`; what was claimed stays as it was. The same act of the same
    person on the same day is noted once.

    Raises:
        UsageError: for an unknown entity or invoice.
        CaseError: without a reason, for an amount that isn't above 0 or more than is left; says what is.
        NotAllowedError: when this person may not.
        LawError: where the law forbids it, or can't say what has accrued.
    """
    policy.entity(entity)
    words = _checked(kind, amount, reason)
    store.lock(uow, entity, invoice)
    entries = store.read_entries(uow, entity, invoices=[invoice])
    for entry in entries:
        if _same(entry, kind, amount, reason=words, by=by, on_date=on_date):
            return entry
    given_up = sum(
        entry.amount.minor
        for entry in entries
        if (entry.act, entry.kind, entry.amount.currency) == ("waived", kind, amount.currency)
    )
    # a limit is one for all that is given up of a claim: it can't be passed in small steps
    whole = Money(amount.currency, given_up + amount.minor)
    (one,) = accrued(
        versions or load_versions(uow.database, entity),
        book=book,
        country=policy.region_of(entity).law,
        as_of=on_date,
        invoices=[invoice],
        fixed_sum_only=kind == "compensation",
    )
    check_allowed(
        uow, policy, by=by, action="waive", entity=entity, totals=[whole],
        payer=colleagues_of(uow, entity, one.payer_id),
    )  # fmt: skip
    # All waivers count, those of later days too: a sum can't be given up twice.
    claim = _claim_in(_put_together(one, entries), kind, amount)
    after = claim.waive(amount, actor=by, reason=words, on=on_date, book=book)
    made = ClaimEntry(
        payer_id=one.payer_id, invoice_id=invoice, kind=kind, act="waived", amount=amount, on_date=on_date, actor=by,
        reason=words,
    )  # fmt: skip
    store.append(uow, entity, [made])
    timeline.append(uow, entity, [_told(made, after)])
    return made


def _checked(kind: str, amount: Money, reason: str) -> str:
    """The reason without blanks around it, once it and the rest can be taken."""
    if kind not in KINDS:
        raise CaseError(f"{kind!r} can't be waived.", hint=f"Give {' or '.join(KINDS)}.")
    if amount.minor <= 0:
        raise CaseError(f"{amount} can't be waived.", hint="Give an amount above 0.")
    words = reason.strip()
    if not words:
        raise CaseError("A waiver needs a reason.", hint="Say why it is given up.")
    if len(words) > LONGEST_REASON:
        raise CaseError(f"The reason has {len(words)} characters.", hint=f"Write {LONGEST_REASON} at most.")
    return words


def _same(entry: ClaimEntry, kind: Kind, amount: Money, *, reason: str, by: str, on_date: date) -> bool:
    ours = ("waived", kind, amount, reason, by.casefold(), on_date)
    return ours == (
        entry.act, entry.kind, entry.amount, entry.reason, entry.actor.casefold(), entry.on_date
    )  # fmt: skip


def _claim_in(found: InvoiceClaims, kind: Kind, amount: Money) -> Claim:
    """The claim that `amount` is of, once it is enough."""
    invoice = found.accrual.invoice_id
    if kind == "compensation" and found.missing:
        raise CaseError(
            f"The compensation on {invoice} can't be waived.", hint=f"It is not known: {found.missing}."
        )
    claims = {claim.accrued.currency: claim for claim in found.of(kind)}
    claim = claims.get(amount.currency)
    if claim is None:
        raise CaseError(
            f"The {kind} on {invoice} is not in {amount.currency}.",
            hint=f"It is in {' and '.join(sorted(claims))}.",
        )
    if amount > claim.claimable:
        raise CaseError(
            f"{amount} can't be waived: of the {kind} on {invoice} {claim.accrued} has accrued and "
            f"{claim.waived} is waived.",
            hint=f"Waive {claim.claimable} at most."
            if claim.claimable.minor
            else "Nothing is left to waive.",
        )
    return claim


def _put_together(one: Accrual, entries: Sequence[ClaimEntry]) -> InvoiceClaims:
    own = tuple(entry for entry in entries if entry.invoice_id == one.invoice_id)
    sums = {"interest": one.interest, "compensation": one.compensation}
    claims = [
        claim
        for kind in KINDS
        for claim in _of_kind(one, kind, sums[kind], [entry for entry in own if entry.kind == kind])
    ]
    return InvoiceClaims(one, tuple(claims), own)


def _of_kind(one: Accrual, kind: Kind, total: Money | None, entries: Sequence[ClaimEntry]) -> list[Claim]:
    """The claims of one kind, one a currency; nothing accrued is shown only where there is no other."""
    currencies = {entry.amount.currency for entry in entries}
    if total is not None and (total.minor or not currencies):
        currencies.add(total.currency)
    result = []
    for currency in sorted(currencies):
        own = [entry for entry in entries if entry.amount.currency == currency]
        claimed = max((entry.amount.minor for entry in own if entry.act == "claimed"), default=0)
        result.append(
            Claim(
                kind=kind,
                country=one.country,
                accrued=total if total and total.currency == currency else Money(currency, 0),
                claimed=Money(currency, claimed),
                waivers=tuple(
                    Waiver(entry.amount, entry.actor, entry.reason or "", entry.on_date)
                    for entry in own
                    if entry.act == "waived"
                ),
                debtor=one.debtor,
            )
        )
    return result


def _claim_dict(claim: Claim) -> dict[str, Any]:
    return {
        "kind": claim.kind,
        "currency": claim.accrued.currency,
        "accrued": claim.accrued.minor,
        "claimed": claim.claimed.minor,
        "waived": claim.waived.minor,
        "claimable": claim.claimable.minor,
        "payable": claim.payable.minor,
        "missing": None,
    }


def _told(made: ClaimEntry, after: Claim) -> timeline.Entry:
    return timeline.Entry(
        payer_id=made.payer_id,
        at=datetime.now(UTC),
        on_date=made.on_date,
        kind="claim.waived",
        actor=made.actor,
        subject=f"invoice:{made.invoice_id}",
        body={
            "invoice": made.invoice_id,
            "kind": made.kind,
            "amount": made.amount.minor,
            "currency": made.amount.currency,
            "reason": made.reason,
            "claimed": after.claimed.minor,
            "waived": after.waived.minor,
        },
    )
