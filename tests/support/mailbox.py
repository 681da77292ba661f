"""A real, small SMTP server and a real, small HTTP server: who receives what Oriel sends."""

import base64
import email
import email.policy
import http.server
import json
import socketserver
import ssl
import subprocess
import threading


def certificate(folder):
    """(certificate, key) of 127.0.0.1, signed by itself."""
    files = folder / "mail.pem", folder / "mail.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-out", str(files[0]), "-keyout", str(files[1])],
        check=True, capture_output=True,
    )  # fmt: skip
    return files


class Mailbox:
    """Takes mails (RFC 5321); offers STARTTLS and AUTH when it has a certificate and a login."""

    def __init__(self, certificate=None, login=None):
        self.certificate = certificate
        self.login = login  # (user, password): asked for before any mail
        self.mails = []  # email.message.EmailMessage
        self.commands = []
        self.encrypted = False  # whether the last mail came over TLS
        mailbox = self

        class Dialogue(socketserver.StreamRequestHandler):
            def handle(self):
                mailbox._talk(self)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Dialogue)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"smtp://127.0.0.1:{self.port}"

    def start(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def _talk(self, handler):
        state = {"read": handler.rfile, "write": handler.wfile, "tls": False, "in": False}

        def say(line):
            state["write"].write(line.encode() + b"\r\n")
            state["write"].flush()

        say("220 mailbox")
        while line := state["read"].readline():
            command = line.decode().strip()
            self.commands.append(command)
            verb = command.split(" ")[0].upper()
            if verb in ("EHLO", "HELO"):
                offers = ["STARTTLS"] if self.certificate and not state["tls"] else []
                offers += ["AUTH PLAIN"] if self.login else []
                for offer in ["mailbox", *offers]:
                    say(f"250-{offer}")
                say("250 8BITMIME")
            elif verb == "STARTTLS":
                say("220 go ahead")
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*self.certificate)
                try:
                    safe = context.wrap_socket(handler.connection, server_side=True)
                except ssl.SSLError:
                    return
                state.update(read=safe.makefile("rb"), write=safe.makefile("wb"), tls=True)
            elif verb == "AUTH":
                self._authenticate(command, state, say)
            elif verb == "MAIL" and self.login and not state["in"]:
                say("530 log in first")
            elif verb == "DATA":
                say("354 go on")
                self._take(state)
                say("250 taken")
            elif verb == "QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")

    def _authenticate(self, command, state, say):
        words = command.split(" ")
        if len(words) < 3:
            say("334 ")
            words.append(state["read"].readline().decode().strip())
        given = base64.b64decode(words[2]).split(b"\0")[1:]
        state["in"] = tuple(word.decode() for word in given) == self.login
        say("235 welcome" if state["in"] else "535 no")

    def _take(self, state):
        lines = []
        while (line := state["read"].readline()) and line != b".\r\n":
            lines.append(line[1:] if line.startswith(b"..") else line)
        self.encrypted = state["tls"]
        self.mails.append(email.message_from_bytes(b"".join(lines), policy=email.policy.default))


class Receiver:
    """Takes webhooks; `status` is what it answers."""

    def __init__(self):
        self.status = 200
        self.requests = []  # (headers, body as bytes)
        receiver = self

        class Hook(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # noqa: N802 - named by http.server
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append((dict(self.headers), body))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook-of-the-house"

    def start(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def notices(self, event=None):
        """All notices that came, in order."""
        found = []
        for _, body in list(self.requests):
            found += json.loads(body)["notices"]
        return [notice for notice in found if event in (None, notice["event"])]
