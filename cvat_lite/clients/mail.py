"""Mail to people: one message to one address, through the SMTP server of the settings."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

SECONDS = 20.0
PORTS = {"smtp": 25, "smtps": 465}


def send(smtp_url: str, sender: str, recipient: str, subject: str, text: str) -> None:
    """Send a message; OSError or smtplib.SMTPException if the server does not take it.

    ``smtp_url`` is ``smtp://[user:password@]host[:port]``, or ``smtps://`` for a server that
    speaks TLS from the first byte; with ``smtp`` TLS is begun where the server offers it, and a
    password is never sent without. It blocks: call it in a thread.
    """
    url = urlsplit(smtp_url)
    if url.scheme not in PORTS or not url.hostname:
        raise OSError(f"{url.scheme}:// is no address of a mail server")
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, recipient, subject
    message.set_content(text)
    with connect(url.scheme, url.hostname, url.port or PORTS[url.scheme]) as server:
        secure = url.scheme == "smtps"
        if not secure and server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
            secure = True
        if url.username:
            if not secure:
                raise OSError("the mail server offers no TLS, and a password is not sent without")
            server.login(unquote(url.username), unquote(url.password or ""))
        server.send_message(message)


def connect(scheme: str, host: str, port: int) -> smtplib.SMTP:
    """A connection that has been greeted."""
    if scheme == "smtps":
        context = ssl.create_default_context()
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=SECONDS)
    server.ehlo_or_helo_if_needed()
    return server
