"""Late interest and compensation by country's law: dated configuration read once, then pure sums.

book = law.load(Path("config/law"))
law.late_interest(book, country="FR", amount=Money.parse("10000.00 EUR"), due=…, until=…)
"""

from relance.law.book import LawBook, Quote
from relance.law.claims import Claim, Waiver
from relance.law.errors import LawError
from relance.law.interest import Interest, RatePeriod, late_interest
from relance.law.loader import load

__all__ = [
    "Claim",
    "Interest",
    "LawBook",
    "LawError",
    "Quote",
    "RatePeriod",
    "Waiver",
    "late_interest",
    "load",
]
