"""A release rolls out under load, and back: both versions of every service at once, on one database, behind balancers.

Called by `./dev rolling-test`, with a Postgres that holds nothing and the programs of both versions.
"""

import argparse
import asyncio
import base64
import collections
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True

from balancer import Balancer, health  # noqa: E402
from load import Client, Load  # noqa: E402

SERVICES = ("tenants", "budgets", "governance", "gateway")
COPIES = 2
ASKED = argparse.ArgumentParser()
ASKED.add_argument("--before", type=pathlib.Path, required=True, help="the programs of the version before")
ASKED.add_argument("--after", type=pathlib.Path, required=True, help="those of this one")
ASKED.add_argument("--socket", type=pathlib.Path, required=True, help="where Postgres listens")
ASKED.add_argument("--scratch", type=pathlib.Path, required=True)
ASKED.add_argument("--callers", type=int, default=8)
ASKED.add_argument("--seconds", type=float, default=4, help="how long each phase is held")
asked = ASKED.parse_args()
programs = {"before": asked.before, "after": asked.after}
owner = f"postgres://owner@localhost/tenfold?host={asked.socket}"


def say(text):
    print(f"[{time.monotonic() - began:6.1f} s] {text}", flush=True)


def run(version, *arguments, **more):
    program = programs[version] / "tenfold"
    return subprocess.run([program, *arguments], env={**os.environ, "TENFOLD_DATABASE_URL": owner, **more}, check=True, capture_output=True, text=True).stdout


def sql(text):
    return subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", asked.socket, "-U", "owner", "-d", "tenfold"], input=text, check=True, capture_output=True, text=True).stdout.strip()


def addresses(roles):
    return {f"TENFOLD_{role.upper()}_DATABASE_URL": f"postgres://{role}@localhost/tenfold?host={asked.socket}" for role in roles}


