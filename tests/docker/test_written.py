"""The Dockerfile and compose.yaml, read and held to the code, the chart, the settings and the documents."""

import pathlib
import re
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text()
COMPOSE_TEXT = (ROOT / "docker" / "compose.yaml").read_text()
COMPOSE = yaml.safe_load(COMPOSE_TEXT)
SERVICES = COMPOSE["services"]
SETTINGS = (ROOT / "docs" / "settings.md").read_text()
PROGRAMS = ("gateway", "tenants", "budgets", "governance")
# Images that are not ours, and the variables they take.
THEIRS = {"postgres": {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD_FILE", "POSTGRES_INITDB_ARGS", "PGDATA"}, "redis": set(), "collector": set()}
# A container that has no program it could be asked with.
UNASKED = {"collector"}
USER = "10001:10001"


def chart():
    return yaml.safe_load((ROOT / "helm/tenfold/files/services.yaml").read_text())


def arguments():
    return dict(re.findall(r"^ARG (\w+)=(.*)$", DOCKERFILE, re.MULTILINE))


def stages():
    """The text of each stage, by its name."""
    parts = re.split(r"^FROM (\S+) AS (\w+)$", DOCKERFILE, flags=re.MULTILINE)
    return {name: (base, text) for base, name, text in zip(parts[1::3], parts[2::3], parts[3::3])}


def environment(service):
    return {name: str(value) for name, value in (service.get("environment") or {}).items()}


def is_job(service):
    return service["image"].startswith("tenfold:")


class Images(unittest.TestCase):
    def test_base_images_are_named_once_and_by_version(self):
        bases = {base for base, _ in stages().values()}
        self.assertEqual(bases, {"${BUILDER}", "${RUNTIME}", "runtime"})
        for name in ("BUILDER", "RUNTIME"):
            self.assertRegex(arguments()[name], r"^[\w./-]+:[\w.-]+$")
            self.assertNotIn("latest", arguments()[name])
        self.assertNotRegex(DOCKERFILE, r"(?m)^COPY --from=[^bm]", "an image is copied from that is no stage of ours")

    def test_the_builder_is_the_rust_the_workspace_asks_for_on_the_runtime_s_debian(self):
        wanted = re.search(r'^rust-version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]
        self.assertEqual(arguments()["BUILDER"], f"rust:{wanted}.0-slim-bookworm")
        self.assertIn("-debian12:", arguments()["RUNTIME"])

    def test_there_is_a_target_for_each_program(self):
        for program in PROGRAMS:
            base, text = stages()[program]
            binary = f"/usr/local/bin/tenfold-{program}"
            self.assertEqual(base, "runtime")
            self.assertIn(f'\nENTRYPOINT ["{binary}"]\n', text)
            self.assertRegex(text, rf'HEALTHCHECK [^\n]* CMD \["{binary}", "--healthy"\]')
            port = chart()[program]["port"]
            self.assertIn(f"TENFOLD_{program.upper()}_ADDR=0.0.0.0:{port}", text)
            self.assertIn(f"\nEXPOSE {port}\n", text)
            main = (ROOT / f"services/{program}/src/main.rs").read_text()
            self.assertIn("web::healthy(", main)
        base, text = stages()["migrate"]
        self.assertEqual(base, "runtime")
        self.assertIn('\nENTRYPOINT ["/usr/local/bin/tenfold"]\n', text)
        self.assertIn("\nHEALTHCHECK NONE\n", text)

    def test_every_program_is_built_from_the_lock_and_the_committed_queries(self):
        build = (ROOT / "docker/build.sh").read_text()
        for word in ("--release", "--locked", *(f"--package {name}" for name in ("tenfold", *PROGRAMS))):
            self.assertIn(word, build)
        self.assertIn("SQLX_OFFLINE=true", DOCKERFILE)
        self.assertIn("CARGO_PROFILE_RELEASE_STRIP=symbols", DOCKERFILE)
        self.assertEqual(len(re.findall("(?:RUN|&&) sh /build.sh", DOCKERFILE)), 2)
        ignored = (ROOT / ".dockerignore").read_text().split("\n")
        for path in ("Cargo.lock", "libs", "services", "openapi", ".sqlx", "docker/build.sh"):
            self.assertIn(f"!{path}", ignored)
        self.assertLess(ignored.index("*"), ignored.index("!libs"))

    def test_nobody_is_root_and_the_user_is_the_chart_s(self):
        run_as = yaml.safe_load((ROOT / "helm/tenfold/values.yaml").read_text())["runAs"]
        self.assertEqual(USER, f"{run_as}:{run_as}")
        self.assertEqual(re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE), [USER])
        self.assertEqual(set(re.findall(r"--chown=(\S+)", DOCKERFILE)), {USER})

    def test_every_image_says_what_it_is(self):
        shared = set(re.findall(r"org\.opencontainers\.image\.(\w+)=", stages()["runtime"][1]))
        self.assertEqual(shared, {"source", "licenses", "vendor", "version", "revision", "created"})
        for target in (*PROGRAMS, "migrate"):
            own = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]*)"', stages()[target][1]))
            self.assertEqual(own.keys(), {"title", "description"})
            self.assertEqual(own["title"], "tenfold" if target == "migrate" else f"tenfold-{target}")

    def test_what_a_builder_of_old_does_not_know_is_not_used(self):
        for word in ("--mount", "--link", "--parents", "# syntax="):
            self.assertNotIn(word, DOCKERFILE)


