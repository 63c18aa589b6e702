"""The restore drill: a stack with the demonstration on a Postgres whose log is archived; a base backup; work goes on; everything
is lost; a second server goes back to a noted moment, and must say of it what was said then, to the penny.

Called by `./dev restore-drill`. What an operator does by hand is in docs/operations/backup.md, step by step the same.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request

scratch = pathlib.Path(os.environ["TENFOLD_SCRATCH"])
tenfold = pathlib.Path(os.environ["TENFOLD_PROGRAMS"]) / "tenfold"
# Where the server really is: a folder of links may lack the programs that take backups.
postgres = (pathlib.Path(os.environ["TENFOLD_PG_BIN"]) / "postgres").resolve().parent
user = os.environ.get("TENFOLD_PG_USER", "")
archive, backup = scratch / "archive", scratch / "backup"
began = time.monotonic()
running = []
OLDHAM = "/v1/boroughs/oldham/funds"
REGION = "/v1/regions/greater-manchester/positions"


def say(text):
    print(f"[{time.monotonic() - began:6.1f} s] {text}", flush=True)


def run(*command, **more):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **more)
    if done.returncode:
        sys.exit(f"{' '.join(str(part) for part in command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def server(program, *arguments):
    """A program of Postgres, which does not run as root."""
    become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
    return run(*become, postgres / program, *arguments, cwd="/")


class Database:
    def __init__(self, name):
        self.socket, self.data = scratch / name, scratch / name / "data"
        self.owner = f"postgres://owner@localhost/tenfold?host={self.socket}"
        self.runs = False

    def start(self):
        options = f"-k {self.socket} -c listen_addresses= -c max_connections=400"
        server("pg_ctl", "start", "-D", self.data, "-w", "-s", "-t", "120", "-l", self.socket / "log", "-o", options)
        self.runs = True

    def stop(self, how):
        if self.runs:
            server("pg_ctl", "stop", "-D", self.data, "-m", how, "-w", "-s")
        self.runs = False

    def sql(self, text, database="tenfold"):
        return run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", self.socket, "-U", "owner", "-d", database, "-c", text)


class Stack:
    """`tenfold up` on a database, with its keys, personas and files in a data folder."""

    def __init__(self, database, folder, **more):
        said = {**os.environ, "TENFOLD_DATABASE_URL": database.owner, "TENFOLD_DATA_DIR": str(folder), "TENFOLD_GATEWAY_ADDR": "127.0.0.1:0", "TENFOLD_REDIS_URL": "off"}
        self.folder, self.said = folder, {**said, **more}
        log = open(scratch / "stack.log", "a")
        self.process = subprocess.Popen([tenfold, "up"], env=self.said, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)
        running.append(self.process)
        for line in self.process.stdout:
            if line.startswith("ready: "):
                self.url = line.split()[1]
                return
        sys.exit("the stack does not start:\n" + (scratch / "stack.log").read_text())

    def command(self, *arguments):
        return run(tenfold, *arguments, env=self.said)

    def ask(self, persona, path, body=None, key=None):
        headers = {}
        if persona:
            headers["Authorization"] = "Bearer " + self.command("token", persona)
        if body is not None:
            headers |= {"Content-Type": "application/json", "Idempotency-Key": key}
        asked = urllib.request.Request(self.url + path, data=body and json.dumps(body).encode(), headers=headers)
        try:
            with urllib.request.urlopen(asked) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            sys.exit(f"{path}: {error.code} {error.read().decode()}")

    def table(self, persona, path):
        """A table as it was sent, without when that was."""
        return json.dumps(json.loads(self.ask(persona, path), object_hook=lambda fields: {name: value for name, value in fields.items() if name != "as_of"}))

    def figures(self):
        """What the region and the ledgers say."""
        told = {f"region {year}": self.table("gm-analyst", f"{REGION}?year={year}") for year in ("2016-17", "2019-20", "2020-21")}
        for borough, year in (("oldham", "2020-21"), ("oldham", "2019-20"), ("salford", "2019-20")):
            for fund in json.loads(self.ask(f"{borough}-finance", f"/v1/boroughs/{borough}/funds"))["data"]:
                path = f"/v1/boroughs/{borough}/funds/{fund['id']}/years/{year}/trial-balance"
                told[f"trial balance {borough} {year}"] = self.table(f"{borough}-finance", path)
        return told

    def post(self, count, what):
        fund = json.loads(self.ask("oldham-finance", OLDHAM))["data"][0]["id"]
        for number in range(count):
            pence = 100_003 + number * 17
            line = {"layer": "actual"}
            postings = [{"account": "5000", "scheme": "POOL", "amount_pence": pence, **line}, {"account": "9000", "amount_pence": -pence, **line}]
            journal = {"effective_on": "2020-10-31", "period": 7, "narrative": f"Drill, {what} {number}", "postings": postings}
            self.ask("oldham-finance", f"{OLDHAM}/{fund}/journals", journal, f"drill-{what}-{number}")

    def trail(self, name):
        """The audit trail of Oldham, its signed heads, and the keys: files to verify."""
        files = {"entries": "/v1/boroughs/oldham/audit/entries.ndjson", "heads": "/v1/boroughs/oldham/audit/heads?limit=500", "keys": "/v1/public/audit-keys"}
        for part, path in files.items():
            (scratch / f"{name}.{part}").write_text(self.ask(None if part == "keys" else "oldham-auditor", path))
        return [scratch / f"{name}.{part}" for part in files]

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


def size(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) // (1024 * 1024)


def folder(path):
    path.mkdir()
    if user:
        shutil.chown(path, user)
    path.chmod(0o700)
    return path


def archived(database):
    """The log up to now is in the archive."""
    last = database.sql("select pg_walfile_name(pg_switch_wal())")
    for _ in range(300):
        if (archive / last).exists():
            return
        time.sleep(0.1)
    sys.exit(f"{last} was never archived")


def drill():
    first, second = Database("first"), Database("second")
    try:
        lose_and_restore(first, second)
    finally:
        for process in running:
            if process.poll() is None:
                process.terminate()
                process.wait(60)
        for database in (first, second):
            database.stop("immediate")


def lose_and_restore(first, second):
    for path in (first.socket, second.socket, archive, backup):
        folder(path)
    server("initdb", "-D", first.data, "-U", "owner", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
    with open(first.data / "postgresql.conf", "a") as settings:
        settings.write(f"wal_level = replica\narchive_mode = on\narchive_command = 'test ! -f {archive}/%f && cp %p {archive}/%f.part && mv {archive}/%f.part {archive}/%f'\n")
    first.start()
    first.sql("create database tenfold", "postgres")
    stack = Stack(first, scratch / "stack", TENFOLD_DEMO="on")
    say("a stack with the demonstration, on a Postgres that archives its log")

    started = time.monotonic()
    server("pg_basebackup", "-h", first.socket, "-U", "owner", "-D", backup / "base", "-c", "fast")
    shutil.copytree(scratch / "stack", backup / "stack")
    say(f"backup of database ({size(backup / 'base')} MiB) and data folder (keys, personas, papers): {time.monotonic() - started:.1f} s")

    stack.post(20, "kept")
    figures = stack.figures()
    time.sleep(2)
    kept = stack.trail("at-the-moment")
    moment = first.sql("select clock_timestamp()")
    say(f"20 journals later, the moment to go back to: {moment}; {len(figures)} tables noted")

    time.sleep(1)
    stack.post(10, "lost")
    first.sql("set session_replication_role = replica; delete from budgets.journal where narrative like 'Drill, kept%'; drop schema governance cascade")
    assert stack.figures() != figures
    archived(first)
    stack.stop()
    first.stop("immediate")
    shutil.rmtree(first.data)
    shutil.rmtree(scratch / "stack")
    say("10 journals more, then rows and a schema destroyed, then the server and the data folder lost")

    started = time.monotonic()
    shutil.copytree(backup / "base", second.data)
    for path in [second.data, *second.data.rglob("*")]:
        if user:
            shutil.chown(path, user)
    second.data.chmod(0o700)
    with open(second.data / "postgresql.auto.conf", "a") as settings:
        settings.write(f"restore_command = 'cp {archive}/%f %p'\nrecovery_target_time = '{moment}'\nrecovery_target_action = 'promote'\narchive_mode = off\n")
    (second.data / "recovery.signal").touch()
    if user:
        shutil.chown(second.data / "recovery.signal", user)
    second.start()
    while second.sql("select pg_is_in_recovery()") == "t":
        time.sleep(0.1)
    shutil.copytree(backup / "stack", scratch / "stack")
    say(f"restored base and log ({size(archive)} MiB) to the moment, in a second server: {time.monotonic() - started:.1f} s")

    run(tenfold, "migrate", env={**os.environ, "TENFOLD_DATABASE_URL": second.owner})
    say("migrations: up to date")
    stack = Stack(second, scratch / "stack", TENFOLD_DEMO="off")
    say("ledger verify\n" + stack.command("ledger", "verify"))
    restored = stack.figures()
    for what, before in figures.items():
        assert restored[what] == before, f"{what} is not what it was:\n{before}\n{restored[what]}"
    say(f"all {len(figures)} tables are what they were at the moment, to the penny:")
    for what in figures:
        print(f"    {what}: {len(figures[what])} bytes, equal")
    assert second.sql("select count(*) from budgets.journal where narrative like 'Drill, kept%'") == "20"
    assert second.sql("select count(*) from budgets.journal where narrative like 'Drill, lost%'") == "0"
    entries, heads, keys = stack.trail("restored")
    say("audit verify, the restored trail by the heads it has now, then by those that were kept")
    print(stack.command("audit", "verify", entries, "--heads", heads, "--key", keys))
    print(stack.command("audit", "verify", entries, "--heads", kept[1], "--key", kept[2]))
    say("doctor\n" + stack.command("doctor"))
    stack.post(1, "after")
    stack.stop()
    say("posted on; stopped. The drill went well.")


drill()