class Fleet:
    """The processes, and what stands before them."""

    def __init__(self):
        self.balancers, self.processes, self.port = {}, {}, 0

    async def start(self):
        for service in SERVICES:
            self.balancers[service] = await Balancer(service).start()
        (asked.scratch / "key-encryption.key").write_text(base64.b64encode(os.urandom(32)).decode())
        for name in ("audit", "seal"):
            subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", asked.scratch / f"{name}.pem"], check=True, capture_output=True)
        for name in ("key-encryption.key", "audit.pem", "seal.pem"):
            (asked.scratch / name).chmod(0o600)

    def environment(self, service, port, version):
        folder = asked.scratch
        said = {
            "PATH": os.environ["PATH"],
            "RUST_LOG": "warn",
            "TENFOLD_PUBLIC_URL": self.balancers["gateway"].url,
            f"TENFOLD_{service.upper()}_ADDR": f"127.0.0.1:{port}",
            "TENFOLD_OWN_CLUSTER": "true",
            "TENFOLD_PAPERS_URL": f"file://{folder}/papers",
            "TENFOLD_EXPORTS_URL": f"file://{folder}/exports",
            "TENFOLD_IMPORTS_DIR": f"{folder}/imports-{port}",
            "TENFOLD_TOKEN_KEY": f"{folder}/token.pem",
            "TENFOLD_KEY_ENCRYPTION_KEY_FILE": f"{folder}/key-encryption.key",
            "TENFOLD_AUDIT_KEY_FILE": f"{folder}/audit.pem",
            "TENFOLD_SEAL_KEY_FILE": f"{folder}/seal.pem",
            # This version says itself that it ends; the one before is taken out first.
            "TENFOLD_STOP_NOTICE_SECONDS": "2",
            **{f"TENFOLD_{one.upper()}_URL": self.balancers[one].url for one in SERVICES[:3]},
        }
        roles = sql("select string_agg(rolname, ' ') from pg_roles where rolcanlogin and rolname <> 'owner'").split()
        return said | addresses(role for role in roles if role.startswith(service + "_"))

    async def launch(self, service, version):
        self.port = free_port()
        name = f"{service}-{version}-{self.port}"
        log = open(asked.scratch / f"{name}.log", "w")
        process = subprocess.Popen([programs[version] / f"tenfold-{service}"], env=self.environment(service, self.port, version), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.processes[name] = process
        self.balancers[service].known[name] = (version, self.port)
        if service != "gateway":
            await self.ready(name)
        return name

    async def ready(self, name):
        balancer = self.balancers[name.split("-")[0]]
        for _ in range(240):
            if name in balancer.ready:
                return
            assert self.processes[name].poll() is None, (asked.scratch / f"{name}.log").read_text()
            await asyncio.sleep(0.25)
        raise AssertionError(f"{name} is not ready: " + (asked.scratch / f"{name}.log").read_text())

    async def end(self, name):
        service, version = name.split("-")[:2]
        balancer, process = self.balancers[service], self.processes.pop(name)
        if version == "before":
            # As a preStop hook does: nothing is sent there any more before it is told.
            balancer.take_out(name)
            await asyncio.sleep(1)
        process.send_signal(signal.SIGTERM)
        told = time.monotonic()
        said = 200
        while process.poll() is None:
            assert time.monotonic() - told < 45, f"{name} does not end"
            if version == "after" and said == 200:
                said = await health(balancer.known[name][1]) if name in balancer.known else None
            await asyncio.sleep(0.1)
        balancer.take_out(name)
        assert process.returncode == 0, f"{name} ended with {process.returncode}"
        if version == "after":
            assert said == 503, f"{name} did not say that it ends, but {said}"

    async def replace(self, service, version):
        """One process at a time: a new one is ready before an old one is told to end."""
        old = [name for name in self.processes if name.startswith(f"{service}-") and f"-{version}-" not in name]
        for name in old:
            await self.ready(await self.launch(service, version))
            await self.end(name)

    def kill(self):
        for process in self.processes.values():
            process.kill()
            process.wait()


def free_port():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


async def furnish(url, credentials):
    """A region, a borough with its fund, and who speaks for them."""
    officer = Client(url, credentials)
    await officer.done("/v1/regions", {"slug": "north", "name": "North"}, "region")
    analyst = await officer.done("/v1/regions/north/clients", {"name": "analyst", "role": "analyst"}, "analyst")
    borough = {"slug": "wigan", "gss": "E08000010", "name": "Wigan", "region": "north", "expected_from": "2016-04-01"}
    made = await officer.done("/v1/boroughs", borough, "borough")
    [administrator] = [one for one in made["administrators"] if one["mode"] == "live"]
    admin = Client(url, (administrator["client_id"], administrator["client_secret"]))
    world = {"analyst": (analyst["id"], analyst["client_secret"])}
    for role in ("finance", "clerk"):
        one = await admin.done("/v1/boroughs/wigan/clients", {"name": role, "role": role}, role)
        world[role] = (one["id"], one["client_secret"])
    council = {"kind": "council", "name": "Wigan Council", "gss": "E08000010", "valid_from": "1974-04-01", "source": "A test"}
    council = (await admin.done("/v1/boroughs/wigan/organisations", council, "council"))["id"]
    finance = Client(url, world["finance"])
    fund = {"name": "Wigan fund", "kind": "pooled", "legal_basis": "s75_reg7", "host": council, "source": "A test"}
    for attempt in range(50):
        # What budgets must know of the council arrives as an event.
        status, answer, _ = await finance.ask("POST", "/v1/boroughs/wigan/funds", fund, f"fund-{attempt}")
        if status == 201:
            break
        await asyncio.sleep(0.2)
    world["fund"] = answer["id"]
    here = f"/v1/boroughs/wigan/funds/{answer['id']}"
    await finance.done(f"{here}/years", {"year": "2026-27"}, "year")
    await finance.done(f"{here}/schemes", {"code": "ICES", "name": "Equipment", "category": "community_health", "source": "nhs"}, "scheme")
    for code, kind in (("5100", "expenditure"), ("9000", "balance")):
        await finance.done(f"{here}/accounts", {"code": code, "name": code, "kind": kind}, f"account-{code}")
    world["committee"] = COMMITTEE
    return world


COMMITTEE = {"basis": "advisory", "access_regime": "none", "parents": ["Wigan Council"], "source": "A test"}


async def main():
    fleet = Fleet()
    await fleet.start()
    try:
        await roll(fleet)
    finally:
        fleet.kill()


async def roll(fleet):
    run("before", "migrate")
    made = dict(line.replace('"', "").split(" = ") for line in run("before", "bootstrap").splitlines())
    for service in SERVICES:
        for _ in range(COPIES):
            await fleet.launch(service, "before")
    for name in list(fleet.processes):
        await fleet.ready(name)
    url = fleet.balancers["gateway"].url
    world = await furnish(url, (made["client_id"], made["client_secret"]))
    say(f"the version before serves, {COPIES} processes a service")
    load = Load(url, world, asked.callers)
    load.start()

    async def phase(name, work):
        load.phase = name
        began = time.monotonic()
        await work()
        say(f"{name}: {time.monotonic() - began:.1f} s")

    async def hold():
        await asyncio.sleep(asked.seconds)

    async def migrate():
        await asyncio.to_thread(run, "after", "migrate")
        await hold()

    async def forward():
        for service in SERVICES:
            await fleet.replace(service, "after")
            await hold()

    async def back():
        for service in reversed(SERVICES):
            await fleet.replace(service, "before")
            await hold()

    await phase("before", hold)
    await phase("migrated", migrate)
    await phase("rolls out", forward)
    await phase("after", hold)
    await phase("rolls back", back)
    await phase("rolls out again", forward)
    await load.stop()
    await asyncio.sleep(2)
    check(fleet, load)


def check(fleet, load):
    print("\nrequests at the public address, by phase and status")
    for (name, method, status), count in sorted(load.statuses.items(), key=str):
        print(f"  {name:<16} {method:<5} {status}  {count:>6}")
    print("\nrequests answered, by service, version and status")
    for service, balancer in fleet.balancers.items():
        for (version, status), count in sorted(balancer.answered.items()):
            print(f"  {service:<11} {version:<7} {status}  {count:>6}")
    dropped = [why for balancer in fleet.balancers.values() for why in balancer.failed]
    for error in (load.errors + dropped)[:20]:
        print(f"  ✗ {error}")
    for service in SERVICES:
        for version in ("before", "after"):
            assert any(label == version for label, _ in fleet.balancers[service].answered), f"{version} of {service} answered nothing"
    journals = {made for (path, _), made in load.acknowledged.items() if path.endswith("/journals")}
    committees = {made for (path, _), made in load.acknowledged.items() if path.endswith("/committees")}
    for table, key, made in (("budgets.journal", "journal_id", journals), ("governance.committee", "committee_id", committees)):
        if not made:
            continue
        named = ",".join(f"'{one}'" for one in made)
        found = collections.Counter(sql(f"select {key} from {table} where {key} in ({named})").split())
        assert found == collections.Counter(made), f"{table}: {len(made)} were acknowledged, and {len(found)} are there"
    written = int(sql("select count(*) from budgets.journal where narrative = 'Rolling'"))
    print(f"\nacknowledged: {len(journals)} journals and {len(committees)} committees, each there once; {written} journals in the database")
    assert written == len(journals), "a journal was written that nobody was told of, or twice"
    assert not load.differing, f"answered otherwise the second time: {load.differing[:3]}"
    print(f"errors: {len(load.errors)}; dropped: {len(dropped)}")
    roles = addresses(sql("select string_agg(rolname, ' ') from pg_roles where rolcanlogin and rolname <> 'owner'").split())
    verified = run("after", "ledger", "verify", "--json", "--data-dir", str(asked.scratch / "none"), **roles)
    print("ledger verify:", verified.strip())
    assert not load.errors and not dropped
    assert len(journals) > 100, "that was no load"


began = time.monotonic()
asyncio.run(main())
say("rolled out, back and out again without an error")
