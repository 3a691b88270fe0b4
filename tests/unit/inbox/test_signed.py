"""Whose request it is."""

from __future__ import annotations

import pytest
from twilio.request_validator import RequestValidator

from relance.inbox.signed import STATE_S, State, is_twilios, parameters, seal, unseal

TOKEN, URL = "t0ken", "https://pay.lumen.example/twilio/message"
SENT = [("From", "+33612345678"), ("Body", "Bonjour é <b>"), ("MessageSid", "SM1")]


def signature(url: str, pairs=SENT, token: str = TOKEN) -> str:
    return RequestValidator(token).compute_signature(url, parameters(pairs))


def ours(url: str = URL, pairs=SENT, given: str | None = None, token: str = TOKEN) -> bool:
    return is_twilios(
        token=token, url=url, sent=parameters(pairs), signature=signature(url) if given is None else given
    )


def test_what_the_account_signed_is_twilios() -> None:
    assert ours()


@pytest.mark.parametrize(
    "called",
    [
        "https://pay.lumen.example:443/twilio/message",
        f"{URL}#rc=5&rp=all",
        "https://pay.lumen.example:443/twilio/message#rc=5&rp=all",
    ],
)
def test_twilio_may_sign_with_the_port_or_its_overrides(called: str) -> None:
    assert ours(given=signature(called))


def test_the_example_of_twilios_own_library_holds() -> None:
    sent = {
        "CallSid": "CA1234567890ABCDE", "Digits": "1234", "From": "+14158675309", "To": "+18005551212",
        "Caller": "+14158675309",
    }  # fmt: skip
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    given = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    assert is_twilios(token="12345", url=url, sent=parameters(list(sent.items())), signature=given)
    assert not is_twilios(token="12346", url=url, sent=parameters(list(sent.items())), signature=given)


@pytest.mark.parametrize(
    "changed",
    [
        {"given": ""},
        {"given": "é"},
        {"given": signature(URL, token="another")},
        {"given": signature("https://pay.lumen.example/twilio/status/k")},
        {"given": signature("http://pay.lumen.example/twilio/message")},
        {"given": signature(f"{URL}?x=1")},
        {"pairs": [*SENT, ("Digits", "1")], "given": signature(URL)},
        {"pairs": SENT[:2], "given": signature(URL)},
        {"pairs": [("From", "+33600000000"), *SENT[1:]], "given": signature(URL)},
    ],
)
def test_anything_changed_is_not(changed: dict) -> None:
    assert not ours(**changed)


def test_a_step_of_a_call_is_good_for_this_call_and_a_while() -> None:
    text = seal(TOKEN, key="k", call="CA1", state=State("menu", 2), now=1000.0)
    assert unseal(TOKEN, key="k", call="CA1", text=text, now=1000.0 + STATE_S) == State("menu", 2)
    assert unseal(TOKEN, key="k", call="CA1", text=text, now=1001.0 + STATE_S) is None
    assert unseal(TOKEN, key="k", call="CA2", text=text, now=1000.0) is None
    assert unseal(TOKEN, key="j", call="CA1", text=text, now=1000.0) is None
    assert unseal("other", key="k", call="CA1", text=text, now=1000.0) is None


@pytest.mark.parametrize("text", ["", ".", "x.y", "é.é", "WyJtZW51Il0."])
def test_a_state_that_we_did_not_write_is_none(text: str) -> None:
    assert unseal(TOKEN, key="k", call="CA1", text=text, now=0.0) is None
