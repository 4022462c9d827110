"""A PostgreSQL of the tests' own: made in a temporary folder, on a free port of this computer, ended by its own id."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.support import free_port
from tools.install_postgresql import programs

#: PostgreSQL refuses to run as root; Debian's package brings this account.
ACCOUNT = "postgres"


class Server:
    """One running server; ``url`` names a database of it."""

    def __init__(self, folder: Path, bin_folder: Path) -> None:
        self.port = free_port()
        self._bin = bin_folder
        self._data = folder / "data"
        self._log = folder / "server.log"
        self._as_other = {"user": ACCOUNT, "group": ACCOUNT, "extra_groups": []} if _is_root() else {}
        if self._as_other:
            shutil.chown(folder, ACCOUNT, ACCOUNT)
        self._folder = folder
        self._run(
            "initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username=minxin", "--pgdata", self._data
        )
        self.start()

    def _run(self, program: str, *arguments: str | Path) -> None:
        # pg_ctl leaves a server behind that would hold a pipe open: everything goes to a file.
        with self._log.open("ab") as out:
            done = subprocess.run(
                [str(self._bin / program), *map(str, arguments)],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                timeout=120,
                **self._as_other,
            )
        said = self._log.read_text(encoding="utf-8", errors="replace")[-1500:]
        assert done.returncode == 0, f"{program} → {done.returncode}\n{said}"

    def start(self) -> None:
        options = (
            f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories='' -c max_connections=60"
        )
        self._run("pg_ctl", "start", "--wait", "--pgdata", self._data, "--options", options)

    def crash(self) -> None:
        """Stop as if the power had gone: no checkpoint, every connection cut."""
        self._run("pg_ctl", "stop", "--mode", "immediate", "--wait", "--pgdata", self._data)

    def stop(self) -> None:
        self.crash()
        shutil.rmtree(self._folder, ignore_errors=True)

    def database(self, name: str) -> str:
        """The address of a new empty database."""
        import psycopg

        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f'create database "{name}"')
        return self._address(name)

    def _address(self, name: str) -> str:
        return f"postgresql://minxin@127.0.0.1:{self.port}/{name}"


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def start() -> Server | str:
    """A running server, or one line why there can be none."""
    found = programs()
    if found is None:
        return "no PostgreSQL on this machine (make test installs Debian's where it may)"
    # Not below the tests' own folder: that one is closed to other accounts.
    return Server(Path(tempfile.mkdtemp(prefix="minxin-postgresql-")), found)
