"""Every case renders, always the same, and as was reviewed (golden/)."""

import copy
import difflib
import os
import pathlib
import re
import tempfile
import unittest

import helm_python

import chart

GOLDEN = chart.HERE / "golden"


class Rendering(unittest.TestCase):
    def test_every_case_renders_as_installation_and_as_upgrade(self):
        self.assertGreaterEqual(len(chart.CASES), 9)
        for case, upgrade in chart.every_case():
            with self.subTest(case=case, upgrade=upgrade):
                found = [chart.named(one) for one in chart.manifests(case, upgrade)]
                self.assertEqual(len(found), len(set(found)), "two of one name")
                self.assertEqual(sum(name.startswith("Deployment/") for name in found), 4)

    def test_the_same_values_give_the_same_text(self):
        for case in chart.CASES:
            self.assertEqual(chart.render(case), chart.render_values(chart.values_of(case)), case)

    def test_it_lints_and_is_whole_when_packaged(self):
        for case in chart.CASES:
            self.assertEqual(helm_python.lint(str(chart.CHART), values=chart.values_of(case))["errors"], [], case)
        with tempfile.TemporaryDirectory() as folder:
            archive = pathlib.Path(helm_python.package(str(chart.CHART), destination=folder))
            with helm_python.Chart.load_archive(archive.read_bytes()) as packaged:
                values = chart.values_of("cluster")
                rendered = packaged.render(values, name=chart.RELEASE, namespace=chart.NAMESPACE, is_install=True)
        self.assertEqual({path.split("/", 1)[1]: text for path, text in rendered.items()}, chart.render("cluster"))

    def test_names_fit_whatever_the_release_is_called(self):
        values = chart.values_of("cluster")
        for release in ("a", "tenfold", "region-9", "r" * 53):
            for text in chart.texts(chart.render_values(values, release=release)):
                one = chart.load(text)
                self.assertLessEqual(len(one["metadata"]["name"]), 63, chart.named(one))
                self.assertRegex(one["metadata"]["name"], r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")

    def test_a_release_of_another_name_leaves_nothing_of_this_one(self):
        values = copy.deepcopy(chart.values_of("cluster"))
        values["database"]["secretPrefix"] = "db"
        for path, text in chart.render_values(values, release="other").items():
            left = re.findall(r"(?<!image: )(?<!other-)(?<!/)tenfold-(?:gateway|tenants|budgets|governance|db|jobs|migrate)", text)
            self.assertEqual(left, [], path)

    def test_labels_say_whose_everything_is(self):
        for case, upgrade in chart.every_case():
            for one in chart.manifests(case, upgrade):
                labels = one["metadata"]["labels"]
                self.assertEqual(labels["app.kubernetes.io/name"], "tenfold", chart.named(one))
                self.assertEqual(labels["app.kubernetes.io/instance"], chart.RELEASE, chart.named(one))
                self.assertIn("app.kubernetes.io/component", labels, chart.named(one))

    def test_migrations_come_before_the_services_where_the_database_is_there(self):
        def hooks(case, upgrade):
            return {
                one["metadata"]["name"]: one["metadata"].get("annotations", {}).get("helm.sh/hook")
                for one in chart.manifests(case, upgrade)
                if one["kind"] == "Job"
            }

        self.assertEqual(hooks("minimal", False), {"tenfold-migrate": "pre-install,pre-upgrade"})
        self.assertEqual(hooks("minimal", True), {"tenfold-migrate": "pre-install,pre-upgrade"})
        installed = hooks("cluster", False)
        self.assertRegex(" ".join(sorted(installed)), "^tenfold-bootstrap-([0-9a-f]{7}) tenfold-migrate-\\1[0-9a-f]$")
        self.assertEqual(set(installed.values()), {None}, "the database is made by the release, so that nothing can run before it")
        self.assertEqual(hooks("cluster", True)["tenfold-migrate"], "pre-upgrade")

    def test_a_changed_revision_of_secrets_rolls_every_service(self):
        before = chart.values_of("minimal")
        after = {**before, "secretsRevision": "2026-11-22"}

        def templates(values):
            found = [chart.load(text) for text in chart.texts(chart.render_values(values))]
            return {chart.named(one): one["spec"]["template"] for one in found if one["kind"] == "Deployment"}

        old, new = templates(before), templates(after)
        self.assertEqual(len(new), 4)
        for name, template in new.items():
            self.assertNotEqual(template, old[name], name)

    def test_replicas_take_what_may_be_a_moment_old_and_nothing_else(self):
        def addresses(case, host):
            return {
                variable["name"]
                for one in chart.manifests(case)
                if chart.pod_of(one)
                for container in chart.containers_of(chart.pod_of(one))
                for variable in container.get("env", [])
                if host in variable.get("value", "")
            }

        reads = {
            f"TENFOLD_{service}_{kind}_DATABASE_URL".upper()
            for service, data in chart.services().items()
            for kind in data.get("reads", [])
        }
        self.assertNotIn("TENFOLD_BUDGETS_REGION_DATABASE_URL", reads, "it writes thresholds")
        self.assertEqual(addresses("cluster", "@tenfold-db-ro:"), reads)
        self.assertEqual(addresses("high-availability", "@db-read.example.org:"), reads)
        self.assertEqual(addresses("cluster-restored", "-ro:"), set())

    def test_connections_fit_the_database(self):
        for case in ("cluster", "cluster-restored"):
            manifests = chart.manifests(case)
            [cluster] = [one for one in manifests if one["kind"] == "Cluster"]
            sum_of = 0
            for service, data in chart.services().items():
                replicas = chart.values_of(case).get("services", {}).get(service, {}).get("replicas", 2)
                sum_of += (replicas + 1) * sum(data.get("connections", {}).values())
            self.assertEqual(cluster["spec"]["postgresql"]["parameters"]["max_connections"], str(sum_of + 50))

    def test_it_is_as_it_was_reviewed(self):
        """The smallest case whole; of every other, what differs. TENFOLD_GOLDEN=write writes them anew."""
        made = {"minimal.yaml": f"# What helm makes of values/minimal.yaml.\n{''.join(written('minimal').values())}"}
        for case in chart.CASES:
            if case != "minimal":
                told = f"# How what helm makes of values/{case}.yaml differs from golden/minimal.yaml."
                made[f"{case}.diff"] = f"{told}\n{difference(written('minimal'), written(case))}"
        for case in ("minimal", "cluster"):
            told = f"# How an upgrade differs from an installation, of values/{case}.yaml."
            made[f"{case}-upgraded.diff"] = f"{told}\n{difference(written(case), written(case, upgrade=True))}"
        if os.environ.get("TENFOLD_GOLDEN") == "write":
            for name, text in made.items():
                (GOLDEN / name).write_text(text)
        self.assertEqual({path.name for path in GOLDEN.iterdir()}, set(made), "TENFOLD_GOLDEN=write ./dev chart-test")
        for name, text in made.items():
            with self.subTest(golden=name):
                kept = (GOLDEN / name).read_text()
                told = "\n".join(list(difflib.unified_diff(kept.splitlines(), text.splitlines(), lineterm="", n=1))[:40])
                self.assertTrue(kept == text, f"TENFOLD_GOLDEN=write ./dev chart-test, and read the difference:\n{told}")


def written(case, upgrade=False):
    """Each manifest as it is written, by its name; of a ConfigMap only which files it has, since they lie in files/."""
    found = {}
    for text in chart.texts(chart.render(case, upgrade)):
        one = chart.load(text)
        if one["kind"] == "ConfigMap":
            text = re.sub(r"^(  \S+: \|)\n(?:    .*\n)+", r"\1\n    …\n", text, flags=re.MULTILINE)
        found[chart.named(one)] = f"---\n{text}"
    return found


def difference(before, after):
    told = []
    for name in sorted(before.keys() | after.keys()):
        lines = [one.get(name, "").splitlines() for one in (before, after)]
        told += difflib.unified_diff(*lines, fromfile=name, tofile=name, lineterm="", n=2)
    return "".join(f"{line}\n" for line in told)
