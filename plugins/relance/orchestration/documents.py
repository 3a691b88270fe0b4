"""Invoices' files behind an Airflow connection: object storage, by the scheme of the path (`s3://bucket/F-1.pdf`)."""

from __future__ import annotations

from airflow.sdk import ObjectStoragePath

from relance.errors import DeliveryError


def fetch(conn_id: str, path: str, most_bytes: int) -> bytes:
    """At most `most_bytes` and one more of the file at `path`, through the connection.

    Raises:
        DeliveryError: when it can't be had, whatever the reason; no secret is told.
    """
    try:
        with ObjectStoragePath(path, conn_id=conn_id).open("rb") as file:  # type: ignore[no-untyped-call]
            return bytes(file.read(most_bytes + 1))
    except Exception as error:  # noqa: BLE001 - providers raise what they like; the file is then offered by link
        raise DeliveryError(f"connection {conn_id} does not give the file: {type(error).__name__}") from None
