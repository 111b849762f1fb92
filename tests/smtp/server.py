"""A mail server on a free port of 127.0.0.1: prints its port, then each mail that it took as a line of JSON.

    server.py starttls|tls|plain CERTIFICATE KEY

With encryption it wants the user `metrics` with the password `s3cret` first. A mail to later@ is refused for now,
one to never@ for good. It ends when its input does.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("later@"):
            return "451 not now"
        if address.startswith("never@"):
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "mail": envelope.content.decode("utf-8"),
            "encrypted": server.transport.get_extra_info("ssl_object") is not None,
            "hello": session.host_name,
        }
        print(json.dumps(mail), flush=True)
        return "250 OK"


def authenticated(server, session, envelope, mechanism, login):
    good = login.login == b"metrics" and login.password == b"s3cret"
    return AuthResult(success=good, handled=good)


async def main():
    mode, certificate, key = sys.argv[1:]
    context = None
    if mode != "plain":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)

    def factory():
        return SMTP(
            Handler(),
            hostname="mail.example.com",
            tls_context=context if mode == "starttls" else None,
            require_starttls=mode == "starttls",
            authenticator=authenticated,
            auth_required=mode != "plain",
            auth_require_tls=mode == "starttls",
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        factory, "127.0.0.1", 0, ssl=context if mode == "tls" else None
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
