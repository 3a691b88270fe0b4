"""Delivery: contacts that were planned are put into words, stored, and sent, each once."""

from __future__ import annotations

from relance.delivery.intend import IntendReport, intend
from relance.delivery.send import SendReport, send, settle

__all__ = ["IntendReport", "SendReport", "intend", "send", "settle"]
