"""A mail server for tests, on aiosmtpd: takes mail on a free port of the loopback address and prints each as a line of JSON.

Arguments: what to do with each message in turn, the last one for all that follow.
  ok            take it
  451, 550      refuse it after its data, for now or for good
  rcpt550       refuse its receiver
  from550       refuse its sender
  helo550       refuse to be greeted
  drop_before   take its data, keep nothing, cut the line without an answer
  drop_after    take its data, keep it, cut the line without an answer
--tls DIR offers STARTTLS with a certificate of an authority that is written to DIR/ca.pem, and wants the log-in anxin / a secret.
The first line of output is the port. It ends when its standard input does.
"""
import asyncio, datetime, email, email.policy, ipaddress, json, ssl, sys

from aiosmtpd.smtp import SMTP, AuthResult


def say(value):
    print(json.dumps(value, ensure_ascii=False), flush=True)


class Handler:
    def __init__(self, plan):
        self.plan = plan

    def step(self, take):
        now = self.plan[0]
        if take and len(self.plan) > 1:
            self.plan.pop(0)
        return now

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        if self.step(False) == "helo550":
            self.step(True)
            return ["550 5.7.1 you are not welcome here"]
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.step(False) == "from550":
            self.step(True)
            return "550 5.7.1 this sender is not welcome here"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.step(False) == "rcpt550":
            self.step(True)
            return f"550 5.1.1 <{address}> is unknown here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        what = self.step(True)
        kept = what in ("ok", "drop_after")
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        say({
            "kept": kept, "from": envelope.mail_from, "to": envelope.rcpt_tos, "subject": message["subject"], "auto": message["auto-submitted"],
            "message_id": message["message-id"], "date": message["date"], "header_from": message["from"], "header_to": message["to"],
            "type": message.get_content_type(), "charset": message.get_content_charset(), "body": message.get_content(),
            "tls": session.ssl is not None, "login": session.authenticated,
            "ascii": all(byte < 128 for byte in envelope.content), "longest": max(map(len, envelope.content.split(b"\r\n"))),
        })
        if what.startswith("drop"):
            server.transport.abort()
            return None
        return {"ok": "250 2.0.0 taken", "451": "451 4.3.0 come again later", "550": "550 5.7.1 not wanted here"}[what]


def certificates(folder):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    now = datetime.datetime.now(datetime.timezone.utc)

    def made(name, issuer, key, signer, is_ca):
        named = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
        builder = x509.CertificateBuilder().subject_name(named(name)).issuer_name(named(issuer)).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
        builder = builder.not_valid_after(now + datetime.timedelta(days=2))
        builder = builder.add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        if not is_ca:
            address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
            builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
        return builder.sign(signer, hashes.SHA256())

    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    pem = serialization.Encoding.PEM
    with open(f"{folder}/ca.pem", "wb") as file:
        file.write(made("Test authority", "Test authority", ca_key, ca_key, True).public_bytes(pem))
    with open(f"{folder}/server.pem", "wb") as file:
        file.write(made("127.0.0.1", "Test authority", key, ca_key, False).public_bytes(pem))
        form = serialization.PrivateFormat.PKCS8
        file.write(key.private_bytes(pem, form, serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/server.pem")
    return context


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=data.login == b"anxin" and data.password == b"a secret")


async def main(arguments):
    options = {}
    if arguments[:1] == ["--tls"]:
        options = {"tls_context": certificates(arguments[1]), "require_starttls": True, "auth_required": True,
                   "authenticator": authenticate}
        arguments = arguments[2:]
    handler = Handler(arguments)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, loop=loop, **options), "127.0.0.1", 0)
    say(server.sockets[0].getsockname()[1])
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main(sys.argv[1:]))
