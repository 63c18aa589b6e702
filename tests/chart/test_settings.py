"""What the chart sets is what the programs take: docs/settings.md and the code are read, and compared."""

import pathlib
import re
import subprocess
import tempfile
import unittest

import chart

SETTINGS = (chart.ROOT / "docs" / "settings.md").read_text()
SERVICES = ("gateway", "tenants", "budgets", "governance")
# Settings of a service that the chart leaves as they are, and why.
LEFT = {
    "TENFOLD_ALLOW_PRIVATE_ADDRESSES": "only for trying things out on one machine",
    "TENFOLD_KEY_PROPAGATION_SECONDS": "a minute suits every cluster",
    "TENFOLD_CALLS_A_DAY": "ten million calls a day suit every borough; the platform gives one its own number",
    "TENFOLD_STOP_ON_STDIN_EOF": "a container has no parent to end with",
    "OTEL_SERVICE_NAME": "every program knows its own name",
    "TENFOLD_STOP_NOTICE_SECONDS": "the preStop hook waits until nobody sends here any more",
    "PGPASSFILE": "passwords are in the addresses, put together from Secrets",
    "TENFOLD_PG_BIN": "there are no programs of Postgres in the images",
}


def source(path):
    return (chart.ROOT / path).read_text()


def roles():
    """The login roles of each service, from the code, with the width of their pools."""
    widths = {}
    for kinds, width in re.findall(r"^\s+(Kind::[\w: |]+) => (\d+),", source("libs/tenancy/src/db.rs"), re.MULTILINE):
        widths.update({kind.lower(): int(width) for kind in re.findall(r"Kind::(\w+)", kinds)})
    found = {}
    for service in SERVICES[1:]:
        text = re.search(r"ROLES: ServiceRoles =.*?kinds: &\[(.*?)\]", source(f"services/{service}/src/app.rs"), re.DOTALL)
        found[service] = {kind.lower(): widths[kind.lower()] for kind in re.findall(r"Kind::(\w+)", text[1])}
    return found


def documented():
    """The settings of each service, as docs/settings.md has them."""
    found = {service: set() for service in SERVICES}
    section = re.search(r"## One process a service\n(.*?)\n## All programs", SETTINGS, re.DOTALL)[1]
    rows = re.findall(r"^\| (`[^|]+`) \| ([^|]+) \|", section, re.MULTILINE)
    every = re.findall(r"^\| (`[^|]+`) \|", re.search(r"## All programs\n(.*?)\n## Tests", SETTINGS, re.DOTALL)[1], re.MULTILINE)
    rows += [(names, "all") for names in every]
    for names, of in rows:
        whose = {"all": SERVICES, "all but the gateway": SERVICES[1:]}.get(of.strip(), [one.strip() for one in of.split(",")])
        for service in whose:
            for name in re.findall(r"`([^`]+)`", names):
                if "<ROLE>" in name:
                    found[service] |= {name.replace("<ROLE>", f"{service}_{kind}".upper()) for kind in roles()[service]}
                else:
                    found[service].add(name)
    return found


def environment(manifest):
    [container] = chart.pod_of(manifest)["spec"]["containers"]
    return {variable["name"]: variable for variable in container["env"]}


def ingredient(name, env):
    """A password that only becomes part of an address."""
    return name.startswith("PASSWORD_OF_") and any(f"$({name})" in one.get("value", "") for one in env.values())


