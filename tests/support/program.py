"""The program under test, started as an operator starts it."""

import hashlib
import os
import pathlib
import re
import signal
import subprocess

import requests

from support import postgres
from support.ports import free_port
from support.waiting import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Another build (a sanitizer's, say) by its path in ORIEL_PROGRAM.
PROGRAM = pathlib.Path(os.environ.get("ORIEL_PROGRAM", ROOT / "build/release/oriel"))
READY = re.compile(r"https?://[\w.\[\]:-]+:\d+")
METRIC = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([-+0-9.eE]+|NaN|[-+]Inf)$", re.MULTILINE)


def run(*arguments, timeout_s=60, text_in=None):
    """One subcommand to its end: the CompletedProcess, output as text."""
    return subprocess.run(
        [str(PROGRAM), *map(str, arguments)],
        capture_output=True, text=True, timeout=timeout_s, input=text_in or "",
    )  # fmt: skip


class Oriel:
    """`oriel serve` with a data folder of its own. Keeps its port over restarts."""

    def __init__(self, folder, feeds="", http="", extra="", port=None, limits=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self.data = self.folder / "data"
        self.config = self.folder / "oriel.toml"
        self.log = self.folder / "oriel.log"
        self.process = None
        self.base = f"http://127.0.0.1:{self.port}"
        self.session = self.new_session()
        self.limits = limits  # of subprocess.Popen's preexec_fn
        self.write_config(feeds, http, extra)

    def write_config(self, feeds="", http="", extra=""):
        if postgres.wanted() and "database =" not in extra:
            extra += f'\ndatabase = "{postgres.shared().url(self.database_name())}"'
        self.config.write_text(
            f'data = "{self.data}"\n{extra}\n'
            f'[http]\nlisten = "127.0.0.1:{self.port}"\n{http}\n{feeds}\n'
        )

    def database_name(self):
        """Of this program's database where the tests run on PostgreSQL."""
        return "d" + hashlib.sha256(str(self.folder).encode()).hexdigest()[:16]

    def rebuild_database(self):
        """From the volumes, while it does not run; a server's database is an empty one then."""
        if postgres.wanted():
            self.lose_database()
        replace = [] if postgres.wanted() else ["--replace"]
        made = run("archive", "rebuild", *replace, "--config", self.config)
        assert made.returncode == 0, made.stdout + made.stderr

    def lose_database(self):
        """Nothing is left of it; the program does not run."""
        if postgres.wanted():
            postgres.shared().drop(self.database_name())
            postgres.shared().url(self.database_name())
            return
        for path in self.data.glob("oriel.db*"):
            path.unlink()

    def start(self, timeout_s=90, kill=True):
        """Returns when the program has printed its address; ends it when it does not, unless `kill`
        is False."""
        begin = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [str(PROGRAM), "serve", "--config", str(self.config)],
                stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=self.folder,
                preexec_fn=self.limits,
            )  # fmt: skip

        def ready():
            text = self.log.read_bytes()[begin:].decode(errors="replace")
            if self.process.poll() is not None:
                raise RuntimeError(f"ended with {self.process.returncode}:\n{text}")
            match = READY.search(text)
            return match and self.session.get(self.base + "/healthz", timeout=5).ok

        try:
            wait_until(ready, timeout_s, "the line with the address")
        except AssertionError:
            if kill:
                self.kill()
            raise
        return self

    def new_session(self):
        """As a browser on our own pages: what changes something names its origin."""
        session = requests.Session()
        session.headers["Origin"] = self.base
        return session

    def running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, timeout_s=12):
        """SIGTERM; the exit status. The program promises 10 s."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
        return self.process.returncode

    def kill(self):
        """SIGKILL: what a power cut is to a process."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.session.close()
        self.session = self.new_session()

    def output(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def get(self, path, **options):
        options.setdefault("timeout", 30)
        return self.session.get(self.base + path, **options)

    def post(self, path, body=None, **options):
        options.setdefault("timeout", 30)
        return self.session.post(self.base + path, json=body, **options)

    def api(self, path, **options):
        """The JSON of GET /api/v1/path; an error status is an AssertionError with its body."""
        answer = self.get("/api/v1" + path, **options)
        assert answer.ok, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def feed(self, feed):
        return self.api(f"/feeds/{feed}")

    def wait_live(self, feed, timeout_s=60):
        """The feed, once it is live and its first part is there to be watched."""
        return wait_until(
            lambda: (found := self.feed(feed))["state"] == "live"
            and found["renditions"] and found["last_part_at"] and found,
            timeout_s,
            f"feed {feed} live",
        )  # fmt: skip

    def metrics(self):
        """{(name, ((label, value), …)): number}"""
        found = {}
        for name, labels, value in METRIC.findall(self.get("/metrics").text):
            pairs = tuple(sorted(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels)))
            found[name, pairs] = float(value)
        return found

    def recordings(self):
        """The files of all recordings, whatever the volume calls its folders."""
        return sorted(path for path in self.data.rglob("*.mp4") if path.is_file())

    def add_user(self, name, role, password):
        """`oriel user add`, the password on standard input."""
        result = run(
            "user", "add", "--config", self.config, "--role", role, name, text_in=password + "\n"
        )
        assert result.returncode == 0, result.stderr + result.stdout

    def login(self, name, password):
        """A session of its own that carries the cookie."""
        session = self.new_session()
        answer = session.post(
            self.base + "/api/v1/login", json={"name": name, "password": password}, timeout=30
        )
        assert answer.ok, answer.text
        return session


def feed_toml(feed, source, public=True, **settings):
    """One [[feed]] table."""
    lines = ["[[feed]]", f'id = "{feed}"', f'source = "{source}"']
    settings["public"] = public
    for key, value in settings.items():
        if isinstance(value, bool):
            value = str(value).lower()
        elif isinstance(value, str):
            value = f'"{value}"'
        lines.append(f"{key} = {value}")
    return "\n".join(lines) + "\n"
