"""Money: integer minor units with a currency; never a float.

Minor-unit digits are those of ISO 4217 as Babel carries them (JPY 0, EUR 2, TND 3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from types import MappingProxyType

from babel.core import get_global

_FRACTIONS = MappingProxyType(dict(get_global("currency_fractions")))
# ISO 4217 where CLDR's display digits differ from the standard's minor unit.
_ISO_4217 = MappingProxyType(
    {"AFN": 2, "ALL": 2, "CLF": 4, "COP": 2, "HUF": 2, "IDR": 2, "IQD": 3, "IRR": 2, "ISK": 0, "KPW": 2, "LAK": 2,
     "LBP": 2, "MGA": 2, "MMK": 2, "PKR": 2, "RSD": 2, "SLE": 2, "SOS": 2, "SYP": 2, "TZS": 2, "UGX": 0, "UYW": 4,
     "UZS": 2, "YER": 2, "ZMW": 2, "TWD": 2, "MUR": 2, "CRC": 2, "CZK": 2, "GYD": 2, "MNT": 2, "NOK": 2, "SEK": 2}
)  # fmt: skip
# Withdrawn codes that old ledgers still name are refused with the unknown ones: a payer can't pay in them.
_ACTIVE = frozenset(
    [
        "AED",
        "AFN",
        "ALL",
        "AMD",
        "AOA",
        "ARS",
        "AUD",
        "AWG",
        "AZN",
        "BAM",
        "BBD",
        "BDT",
        "BGN",
        "BHD",
        "BIF",
        "BMD",
        "BND",
        "BOB",
        "BOV",
        "BRL",
        "BSD",
        "BTN",
        "BWP",
        "BYN",
        "BZD",
        "CAD",
        "CDF",
        "CHE",
        "CHF",
        "CHW",
        "CLF",
        "CLP",
        "CNY",
        "COP",
        "COU",
        "CRC",
        "CUP",
        "CVE",
        "CZK",
        "DJF",
        "DKK",
        "DOP",
        "DZD",
        "EGP",
        "ERN",
        "ETB",
        "EUR",
        "FJD",
        "FKP",
        "GBP",
        "GEL",
        "GHS",
        "GIP",
        "GMD",
        "GNF",
        "GTQ",
        "GYD",
        "HKD",
        "HNL",
        "HTG",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "IQD",
        "IRR",
        "ISK",
        "JMD",
        "JOD",
        "JPY",
        "KES",
        "KGS",
        "KHR",
        "KMF",
        "KPW",
        "KRW",
        "KWD",
        "KYD",
        "KZT",
        "LAK",
        "LBP",
        "LKR",
        "LRD",
        "LSL",
        "LYD",
        "MAD",
        "MDL",
        "MGA",
        "MKD",
        "MMK",
        "MNT",
        "MOP",
        "MRU",
        "MUR",
        "MVR",
        "MWK",
        "MXN",
        "MXV",
        "MYR",
        "MZN",
        "NAD",
        "NGN",
        "NIO",
        "NOK",
        "NPR",
        "NZD",
        "OMR",
        "PAB",
        "PEN",
        "PGK",
        "PHP",
        "PKR",
        "PLN",
        "PYG",
        "QAR",
        "RON",
        "RSD",
        "RUB",
        "RWF",
        "SAR",
        "SBD",
        "SCR",
        "SDG",
        "SEK",
        "SGD",
        "SHP",
        "SLE",
        "SOS",
        "SRD",
        "SSP",
        "STN",
        "SVC",
        "SYP",
        "SZL",
        "THB",
        "TJS",
        "TMT",
        "TND",
        "TOP",
        "TRY",
        "TTD",
        "TWD",
        "TZS",
        "UAH",
        "UGX",
        "USD",
        "USN",
        "UYI",
        "UYU",
        "UYW",
        "UZS",
        "VED",
        "VES",
        "VND",
        "VUV",
        "WST",
        "XAF",
        "XCD",
        "XCG",
        "XOF",
        "XPF",
        "YER",
        "ZAR",
        "ZMW",
        "ZWG",
        "HRK",
        "ANG",
    ]
)

_MONEY = re.compile(r"(-?\d+(?:\.\d+)?) ([A-Z]{3})")


def is_currency(code: str) -> bool:
    """Whether `code` is a currency of ISO 4217 in which one can owe."""
    return code in _ACTIVE


@lru_cache(maxsize=512)
def digits(currency: str) -> int:
    """Number of digits of the currency's minor unit (ISO 4217): EUR 2, JPY 0, TND 3.

    Raises:
        ValueError: for a code that ISO 4217 does not list.
    """
    if currency not in _ACTIVE:
        raise ValueError(f"{currency!r} is not an ISO 4217 currency")
    if currency in _ISO_4217:
        return _ISO_4217[currency]
    fractions = _FRACTIONS.get(currency) or _FRACTIONS["DEFAULT"]
    return int(fractions[0])


def to_minor(amount: str | Decimal, currency: str) -> int:
    """Exact minor units of a decimal amount: ("12.50", "EUR") → 1250.

    Raises:
        ValueError: unreadable, not finite, or with more decimals than the currency has.
    """
    try:
        value = Decimal(amount)
    except InvalidOperation as error:
        raise ValueError(f"{amount!r} is not an amount") from error
    if not value.is_finite():
        raise ValueError(f"{amount!r} is not an amount")
    scaled = value.scaleb(digits(currency))
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} has more decimals than {currency} has ({digits(currency)})")
    return int(scaled)


def to_decimal(minor: int, currency: str) -> Decimal:
    """The decimal amount of minor units: (1250, "EUR") → Decimal("12.50")."""
    return Decimal(minor).scaleb(-digits(currency))


def round_half_up(value: Decimal) -> int:
    """Round once, at the end, half away from zero, to whole minor units."""
    return int(value.to_integral_value(rounding=ROUND_HALF_UP))


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in minor units of its currency."""

    currency: str
    minor: int

    @classmethod
    def parse(cls, text: str) -> Money:
        """Read "120.00 EUR".

        Raises:
            ValueError: when `text` is not an amount, a space and an ISO 4217 code.
        """
        match = _MONEY.fullmatch(text.strip())
        if match is None:
            raise ValueError(f'{text!r} is not money; write it as "120.00 EUR"')
        return cls(match[2], to_minor(match[1], match[2]))

    def __str__(self) -> str:
        return f"{to_decimal(self.minor, self.currency)} {self.currency}"
