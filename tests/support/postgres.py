"""A PostgreSQL server of Debian's package in a folder of its own, on a socket there and nowhere
else."""

import atexit
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

from support.waiting import wait_until

VERSIONS = pathlib.Path("/usr/lib/postgresql")


def programs():
    """The folder of its programs. The package is in packaging/debian-packages.txt: where it is not
    installed, tests fail rather than pass without it."""
    found = sorted(VERSIONS.glob("*/bin/initdb"))
    assert found, "PostgreSQL's server (postgresql-15) is not installed"
    return found[-1].parent


class Postgres:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="oriel-postgres-"))
        self.server = None
        if os.geteuid() == 0:  # it refuses to run as root
            shutil.chown(self.folder, "postgres", "postgres")
        subprocess.run(
            self.command("initdb", "-D", self.data, "-U", "oriel", "-A", "trust", "-N", "-E",
                         "UTF8", "--locale=C.UTF-8"),
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        (self.data / "postgresql.auto.conf").write_text(
            f"listen_addresses = ''\nunix_socket_directories = '{self.folder}'\nfsync = off\n"
        )

    @property
    def data(self):
        return self.folder / "data"

    def command(self, program, *arguments):
        # It ends with the tests, however those end.
        becomes = ["setpriv", "--pdeathsig", "QUIT"]
        if os.geteuid() == 0:
            becomes += ["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
        return [*becomes, str(programs() / program), *map(str, arguments)]

    def start(self):
        """Returns when it answers."""
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as out:
            self.server = subprocess.Popen(
                self.command("postgres", "-D", self.data), stdout=out, stderr=out
            )
        ready = [str(programs() / "pg_isready"), "-q", "-h", str(self.folder)]
        wait_until(lambda: subprocess.run(ready).returncode == 0, 60, "the server's answer")
        return self

    def stop(self, with_signal=signal.SIGINT):
        """SIGINT rolls back and ends; SIGQUIT is a crash."""
        if self.server is not None:
            self.server.send_signal(with_signal)
            self.server.wait()
            self.server = None

    def remove(self):
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder.parent / f"{self.folder.name}.log").unlink(missing_ok=True)

    def ask(self, database, sql):
        """The first column of the answer, as lines."""
        return subprocess.run(
            [str(programs() / "psql"), "-X", "-At", "-h", str(self.folder), "-U", "oriel",
             "-d", database, "-c", sql],
            check=True, capture_output=True, text=True,
        ).stdout.split()  # fmt: skip

    def drop(self, name):
        """What was made by url(); nobody may be connected to it."""
        self.ask("postgres", f"DROP DATABASE {name}")

    def url(self, name):
        """The address of a database of that name, made when it is not there."""
        name = re.sub(r"[^a-z0-9]", "_", name.lower())
        if not self.ask("postgres", f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
            self.ask("postgres", f"CREATE DATABASE {name}")
        return f"postgresql://oriel@/{name}?host={self.folder}"


def wanted():
    """Whether ORIEL_TEST_DATABASE asks for the tests on PostgreSQL."""
    return os.environ.get("ORIEL_TEST_DATABASE") == "postgresql"


_shared = []


def shared():
    """One server for all tests of a run, started by the first that asks."""
    if not _shared:
        _shared.append(Postgres().start())
        atexit.register(_shared[0].remove)
    return _shared[0]