class Settings(unittest.TestCase):
    def test_a_service_is_given_settings_that_it_takes(self):
        for case, upgrade in chart.every_case():
            for one in chart.manifests(case, upgrade):
                if one["kind"] == "Deployment":
                    service = one["metadata"]["labels"]["app.kubernetes.io/component"]
                    env = environment(one)
                    unknown = {name for name in env if not ingredient(name, env)} - documented()[service]
                    self.assertEqual(unknown, set(), f"{case}: {service}")

    def test_a_service_is_given_all_it_takes_or_it_is_said_why_not(self):
        given = {service: set() for service in SERVICES}
        for case in chart.CASES:
            for one in chart.manifests(case):
                if one["kind"] == "Deployment":
                    given[one["metadata"]["labels"]["app.kubernetes.io/component"]] |= environment(one).keys()
        for service, settings in documented().items():
            self.assertEqual(settings - given[service] - LEFT.keys(), set(), service)
        self.assertLessEqual(LEFT.keys(), set().union(*documented().values()), "a reason for a setting that is gone")

    def test_the_code_reads_each_of_them(self):
        code = "".join(path.read_text() for folder in ("libs", "services") for path in (chart.ROOT / folder).rglob("*.rs"))
        usual = {"AWS_ACCESS_KEY_ID", "AWS_ENDPOINT", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "OTEL_SERVICE_NAME", "PGPASSFILE", "RUST_LOG"}
        for service, settings in documented().items():
            for name in settings - usual - {f"TENFOLD_{service}_{kind}_DATABASE_URL".upper() for kind in roles().get(service, ())}:
                self.assertIn(f'"{name}"', code, service)
        self.assertIn('format!("TENFOLD_{}_DATABASE_URL"', code)
        self.assertIn("AmazonS3Builder::from_env()", code)

    def test_jobs_run_commands_that_are_there(self):
        main = source("services/tenfold/src/main.rs")
        commands = set()
        first_client = source("services/tenfold/src/jobs/first_client.rs")
        for one in chart.manifests("cluster"):
            if one["kind"] == "Job":
                # The one that comes first is the program's; what it wrote is held by another.
                container = chart.containers_of(chart.pod_of(one))[0]
                env = {variable["name"]: variable for variable in container["env"]}
                taken = {"TENFOLD_LOG", "RUST_LOG", "TENFOLD_DATABASE_URL"}
                if container["args"][0] == "bootstrap":
                    taken.add("TENFOLD_FIRST_CLIENT_FILE")
                self.assertEqual({name for name in env if not ingredient(name, env)}, taken)
                commands.add(tuple(container["args"]))
        self.assertEqual(commands, {("migrate",), ("bootstrap", "--if-needed")})
        self.assertRegex(main, r"\n    Migrate \{\n(.*\n)*?.*TENFOLD_DATABASE_URL")
        self.assertIn("\n    Bootstrap(FirstClient),\n", main)
        for word in ('env = "TENFOLD_DATABASE_URL"', 'env = "TENFOLD_FIRST_CLIENT_FILE"', "if_needed: bool"):
            self.assertIn(word, first_client)

    def test_the_first_client_s_secret_is_in_no_log_and_its_pod_waits_to_be_read(self):
        [job] = [one for one in chart.manifests("cluster") if one["kind"] == "Job" and "-bootstrap-" in one["metadata"]["name"]]
        spec = chart.pod_of(job)["spec"]
        [made], [hold] = spec["initContainers"], spec["containers"]
        file = next(variable["value"] for variable in made["env"] if variable["name"] == "TENFOLD_FIRST_CLIENT_FILE")
        [folder] = [volume for volume in spec["volumes"] if volume["name"] == "first-client"]
        self.assertEqual(folder["emptyDir"]["medium"], "Memory")
        self.assertTrue(hold["volumeMounts"][0]["readOnly"])
        self.assertGreater(job["spec"]["activeDeadlineSeconds"], 3600)
        with tempfile.TemporaryDirectory() as here:
            *shell, script = hold["command"]
            script = script.replace(file, f"{here}/first-client.toml").replace("3600", "0")
            self.assertIn("already", subprocess.run([*shell, script], check=True, capture_output=True, text=True).stdout)
            pathlib.Path(here, "first-client.toml").write_text('client_secret = "hush"')
            said = subprocess.run([*shell, script], check=True, capture_output=True, text=True)
            self.assertIn("-c hold -- cat", said.stdout)
            self.assertNotIn("hush", said.stdout + said.stderr)

    def test_roles_and_the_width_of_their_pools_are_the_code_s(self):
        ours = {name: data["connections"] for name, data in chart.services().items() if "connections" in data}
        self.assertEqual(ours, roles())

    def test_only_roles_that_may_never_write_read_from_a_replica(self):
        """By the reviewed grants: what may write a row would be refused by a replica."""
        granted = [line.split()[1:3] for line in source("tests/suite/golden/grants.txt").splitlines() if line]

        def may_write(role):
            kind = f"kind_{role.split('_')[1]}"
            return any(who in (role, kind) and what in ("insert", "update", "delete") for who, what in granted)

        for service, data in chart.services().items():
            for kind in data.get("reads", []):
                self.assertFalse(may_write(f"{service}_{kind}"), f"{service}_{kind} writes")
            for kind in set(data.get("connections", {})) & {"region", "public"} - set(data.get("reads", [])):
                self.assertTrue(may_write(f"{service}_{kind}"), f"nothing keeps {service}_{kind} from a replica any more")

    def test_ports_are_the_ones_the_programs_choose_themselves(self):
        for service, data in chart.services().items():
            self.assertIn(f'_ADDR", default_value = "127.0.0.1:{data["port"]}"', source(f"services/{service}/src/main.rs"))

    def test_services_are_asked_for_their_health_where_they_tell_it(self):
        for service, data in chart.services().items():
            at = "services/gateway/src/pages/mod.rs" if service == "gateway" else f"services/{service}/src/routes.rs"
            for path in data["probes"].values():
                self.assertIn(f'"{path}"', source(at), service)

    def test_whom_a_service_calls_is_whose_address_it_takes(self):
        for service, data in chart.services().items():
            takes = {one for one in SERVICES if f"TENFOLD_{one.upper()}_URL" in documented()[service]}
            self.assertEqual(set(data["calls"]), takes, service)

    def test_there_is_time_to_end_what_is_under_way(self):
        self.assertIn("drain_time: Duration::from_secs(25)", source("libs/web/src/serve.rs"))

    def test_the_version_is_the_workspace_s(self):
        version = re.search(r'^version = "(.*)"', source("Cargo.toml"), re.MULTILINE)[1]
        self.assertIn(f'appVersion: "{version}"', (chart.CHART / "Chart.yaml").read_text())

    def test_keys_are_files_that_only_their_reader_sees(self):
        """The code takes a key from root's file that only the pod's group may read, as the kubelet lays a Secret's files with fsGroup."""
        code = source("libs/auth/src/private_file.rs")
        self.assertIn("of_group == 0o4 && owner == 0 && groups.contains(&group)", code)
        for path in ("libs/auth/src/sealed_secret.rs", "libs/auth/src/sealing/key.rs"):
            self.assertIn("private_file::read(path)", source(path))
        with_keys = 0
        for one in chart.manifests("cluster"):
            if one["kind"] == "Deployment":
                spec = chart.pod_of(one)["spec"]
                self.assertNotIn("initContainers", spec)
                env = environment(one)
                files = {variable["value"] for name, variable in env.items() if name.endswith("_KEY_FILE")}
                projected = [volume for volume in spec.get("volumes", []) if "projected" in volume]
                given = {f"/run/tenfold/keys/{source['secret']['items'][0]['path']}" for volume in projected for source in volume["projected"]["sources"]}
                self.assertEqual(files, given)
                for volume in projected:
                    with_keys += 1
                    self.assertEqual(volume["projected"]["defaultMode"], 0o440)
                    self.assertIn("fsGroup", spec["securityContext"])
                    [mount] = [mount for mount in spec["containers"][0]["volumeMounts"] if mount["name"] == volume["name"]]
                    self.assertIs(mount["readOnly"], True)
        self.assertEqual(with_keys, 2)

    def test_the_test_s_script_can_be_read_by_a_shell(self):
        for case in ("minimal", "open"):
            [test] = [one for one in chart.manifests(case) if one["kind"] == "Pod"]
            script = test["spec"]["containers"][0]["command"][-1]
            subprocess.run(["sh", "-n", "-c", script], check=True)
            self.assertIn("/health/ready", script)
            self.assertEqual(script.count("/health/live"), 3 if case == "minimal" else 0)
