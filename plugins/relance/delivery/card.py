"""Payment by card through Stripe Checkout: our own signed link in the message, a session made when it is opened.

A Checkout session lives 24 hours at most, a message is read for weeks: so the message carries our link (scope "card"), and
the page behind it calls `session` with what is open at that moment (docs/payment.md says why not otherwise).
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from relance.delivery.links import make_link
from relance.delivery.port import ChannelRefusedError
from relance.errors import PermanentError, TransientError, UsageError
from relance.money import Money, digits
from relance.settings import Settings, Stripe

if TYPE_CHECKING:
    from stripe import StripeClient

_WINDOW = timedelta(hours=11)
_LIFE = timedelta(hours=23)
"""A session made within a window of 11 hours ends 23 hours after the window began: 12 to 23 hours later. The bounds are
the same for each click of the window, so that a repeated request is the same request to Stripe."""

_RETRIES = 2
_OURS_IN_STRIPE = {"ISK": 2, "UGX": 2, "MGA": 0}
"""Decimals that Stripe counts with where they differ from ISO 4217 (docs.stripe.com/currencies, special cases)."""


@dataclass(frozen=True, slots=True)
class Purchase:
    """What is paid by card: the contact, its entity, who is paid, for what (as on the transfer), and how much."""

    key: str
    entity: str
    seller: str
    reference: str
    total: Money
    language: str = "auto"


def card_link(settings: Settings, key: str, *, issued: datetime) -> str | None:
    """Our signed address that leads to a card payment, or None where Stripe, an address or a secret is not set.

    Raises:
        UsageError: for a secret that is too short.
    """
    return make_link(settings, key, issued=issued, scope="card") if settings.stripe.api_key else None


def session(stripe: Stripe, purchase: Purchase, *, now: datetime, success_url: str, cancel_url: str) -> str:
    """The address of Stripe's page for this payment; asked again within some hours, the same one.

    Raises:
        UsageError: without a key, or for an amount that cards can't take (not above zero, or of fractions Stripe lacks).
        TransientError: Stripe can't be reached or asks for patience.
        ChannelRefusedError: Stripe refuses our key.
        PermanentError: Stripe refuses the request.
    """
    if stripe.api_key is None:
        raise UsageError("Cards are not set up.", hint="Set RELANCE_STRIPE_KEY.")
    amount = _amount(purchase.total)
    begun = _window(now)
    once = f"{purchase.key}-{purchase.total.currency}{amount}-{int(begun.timestamp())}"
    with _our_errors():
        client = _client(stripe)
        product = _product(client, purchase)
        price = client.v1.prices.create(
            {"product": product, "currency": purchase.total.currency.lower(), "unit_amount": amount},
            {"idempotency_key": f"{once}-price"},
        )
        made = client.v1.checkout.sessions.create(
            {
                "mode": "payment",
                "line_items": [{"price": price.id, "quantity": 1}],
                "client_reference_id": purchase.key,
                "metadata": {"key": purchase.key, "entity": purchase.entity},
                "payment_intent_data": {
                    "description": purchase.reference,
                    "metadata": {"key": purchase.key, "entity": purchase.entity},
                },
                "expires_at": int((begun + _LIFE).timestamp()),
                "locale": _locale(purchase.language),
                "success_url": success_url,
                "cancel_url": cancel_url,
            },
            {"idempotency_key": f"{once}-{_digest(success_url, cancel_url, purchase.reference)}"},
        )
    if made.url is None:
        raise TransientError("Stripe gave no address for the payment.", hint="Open the link again later.")
    return made.url


def _client(stripe: Stripe) -> StripeClient:
    from stripe import RequestsClient, StripeClient

    return StripeClient(
        stripe.api_key or "",
        base_addresses={"api": stripe.base_url},
        http_client=RequestsClient(timeout=stripe.timeout_s),
        max_network_retries=_RETRIES,
    )


def _product(client: StripeClient, purchase: Purchase) -> str:
    """One product an entity, made once: what Stripe's page shows above the sum is the seller's name."""
    from stripe import InvalidRequestError

    wanted = f"relance_{purchase.entity}"
    with contextlib.suppress(InvalidRequestError):  # not there yet
        return client.v1.products.retrieve(wanted).id
    made = client.v1.products.create(
        {"id": wanted, "name": purchase.seller}, {"idempotency_key": f"{wanted}-{_digest(purchase.seller)}"}
    )
    return made.id


def _amount(total: Money) -> int:
    """Minor units as Stripe counts them."""
    ours = digits(total.currency)
    theirs = _OURS_IN_STRIPE.get(total.currency, ours)
    scaled, rest = divmod(total.minor * int(10**theirs), int(10**ours))
    # Stripe wants the last of three decimals to be 0.
    if rest or scaled <= 0 or (theirs == 3 and scaled % 10):
        raise UsageError(f"A card can't pay {total}.", hint="Ask for a transfer.")
    return scaled


def _window(now: datetime) -> datetime:
    start = datetime(1970, 1, 1, tzinfo=UTC)
    return start + (now - start) // _WINDOW * _WINDOW


def _locale(language: str) -> Any:
    """Stripe's name for one of our languages, else what the browser asks for."""
    short = language.partition("-")[0]
    return short if short in {"fr", "en", "de", "es", "it", "nl", "pt"} else "auto"


def _digest(*texts: str) -> str:
    return hashlib.sha256("\x1f".join(texts).encode()).hexdigest()[:16]


@contextlib.contextmanager
def _our_errors() -> Iterator[None]:
    """Stripe's errors as ours; their words may quote what was sent, so only their codes are told."""
    import stripe

    try:
        yield
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        raise ChannelRefusedError("Stripe refuses our key.", hint="Check RELANCE_STRIPE_KEY.") from error
    except (stripe.InvalidRequestError, stripe.IdempotencyError, stripe.CardError) as error:
        raise PermanentError(f"Stripe refuses the payment: {error.code or type(error).__name__}.") from error
    except stripe.StripeError as error:
        raise TransientError(
            f"Stripe can't take the payment now: {error.http_status or 'no answer'}.", hint="Try again later."
        ) from error
