"""Delivery: contacts that were planned are put into words, stored, and sent, each once."""

from __future__ import annotations

from relance.delivery.intend import IntendReport, intend
from relance.delivery.send import SendReport, send, settle
from relance.delivery.withdraw import withdraw

__all__ = ["IntendReport", "SendReport", "intend", "send", "settle", "withdraw"]
