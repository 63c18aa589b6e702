"""The stack of docker/compose.yaml, run for real: `./dev compose-test`. Needs an engine, compose, and the images.

Brings it up with the demonstration under a project of its own, holds what is shown to what the API says, looks at every
container as the engine sees it, tries what people do to a stack, takes it down, and looks for anything left.
"""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROJECT = f"tenfold-test-{os.getpid()}"
SERVICES = {"postgres", "redis", "tenants", "budgets", "governance", "gateway"}
JOBS = {"secrets", "migrate", "roles", "bootstrap"}
# What may be listened for on loopback, where nobody else does.
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    PORT = free.getsockname()[1]
URL = f"http://127.0.0.1:{PORT}"
ENV = {
    **{name: value for name, value in os.environ.items() if not name.startswith("TENFOLD_")},
    "TENFOLD_PORT": str(PORT),
    "TENFOLD_PUBLIC_URL": URL,
    "COMPOSE_PROJECT_NAME": PROJECT,
}
COMPOSE = ["docker", "compose"] if subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0 else ["docker-compose"]


class Wrong(Exception):
    pass


def check(holds, said):
    if not holds:
        raise Wrong(said)


def step(said):
    print(f"\n== {said}", file=sys.stderr, flush=True)


def run(*command, env=ENV, ok=True):
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True)
    if ok:
        check(done.returncode == 0, f"{' '.join(command)} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done


def compose(*arguments, env=ENV, ok=True):
    return run(*COMPOSE, "-f", "docker/compose.yaml", "--profile", "demo", *arguments, env=env, ok=ok)


def of_project(kind):
    what = {"container": ["ps", "--all"], "network": ["network", "ls"], "volume": ["volume", "ls"]}[kind]
    shown = run("docker", *what, "--quiet", "--filter", f"label=com.docker.compose.project={PROJECT}").stdout.split()
    return shown


def containers():
    """Every container of the stack, as the engine sees it, by service."""
    ids = of_project("container")
    found = json.loads(run("docker", "inspect", *ids).stdout) if ids else []
    return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in found}


def until(asked, said, within=120):
    """Waits for a state, with a deadline."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if asked():
            return
        time.sleep(0.5)
    raise Wrong(f"{said}, after {within} seconds")


def healthy():
    now = containers()
    return all(name in now and now[name]["State"].get("Health", {}).get("Status") == "healthy" for name in SERVICES)


def get(path, token=None):
    request = urllib.request.Request(URL + path, headers={"authorization": f"Bearer {token}"} if token else {})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
        return json.load(answer)


def logs_of(service):
    return run("docker", "logs", containers()[service]["Id"]).stdout


def start():
    """As a person does: in front of them, until they have seen the table."""
    began = time.monotonic()
    with open(f"/tmp/{PROJECT}.log", "w") as log:
        compose_up = subprocess.Popen(
            [*COMPOSE, "-f", "docker/compose.yaml", "--profile", "demo", "up", "--no-build"],
            env=ENV, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )

        def shown():
            check(compose_up.poll() is None, "compose up ended by itself:\n" + pathlib.Path(log.name).read_text()[-4000:])
            demo = containers().get("demo")
            if not demo or demo["State"]["Status"] != "exited":
                return False
            check(demo["State"]["ExitCode"] == 0, "the demonstration was not loaded:\n" + run("docker", "logs", demo["Id"]).stderr[-3000:])
            return True

        try:
            until(shown, "the demonstration is not loaded", 600)
        except BaseException:
            compose_up.terminate()
            raise
    print(f"up, with the demonstration, after {time.monotonic() - began:.0f} s", file=sys.stderr)
    return compose_up


def pounds(pence):
    return f"{'-' if pence < 0 else ''}£{abs(pence) // 100:,}.{abs(pence) % 100:02}"


def the_table_is_what_the_api_says():
    table = logs_of("demo")
    print(table)
    token = compose("run", "--rm", "-T", "demo", "token", "gm-analyst").stdout.strip().splitlines()[-1]
    said = get("/v1/regions/greater-manchester/positions?year=2019-20", token)
    check(said["data"] and said["coverage"]["reported"], "the API has no figures")
    rows = [(row["borough"]["name"], row) for row in said["data"]] + [("Total", said["total"])]
    for name, row in rows:
        [line] = re.findall(rf"^  {name} .*$", table, re.MULTILINE) or [""]
        for figure in ("budget_pence", "actual_pence"):
            if row[figure] is not None:
                check(pounds(row[figure]) in line, f"{name}: the API says {pounds(row[figure])}, the table '{line.strip()}'")
    check(f"Reported: {said['coverage']['reported']} of {said['coverage']['expected']}." in table, "the coverage is another one")
    print(f"the table says what the API says, in all {len(rows)} rows", file=sys.stderr)
    return table


def every_container_is_locked():
    now = containers()
    check(now.keys() == SERVICES | JOBS | {"demo"}, f"these run: {sorted(now)}")
    for name, one in now.items():
        host, config = one["HostConfig"], one["Config"]
        check(config["User"] == "10001:10001", f"{name} runs as {config['User'] or 'root'}")
        check(host["ReadonlyRootfs"], f"{name} may write its root")
        check(host["CapDrop"] == ["ALL"] and not host["CapAdd"], f"{name} has capabilities")
        check("no-new-privileges:true" in host["SecurityOpt"], f"{name} may gain privileges")
        check(not host["Privileged"], f"{name} is privileged")
        check(not [mount for mount in one["Mounts"] if mount["Type"] == "bind"], f"{name} sees folders of this machine")
        check(not [mount for mount in one["Mounts"] if re.fullmatch("[0-9a-f]{64}", mount.get("Name", ""))], f"{name} has a volume without a name")
        published = {port: at for port, at in (one["NetworkSettings"]["Ports"] or {}).items() if at}
        wanted = {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(PORT)}]} if name == "gateway" else {}
        check(published == wanted, f"{name} publishes {published}")
        if name in SERVICES:
            # As the kernel has it, not as it was asked for.
            status = pathlib.Path(f"/proc/{one['State']['Pid']}/status").read_text() if os.path.exists(f"/proc/{one['State']['Pid']}") else ""
            if status:
                check(re.search(r"^Uid:\s+10001\s+10001\s+10001\s+10001$", status, re.MULTILINE), f"{name} is root to the kernel")
                check(re.search(r"^CapEff:\s+0+$", status, re.MULTILINE), f"{name} has capabilities in effect")
        else:
            check(one["State"]["ExitCode"] == 0, f"the job {name} failed")
    print(f"{len(now)} containers: nobody is root, every root is read-only, no capabilities; the gateway's port alone is published", file=sys.stderr)


def reaches(container, host, port):
    """Whether a process in a container's network reaches an address: asked by nsenter, as the images have no tools."""
    script = f"exec 3<>/dev/tcp/{host}/{port}"
    pid = str(containers()[container]["State"]["Pid"])
    return run("nsenter", "--net", "--target", pid, "timeout", "3", "bash", "-c", script, ok=False).returncode == 0


