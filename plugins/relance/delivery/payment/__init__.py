"""What makes paying easy: a reference that banks check, codes to scan, signed links."""

from __future__ import annotations

from relance.delivery.payment.model import Payment, payment_of
from relance.delivery.payment.pictures import epc_png, epc_svg, swiss_svg

__all__ = ["Payment", "epc_png", "epc_svg", "payment_of", "swiss_svg"]
