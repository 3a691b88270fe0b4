"""Mail as servers and people write it, in the forms that are known of them; all names and addresses are examples."""

from __future__ import annotations

import base64

KEY = "0f" * 16
TO = "marie@client.example"
HEADERS = f"""Received: from mail.lumen.example ([192.0.2.10]) by mx.client.example; Mon, 2 Mar 2026 09:00:02 +0100
From: Lumen <compta@lumen.example>
To: Marie Durand <{TO}>
Cc: chef@client.example
Subject: Facture F-1
Message-ID: <{KEY}@lumen.example>
In-Reply-To: <{"1e" * 16}@lumen.example>
References: <{"2e" * 16}@lumen.example>
 <{"1e" * 16}@lumen.example>
Auto-Submitted: auto-generated
X-Relance-Key: {KEY}
"""


def report(
    *recipients: str,
    words: str = "Your mail came back.",
    head: str = "",
    given_back: str = HEADERS,
    what: str = "",
) -> bytes:
    """A delivery status notification (RFC 3464); `recipients` are the groups of fields about each of them."""
    fields = "\n\n".join(
        ("Reporting-MTA: dns; mx.client.example\nArrival-Date: Mon, 2 Mar 2026 09:00:00 +0100", *recipients)
    )
    returned = what or "message/rfc822"
    return f"""From: MAILER-DAEMON@mx.client.example (Mail Delivery System)
To: compta@lumen.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Message-ID: <20260302080001.ABC@mx.client.example>
{head}MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain; charset=utf-8

{words}

--B
Content-Type: message/delivery-status

{fields}

--B
Content-Type: {returned}

{given_back}
Bonjour
--B--
""".encode()


def recipient(
    status: str = "5.1.1",
    action: str = "failed",
    address: str = TO,
    diagnostic: str = "550 5.1.1 User unknown",
    more: str = "",
) -> str:
    """The fields about one recipient."""
    return f"Final-Recipient: rfc822; {address}\n{more}Action: {action}\nStatus: {status}\nDiagnostic-Code: smtp; {diagnostic}"


POSTFIX = report(
    recipient(diagnostic=f"550 5.1.1 <{TO}>:\n    Recipient address rejected: User unknown in virtual mailbox table",
              more=f"Original-Recipient: rfc822;{TO}\n")
)  # fmt: skip
EXCHANGE = report(
    recipient("5.1.10", diagnostic="550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"),
    head=f"In-Reply-To: <{KEY}@lumen.example>\nX-MS-Exchange-Message-Is-Ndr:\n",
)  # fmt: skip
GMAIL = report(
    recipient("5.1.1", diagnostic="550-5.1.1 The email account that you tried to reach does not exist. Please try\n"
              " 550-5.1.1 double-checking the recipient's email address for typos or\n 550 5.1.1 unnecessary spaces."),
    head=f"X-Failed-Recipients: {TO}\n",
)  # fmt: skip
ONLY_HEADERS = report(recipient(), what="text/rfc822-headers")
BASE64 = report(
    recipient(),
    what="text/rfc822-headers\nContent-Transfer-Encoding: base64",
    given_back=base64.encodebytes(HEADERS.encode()).decode(),
)
FULL = report(recipient("5.2.2", diagnostic="552 5.2.2 Mailbox size limit exceeded"))
GAVE_UP = report(recipient("4.4.1", diagnostic="Connection timed out; delivery not possible for five days"))
DELAYED = report(recipient("4.4.1", action="delayed", diagnostic="451 4.4.1 Connection timed out"))
DELIVERED = report(recipient("2.1.5", action="delivered", diagnostic="250 2.1.5 OK"))
GATEWAY = report(recipient("5.0.0", diagnostic="552 5.2.2 Over quota"))
EXIM = f"""Return-path: <>
From: Mail Delivery System <Mailer-Daemon@mx.client.example>
To: compta@lumen.example
X-Failed-Recipients: {TO}
Auto-Submitted: auto-replied
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1xyz@mx.client.example>

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {TO}
    SMTP error from remote mail server after RCPT TO:<{TO}>:
    host mx2.client.example [192.0.2.20]: 550 5.1.1 unknown user

------ This is a copy of the message, including all the headers. ------

{HEADERS}
Bonjour
""".encode()
QMAIL = f"""Return-Path: <>
From: MAILER-DAEMON@mx.client.example
To: compta@lumen.example
Subject: failure notice
Date: 2 Mar 2026 08:00:01 -0000

Hi. This is the qmail-send program at mx.client.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{TO}>:
192.0.2.20 does not like recipient.
Remote host said: 550 sorry, no mailbox here by that name

--- Below this line is a copy of the message.

{HEADERS}
Bonjour
""".encode()
AWAY = f"""From: Marie Durand <{TO}>
To: compta@lumen.example
Subject: Absence du bureau
Auto-Submitted: auto-replied
In-Reply-To: <{KEY}@lumen.example>
Message-ID: <oof-1@client.example>

Je suis absente jusqu'au 16 mars. En cas d'urgence: +33 6 00 00 00 00
""".encode()


def answer(
    text: str, *, sender: str = TO, references: bool = True, head: str = "", message_id: str = "r-1"
) -> bytes:
    """What a person writes back."""
    thread = (
        f"In-Reply-To: <{KEY}@lumen.example>\nReferences: <{'2e' * 16}@lumen.example> <{KEY}@lumen.example>\n"
    )
    return f"""From: =?utf-8?q?Andr=C3=A9e?= <{sender}>
To: compta@lumen.example
Subject: Re: Facture F-1
Message-ID: <{message_id}@client.example>
{thread if references else ""}{head}MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

{text}
""".encode()
