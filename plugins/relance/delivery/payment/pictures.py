"""Codes as pictures: PNG for e-mails, SVG for letters, and the whole Swiss QR-bill."""

from __future__ import annotations

import io
import re
import struct
import zlib
from functools import cache
from typing import Any

from relance.delivery.payment import swiss
from relance.delivery.payment.codes import QUIET, Code, code_of

SCALE = 4
"""Pixels of a module in a PNG; a sharp picture where a mail reader shows pixels as they are."""

_WIDER = [int("".join(bit * SCALE for bit in f"{byte:08b}"), 2).to_bytes(SCALE, "big") for byte in range(256)]
_DARK = re.compile("0+")


def epc_png(text: str) -> bytes:
    """A PNG in black and white, four pixels a module, with its quiet zone."""
    code = code_of(text)
    pixels = code.lines * SCALE
    length = (pixels + 7) // 8
    # Filter 0 is a line as it is, filter 2 the difference from the line above: none, three times.
    same = (b"\x02" + bytes(length)) * (SCALE - 1)
    wider = _WIDER
    lines = [
        b"".join((b"\x00", b"".join([wider[byte] for byte in row])[:length], same)) for row in code.rows()
    ]
    header = struct.pack(">IIBBBBB", pixels, pixels, 1, 0, 0, 0, 0)
    packed = zlib.compress(b"".join(lines), 1)
    return b"".join(
        (b"\x89PNG\r\n\x1a\n", _chunk(b"IHDR", header), _chunk(b"IDAT", packed), _chunk(b"IEND", b""))
    )


def epc_svg(text: str) -> str:
    """An SVG with its quiet zone, one unit a module; the size is the page's to give."""
    code = code_of(text)
    side = code.lines
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" width="{side}mm" height="{side}mm" '
        f'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}H0z"/><path d="{_path(code, 0)}"/></svg>'
    )


def swiss_svg(text: str, language: str = "en") -> str:
    """The whole payment part with its receipt, 210 by 106 mm (the upper millimetre holds the scissors), from `Payment.swiss`.

    Bills exist in German, French, Italian and English; other languages get the English one.

    Raises:
        ValueError: for text that is not a QR-bill's.
    """
    bill = swiss.read(text)
    spoken = language.partition("-")[0]
    drawing = _bill_class()(
        account=bill.iban,
        creditor={
            "name": bill.name, "street": bill.street, "house_num": bill.house_no, "pcode": bill.postcode,
            "city": bill.city, "country": bill.country,
        },
        amount=bill.amount,
        currency=bill.currency,
        reference_number=bill.reference or None,
        additional_information=bill.message,
        language=spoken if spoken in {"de", "fr", "it"} else "en",
    )  # fmt: skip
    drawing.relance_text = text
    out = io.StringIO()
    drawing.as_svg(out)
    return out.getvalue()


@cache
def _bill_class() -> Any:
    """`QRBill` whose code holds our very text, and is drawn ten times as fast as by its own library; loaded when needed."""
    from qrbill import QRBill  # type: ignore[import-untyped]
    from qrbill.bill import mm  # type: ignore[import-untyped]

    class Bill(QRBill):  # type: ignore[misc]
        def qr_image(self) -> Any:
            return _Picture(self.relance_text)

        def draw_blank_rect(  # noqa: PLR0917
            self, dwg: Any, grp: Any, x: float, y: float, width: float, height: float
        ) -> None:
            # The receipt's field for the debtor is 52 x 20 mm (guidelines, 3.5.3); drawn higher it meets the sum.
            on_receipt = width == mm(52)
            super().draw_blank_rect(dwg, grp, x, y, width, mm(20) if on_receipt else height)

    return Bill


class _Picture:
    """What `QRBill` asks of its code: a width in units, and an SVG with one path."""

    def __init__(self, text: str) -> None:
        self._code = code_of(text)
        self.width = self._code.lines - 2 * QUIET

    def save(self, out: io.BytesIO) -> None:
        """Write the SVG."""
        out.write(f'<svg><path d="{_path(self._code, QUIET)}"/></svg>'.encode())


def _path(code: Code, skip: int) -> str:
    """Dark runs of each row as rectangles one unit high, with `skip` modules of the quiet zone cut off."""
    parts = []
    for y, row in enumerate(code.rows()):
        line = f"{int.from_bytes(row, 'big'):0{8 * code.width}b}"
        for run in _DARK.finditer(line):
            length = run.end() - run.start()
            parts.append(f"M{run.start() - skip} {y - skip}h{length}v1h-{length}z")
    return "".join(parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return b"".join((struct.pack(">I", len(data)), kind, data, struct.pack(">I", zlib.crc32(kind + data))))