def address(service, network):
    return containers()[service]["NetworkSettings"]["Networks"][f"{PROJECT}_{network}"]["IPAddress"]


def only_services_reach_postgres():
    postgres = address("postgres", "database")
    check(set(containers()["gateway"]["NetworkSettings"]["Networks"]) == {f"{PROJECT}_{name}" for name in ("front", "services", "limits")}, "the gateway is in other networks")
    check(not set(containers()["gateway"]["NetworkSettings"]["Networks"]) & set(containers()["postgres"]["NetworkSettings"]["Networks"]), "the gateway shares a network with Postgres")
    if shutil.which("nsenter") and os.geteuid() == 0:
        for service in ("tenants", "budgets", "governance"):
            check(reaches(service, postgres, 5432), f"{service} does not reach Postgres")
        for service in ("gateway", "redis"):
            check(not reaches(service, postgres, 5432), f"{service} reaches Postgres")
        redis = address("redis", "limits")
        check(reaches("gateway", redis, 6379), "the gateway does not reach Redis")
        check(not reaches("budgets", redis, 6379), "budgets reaches Redis")
        print("Postgres is reached by the services, and not from the gateway's networks; Redis by the gateway alone", file=sys.stderr)
    else:
        print("nobody but root can try the networks from inside; what the engine says of them holds", file=sys.stderr)


def secrets_are_nowhere_but_in_their_files():
    secrets = set()
    for name in ("jobs", "tenants", "budgets", "governance"):
        text = run("docker", "run", "--rm", "--network=none", "--user=10001:10001", "--entrypoint=cat", "--volume",
                   f"{PROJECT}_{name}-secrets:/secrets:ro", image_of("postgres"), "/secrets/passwords").stdout
        secrets |= {line.rsplit(":", 1)[1] for line in text.split()}
        modes = run("docker", "run", "--rm", "--network=none", "--user=10001:10001", "--entrypoint=find", "--volume",
                    f"{PROJECT}_{name}-secrets:/secrets:ro", image_of("postgres"), "/secrets", "-type", "f", "-printf", "%U %m %f\\n").stdout.split("\n")
        check(all(line.startswith("10001 600 ") for line in modes if line), f"files of {name}: {modes}")
    check(len(secrets) == 18, f"{len(secrets)} passwords were made")
    everywhere = json.dumps(containers()) + "".join(run("docker", "logs", id).stdout + run("docker", "logs", id).stderr for id in of_project("container"))
    check(not [secret for secret in secrets if secret in everywhere], "a password stands in a container's settings or log")
    print(f"{len(secrets)} passwords, each its own, in files of mode 0600; none in any setting or log", file=sys.stderr)


