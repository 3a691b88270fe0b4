"""What makes paying easy: a reference that banks check, codes to scan, signed links."""

from __future__ import annotations

from relance.delivery.payment.model import Payment, payment_of

__all__ = ["Payment", "payment_of"]