class Compose(unittest.TestCase):
    def test_every_image_has_a_version(self):
        version = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]
        for name, service in SERVICES.items():
            image, tag = service["image"].split(":", 1)
            if name in THEIRS:
                self.assertRegex(tag, r"^\d+\.\d+", name)
            else:
                self.assertEqual(tag, f"${{TENFOLD_VERSION:-{version}}}", name)
                self.assertEqual(image, f"tenfold-{name}" if name in PROGRAMS else "tenfold")

    def test_what_is_built_is_built_of_the_dockerfile_once(self):
        built = {name: service["build"] for name, service in SERVICES.items() if "build" in service}
        self.assertEqual({name: one["target"] for name, one in built.items()}, {"secrets": "migrate", **{name: name for name in PROGRAMS}})
        for one in built.values():
            self.assertEqual((one["context"], one["dockerfile"]), ("..", "docker/Dockerfile"))
            self.assertIn(one["target"], stages())

    def test_every_container_is_locked(self):
        for name, service in SERVICES.items():
            self.assertEqual(service["user"], USER, name)
            self.assertIs(service["read_only"], True, name)
            self.assertEqual(service["cap_drop"], ["ALL"], name)
            self.assertEqual(service["security_opt"], ["no-new-privileges:true"], name)
            for word in ("privileged", "cap_add", "pid", "ipc", "devices", "env_file"):
                self.assertNotIn(word, service, name)
            self.assertEqual(service["restart"], "no" if is_job(service) else "unless-stopped", name)

    def test_every_service_can_be_asked_for_its_health(self):
        for name, service in SERVICES.items():
            if name in PROGRAMS:
                self.assertNotIn("healthcheck", service, "the image's own is taken")
            elif name in THEIRS.keys() - UNASKED:
                self.assertEqual(service["healthcheck"]["test"][0], "CMD", name)
            else:
                self.assertTrue(is_job(service) or name in UNASKED, name)

    def test_whoever_is_waited_for_is_healthy_or_has_ended_well(self):
        for name, service in SERVICES.items():
            for other, how in service.get("depends_on", {}).items():
                wanted = "service_completed_successfully" if is_job(SERVICES[other]) else "service_healthy"
                self.assertEqual(how, {"condition": wanted}, f"{name} waits for {other}")

    def test_only_the_gateway_is_published_and_on_loopback(self):
        self.assertEqual([name for name, service in SERVICES.items() if "ports" in service], ["gateway"])
        self.assertEqual(SERVICES["gateway"]["ports"], [f"127.0.0.1:${{TENFOLD_PORT:-8080}}:{chart()['gateway']['port']}"])

    def test_networks_let_through_what_the_chart_lets_through(self):
        of = {name: set(service.get("networks", [])) for name, service in SERVICES.items()}
        for name, data in chart().items():
            for other in data["calls"]:
                self.assertTrue(of[name] & of[other], f"{name} does not reach {other}")
        self.assertEqual(of["postgres"], {"database"})
        self.assertEqual(of["redis"], {"limits"})
        with_database = {name for name, data in chart().items() if "connections" in data}
        jobs = {"migrate", "roles", "bootstrap"}
        self.assertEqual({name for name, networks in of.items() if "database" in networks}, {"postgres"} | jobs | with_database)
        self.assertEqual({name for name, networks in of.items() if "limits" in networks}, {"redis", "gateway"})
        self.assertEqual({name for name, networks in of.items() if "front" in networks}, {"gateway", "demo"})
        self.assertEqual(SERVICES["secrets"]["network_mode"], "none")
        inside = {name for name, network in COMPOSE["networks"].items() if network.get("internal")}
        self.assertEqual(inside, {"services", "database", "limits"})

    def test_every_setting_is_one_that_is_documented(self):
        for name, service in SERVICES.items():
            unknown = {
                setting for setting in environment(service)
                if f"`{setting}`" not in SETTINGS and not re.fullmatch(rf"TENFOLD_{name.upper()}_[A-Z]+_DATABASE_URL", setting)
            }
            self.assertEqual(unknown, THEIRS.get(name, set()), name)
        for setting in re.findall(r"\$\{(\w+)", COMPOSE_TEXT):
            self.assertIn(f"`{setting}`", SETTINGS)

    def test_every_login_role_comes_in_without_a_password_in_its_address(self):
        for name, data in chart().items():
            roles = {f"TENFOLD_{name}_{kind}_DATABASE_URL".upper(): f"postgres://{name}_{kind}@postgres/tenfold" for kind in data.get("connections", {})}
            given = {setting: value for setting, value in environment(SERVICES[name]).items() if setting.endswith("_DATABASE_URL")}
            self.assertEqual(given, roles, name)

    def test_no_secret_stands_in_the_file(self):
        for text in (COMPOSE_TEXT, (ROOT / "docker/.env").read_text(), DOCKERFILE, (ROOT / "docker/collector.yaml").read_text()):
            self.assertNotRegex(text, r"://[^\s/@]*:[^\s/@]+@")
            self.assertNotRegex(text, r"(?i)\b\w*(password|secret|token)\w*\s*[:=]\s*(?!.*_FILE)['\"]?\w{6,}['\"]?$")
        for name, service in SERVICES.items():
            for setting, value in environment(service).items():
                if re.search("PASSWORD|SECRET|KEY", setting) and setting != "TENFOLD_KEY_ROTATION_DAYS":
                    self.assertTrue(value.startswith("/run/tenfold/secrets/"), f"{name}: {setting}")

    def test_each_is_given_its_own_secrets_and_writes_no_others(self):
        for name, service in SERVICES.items():
            given = {volume.split(":")[0]: volume.endswith(":ro") for volume in service.get("volumes", []) if "secrets" in volume.split(":")[0] or "client" in volume.split(":")[0]}
            if name in (*PROGRAMS, "postgres"):
                self.assertLessEqual(given.keys(), {f"{name}-secrets"}, name)
            writes = {volume for volume, read_only in given.items() if not read_only}
            allowed = {"tenants": {"tenants-secrets"}, "bootstrap": {"first-client"}, "secrets": {f"{one}-secrets" for one in ("postgres", "jobs", "tenants", "budgets", "governance")}}
            self.assertEqual(writes, allowed.get(name, set()), name)

    def test_every_volume_is_mounted_where_its_image_has_a_folder_for_it(self):
        named = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])} - {"./collector.yaml"}
        self.assertEqual(named, COMPOSE["volumes"].keys())
        folders = {
            "tenants": {"papers", "exports"}, "budgets": {"imports"}, "governance": {"papers"}, "migrate": {"personas"},
        }
        for target, names in folders.items():
            for name in names:
                self.assertIn(f"/out/{target}/{name}", DOCKERFILE)
            self.assertIn(f"COPY --from=build --chown={USER} /out/{target} /var/lib/tenfold", stages()[target][1])
        for name, service in SERVICES.items():
            for volume in service.get("volumes", []):
                at = volume.split(":")[1]
                if at.startswith("/var/lib/tenfold/"):
                    self.assertIn(at.rsplit("/", 1)[1], folders["migrate" if is_job(service) else name], name)

    def test_there_is_time_to_end_what_is_under_way(self):
        self.assertIn("drain_time: Duration::from_secs(25)", (ROOT / "libs/web/src/serve.rs").read_text())
        for name in PROGRAMS:
            self.assertEqual(SERVICES[name]["stop_grace_period"], "30s")


class Documents(unittest.TestCase):
    def test_the_pages_name_the_images_and_profiles_that_are_there(self):
        pages = "".join((ROOT / "docs/operations" / f"{name}.md").read_text() for name in ("compose", "images"))
        for image in (arguments()["BUILDER"], arguments()["RUNTIME"], *(SERVICES[name]["image"] for name in THEIRS)):
            self.assertIn(f"`{image}`", pages)
        profiles = {profile for service in SERVICES.values() for profile in service.get("profiles", [])}
        self.assertEqual(profiles, {"demo", "telemetry"})
        for profile in profiles:
            self.assertIn(f"--profile {profile}", pages)
        for volume in COMPOSE["volumes"]:
            self.assertIn(f"`{volume}`", pages)
        for said in re.findall(r"\b(\d+) MB above", pages):
            self.assertIn(f"\nMOST={said}\n", (ROOT / "docker/images.sh").read_text())

    def test_the_collector_s_settings_can_be_read(self):
        collector = yaml.safe_load((ROOT / "docker/collector.yaml").read_text())
        for pipeline in collector["service"]["pipelines"].values():
            for kind in ("receivers", "processors", "exporters"):
                self.assertLessEqual(set(pipeline[kind]), collector[kind].keys())
