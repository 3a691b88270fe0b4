"""Card payments: the official client against an emulator nobody here wrote, and each request as it leaves."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import stripe as official

from relance.delivery.card import Purchase, card_link, session
from relance.delivery.links import check
from relance.delivery.port import ChannelRefusedError
from relance.errors import PermanentError, TransientError, UsageError
from relance.money import Money
from relance.settings import Stripe
from tests.integration.delivery import stripe_emulator
from tests.integration.delivery.conftest import make_settings

pytestmark = pytest.mark.integration
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
PURCHASE = Purchase("ab" * 16, "FR01", "Lumen SAS", "RF05 FR00 001", Money("EUR", 123456), "fr-BE")
PAGES = {"success_url": "https://pay.lumen.example/done", "cancel_url": "https://pay.lumen.example/back"}


@dataclass
class Recorder:
    """A server that keeps what it is asked and answers as it is told; Stripe's shape, as far as the client reads it."""

    url: str = ""
    status: int = 200
    answer: dict[str, object] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = field(default_factory=list)

    def of(self, path: str) -> tuple[dict[str, str], dict[str, str]]:
        return next((form, headers) for where, form, headers in self.asked if where == path)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    kept = Recorder(answer={"id": "x_1", "object": "checkout.session", "url": "https://checkout.example/x_1"})

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            kept.asked.append((self.path, dict(urllib.parse.parse_qsl(form)), dict(self.headers)))
            body = json.dumps(kept.answer).encode()
            self.send_response(kept.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield kept
    server.shutdown()
    server.server_close()


def account(url: str) -> Stripe:
    return Stripe(api_key="sk_test_lumen", base_url=url, timeout_s=5)


def test_the_emulator_takes_our_session_shows_the_sum_and_is_paid():
    with stripe_emulator.running() as url:
        address = session(account(url), PURCHASE, now=datetime.now(UTC), **PAGES)
        assert address.rpartition("/")[0].endswith("/checkout")
        page = urllib.request.urlopen(address, timeout=5).read().decode()
        assert "Lumen SAS" in page
        assert "1,234.56" in page or "1234.56" in page
        client = official.StripeClient("sk_test_lumen", base_addresses={"api": url})
        made = client.v1.checkout.sessions.retrieve(address.rpartition("/")[2])
        assert (made.mode, made.payment_status) == ("payment", "unpaid")
        assert made.metadata is not None
        assert made.metadata.to_dict() == {"key": PURCHASE.key, "entity": "FR01"}
        assert (made.success_url, made.cancel_url) == tuple(PAGES.values())


def test_what_leaves_says_the_sum_whose_it_is_and_no_more(recorder):
    assert session(account(recorder.url), PURCHASE, now=NOW, **PAGES) == "https://checkout.example/x_1"
    price, _ = recorder.of("/v1/prices")
    assert price == {"product": "x_1", "currency": "eur", "unit_amount": "123456"}
    form, headers = recorder.of("/v1/checkout/sessions")
    assert form["client_reference_id"] == PURCHASE.key
    assert form["payment_intent_data[description]"] == "RF05 FR00 001"
    assert form["locale"] == "fr"
    assert {name for name in form if name.startswith("metadata")} == {"metadata[key]", "metadata[entity]"}
    assert headers["Idempotency-Key"].startswith(PURCHASE.key)


def test_a_session_ends_within_the_24_hours_that_stripe_allows(recorder):
    for hours in range(0, 30, 3):
        recorder.asked.clear()
        now = NOW + timedelta(hours=hours)
        session(account(recorder.url), PURCHASE, now=now, **PAGES)
        ends = int(recorder.of("/v1/checkout/sessions")[0]["expires_at"]) - now.timestamp()
        assert 12 * 3600 <= ends <= 23 * 3600


def test_two_clicks_are_one_request_to_stripe_and_another_sum_another(recorder):
    def asked(purchase: Purchase, now: datetime) -> tuple[str, dict[str, str]]:
        recorder.asked.clear()
        session(account(recorder.url), purchase, now=now, **PAGES)
        form, headers = recorder.of("/v1/checkout/sessions")
        return headers["Idempotency-Key"], form

    first = asked(PURCHASE, NOW)
    assert asked(PURCHASE, NOW + timedelta(seconds=30)) == first
    assert asked(replace(PURCHASE, total=Money("EUR", 1)), NOW)[0] != first[0]
    assert asked(replace(PURCHASE, reference="F-2"), NOW)[0] != first[0]
    assert asked(PURCHASE, NOW + timedelta(hours=12))[0] != first[0]


@pytest.mark.parametrize(
    ("total", "sent"),
    [
        (Money("JPY", 500), "500"),
        (Money("ISK", 5), "500"),
        (Money("MGA", 500), "5"),
        (Money("TND", 5120), "5120"),
        (Money("GBP", 1), "1"),
    ],
)
def test_sums_are_counted_as_stripe_counts(recorder, total, sent):
    session(account(recorder.url), replace(PURCHASE, total=total), now=NOW, **PAGES)
    assert recorder.of("/v1/prices")[0]["unit_amount"] == sent


@pytest.mark.parametrize("total", [Money("EUR", 0), Money("EUR", -1), Money("TND", 5125), Money("MGA", 501)])
def test_sums_that_no_card_pays_are_refused_before_anything_leaves(recorder, total):
    with pytest.raises(UsageError, match="card can't pay"):
        session(account(recorder.url), replace(PURCHASE, total=total), now=NOW, **PAGES)
    assert recorder.asked == []


@pytest.mark.parametrize(
    ("status", "kind", "error"),
    [
        (401, "invalid_request_error", ChannelRefusedError),
        (403, "invalid_request_error", ChannelRefusedError),
        (429, "rate_limit_error", TransientError),
        (500, "api_error", TransientError),
        (400, "invalid_request_error", PermanentError),
    ],
)
def test_stripes_errors_are_ours_and_quote_nothing(recorder, monkeypatch, status, kind, error):
    monkeypatch.setattr("relance.delivery.card._RETRIES", 0)
    recorder.status = status
    recorder.answer = {
        "error": {"type": kind, "message": "No such thing: 'private@client.example'", "code": "some_code"}
    }
    with pytest.raises(error) as caught:
        session(account(recorder.url), PURCHASE, now=NOW, **PAGES)
    assert "private" not in str(caught.value)
    assert "sk_test" not in str(caught.value)


def test_nobody_there_is_worth_another_try(monkeypatch):
    monkeypatch.setattr("relance.delivery.card._RETRIES", 0)
    with pytest.raises(TransientError, match="no answer"):
        session(account("http://127.0.0.1:9"), PURCHASE, now=NOW, **PAGES)


def test_the_link_in_a_message_is_our_own(tmp_path: Path):
    settings = replace(
        make_settings(tmp_path),
        public_url="https://pay.lumen.example",
        link_secret="s" * 32,
        stripe=account("http://x"),
    )
    link = card_link(settings, PURCHASE.key, issued=NOW)
    assert link is not None
    assert link.startswith("https://pay.lumen.example/pay/card/")
    assert check(settings, link.rpartition("/")[2], now=NOW, scopes={"card"}).key == PURCHASE.key
    assert card_link(replace(settings, stripe=Stripe()), PURCHASE.key, issued=NOW) is None


def test_without_a_key_there_is_no_session():
    with pytest.raises(UsageError, match="not set up"):
        session(Stripe(), PURCHASE, now=NOW, **PAGES)
