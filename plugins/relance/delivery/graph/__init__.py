"""E-mail through Microsoft Graph, from a (shared) mailbox of Microsoft 365, by an application's own credentials."""

from __future__ import annotations

from relance.delivery.graph.channel import GraphChannel

__all__ = ["GraphChannel"]