def image_of(service):
    return containers()[service]["Config"]["Image"]


def killed_it_comes_back():
    for service in ("budgets", "gateway", "postgres"):
        before = containers()[service]
        # By the kernel, as the engine's own kill counts as being asked to stop.
        os.kill(before["State"]["Pid"], 9)
        until(lambda: containers()[service]["State"]["Pid"] not in (0, before["State"]["Pid"]), f"{service} is not started again")
        until(healthy, f"not all is healthy again since {service} was killed")
    print("budgets, gateway and postgres were killed, and each came back healthy", file=sys.stderr)


def up_again_changes_nothing(table):
    compose("up", "--detach", "--no-build")
    until(lambda: containers()["demo"]["State"]["Status"] == "exited", "the demonstration did not end")
    until(healthy, "not all is healthy")
    check(logs_of("demo").endswith(table), "the second up shows another table")
    print("up a second time: the same table, nothing made twice", file=sys.stderr)


def down_keeps_what_is_in_volumes(table):
    compose("down")
    check(not of_project("container") and not of_project("network"), "down left containers or networks")
    compose("up", "--detach", "--no-build")
    until(lambda: containers().get("demo", {}).get("State", {}).get("Status") == "exited", "the demonstration did not end", 300)
    check(logs_of("demo") == table, "what was kept is something else:\n" + logs_of("demo"))
    check("loaded already" in run("docker", "logs", containers()["demo"]["Id"]).stderr, "it was loaded anew")
    print("down, and up again: the data is there, and the same table", file=sys.stderr)


def a_taken_port_is_said():
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        compose("stop", "gateway")
        compose("rm", "--force", "gateway")
        taken.bind(("127.0.0.1", PORT))
        taken.listen()
        said = compose("up", "--detach", "--no-build", "gateway", ok=False)
        check(said.returncode != 0 and re.search("address already in use|port is already allocated", said.stdout + said.stderr), f"a taken port: {said.stderr[-500:]}")
    compose("up", "--detach", "--no-build", "gateway")
    until(healthy, "not all is healthy once the port is free")
    print("a port that is taken stops the gateway with a sentence; once free, it starts", file=sys.stderr)


def a_wrong_password_is_said():
    """A service whose password is not the one Postgres knows does not serve, says why, and serves once it is put right."""
    change = "sed -i 's/^\\(.*:governance_[a-z]*:\\).*/\\1not-the-password/' /secrets/passwords"
    run("docker", "run", "--rm", "--network=none", "--user=10001:10001", "--entrypoint=sh", "--volume",
        f"{PROJECT}_governance-secrets:/secrets", image_of("postgres"), "-c", change)
    compose("restart", "governance")
    told = lambda: re.search("password authentication failed|cannot be reached", run("docker", "logs", "--tail=50", containers()["governance"]["Id"]).stderr)
    until(told, "governance does not say that its password is wrong")
    check(containers()["governance"]["State"].get("Health", {}).get("Status") != "healthy", "governance is healthy without its database")
    check("not-the-password" not in run("docker", "logs", containers()["governance"]["Id"]).stderr, "the password is in the log")
    # Postgres is told what the file says, by the job that does so.
    compose("run", "--rm", "-T", "--no-deps", "roles")
    until(healthy, "governance is not healthy once the roles have the file's passwords")
    print("a wrong password: said, not served, and put right by running the job roles", file=sys.stderr)


def nothing_is_left():
    compose("down", "--volumes", "--remove-orphans")
    left = {kind: of_project(kind) for kind in ("container", "network", "volume")}
    check(not any(left.values()), f"left behind: {left}")
    print("down with its volumes: no container, network or volume is left", file=sys.stderr)


def main():
    step(f"Up, as {PROJECT}, on {URL}")
    shown = None
    try:
        shown = start()
        step("The region")
        table = the_table_is_what_the_api_says()
        step("The containers")
        until(healthy, "not all is healthy")
        every_container_is_locked()
        only_services_reach_postgres()
        secrets_are_nowhere_but_in_their_files()
        step("What people do to a stack")
        shown.terminate()
        shown.wait(120)
        up_again_changes_nothing(table)
        killed_it_comes_back()
        a_taken_port_is_said()
        a_wrong_password_is_said()
        down_keeps_what_is_in_volumes(table)
        step("Down")
        nothing_is_left()
    except (Wrong, urllib.error.URLError) as wrong:
        print(f"compose-test: {wrong}", file=sys.stderr)
        return 1
    finally:
        if shown and shown.poll() is None:
            shown.terminate()
        subprocess.run([*COMPOSE, "-f", "docker/compose.yaml", "--profile", "demo", "down", "--volumes", "--remove-orphans"],
                       env=ENV, cwd=ROOT, capture_output=True)
        pathlib.Path(f"/tmp/{PROJECT}.log").unlink(missing_ok=True)
    print("\ncompose-test: all of it holds", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
