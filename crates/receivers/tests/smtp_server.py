"""A mail server on loopback, by aiosmtpd. Writes its port as the first line, then each mail that it takes as a line of JSON.

smtp_server.py [--starttls CERT KEY | --implicit CERT KEY] [--login NAME PASSWORD] [--max-bytes COUNT] [--full FILE]

It refuses never@… for good, and later@… while the file is there.
"""

import argparse
import asyncio
import email
import email.policy
import hashlib
import json
import logging
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Handler:
    def __init__(self, full):
        self.full = full

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("never"):
            return "550 no such user"
        if address.startswith("later") and self.full and os.path.exists(self.full):
            return "451 greylisted, try later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": server.transport.get_extra_info("cipher") is not None,
            "login": session.auth_data.login.decode() if session.auth_data else None,
            **read(envelope.content),
        }
        print(json.dumps(mail), flush=True)
        return "250 OK"


def read(content):
    """A mail as Python's own reader has it."""
    mail = email.message_from_bytes(content, policy=email.policy.default)
    return {
        "headers": {name.lower(): str(value) for name, value in mail.items()},
        "defects": [str(defect) for part in mail.walk() for defect in part.defects],
        "parts": [part_of(part) for part in mail.walk()],
    }


def part_of(part):
    held = part.get_payload(decode=True) or b""
    is_text = part.get_content_maintype() == "text"
    return {
        "type": part.get_content_type(),
        "id": part["content-id"],
        "disposition": part.get_content_disposition(),
        "text": part.get_content() if is_text else None,
        "sha256": hashlib.sha256(held).hexdigest(),
    }


def context(pair):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*pair)
    return made


async def main():
    # That a client ends a session is what some tests are about.
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    parser = argparse.ArgumentParser()
    parser.add_argument("--starttls", nargs=2)
    parser.add_argument("--implicit", nargs=2)
    parser.add_argument("--login", nargs=2)
    parser.add_argument("--max-bytes", type=int, default=33554432)
    parser.add_argument("--full")
    asked = parser.parse_args()

    def authenticate(server, session, envelope, mechanism, data):
        right = LoginPassword(*[word.encode() for word in asked.login or ["", ""]])
        # What is not handled, it answers itself.
        return AuthResult(success=data == right, handled=False, auth_data=data)

    def connection():
        return SMTP(
            Handler(asked.full),
            hostname="localhost",
            data_size_limit=asked.max_bytes,
            tls_context=context(asked.starttls) if asked.starttls else None,
            require_starttls=asked.starttls is not None,
            authenticator=authenticate if asked.login else None,
            auth_required=asked.login is not None,
            auth_require_tls=asked.starttls is not None,
        )

    tls = context(asked.implicit) if asked.implicit else None
    server = await asyncio.get_running_loop().create_server(connection, "127.0.0.1", 0, ssl=tls)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Ends with whoever started it.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    os._exit(0)


asyncio.run(main())
