"""What is generated is fresh, every value is described, and the page on Kubernetes names what is there."""

import json
import re
import unittest

import chart
import generate


class Documents(unittest.TestCase):
    def test_readme_and_schema_follow_from_the_values(self):
        self.assertEqual([path.name for path in generate.stale()], [], "./dev chart-test --fix, and commit it")

    def test_every_value_is_described(self):
        for path, _, said in generate.described((chart.CHART / "values.yaml").read_text()):
            self.assertTrue(said.endswith((".", ")")), ".".join(path))

    def test_every_value_is_in_the_schema_and_the_other_way_round(self):
        schema = json.loads((chart.CHART / "values.schema.json").read_text())

        def resolved(node):
            while "$ref" in node:
                node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
            return node

        def compare(values, node, path):
            node = resolved(node)
            if isinstance(values, dict) and values and "properties" in node:
                optional = {"global"} if not path else {"ephemeral-storage"}
                self.assertEqual(values.keys() - optional, node["properties"].keys() - optional, path)
                for key, value in values.items():
                    compare(value, node["properties"][key], f"{path}.{key}")

        compare(chart.load((chart.CHART / "values.yaml").read_text()), schema, "")

    def test_every_file_says_what_it_is(self):
        comment = re.compile(r'^(# |"""|\{\{/\* |<!-- )')
        for folder in (chart.CHART, chart.HERE):
            for path in folder.rglob("*"):
                if path.is_file() and path.suffix in (".yaml", ".tpl", ".py", ".md", ".diff") and "__pycache__" not in path.parts:
                    self.assertRegex(path.read_text(), comment, path.name)

    def test_the_page_names_values_that_are_there(self):
        page = (chart.ROOT / "docs" / "operations" / "kubernetes.md").read_text()
        known = {".".join(path[: depth + 1]) for path, _, _ in generate.described((chart.CHART / "values.yaml").read_text()) for depth in range(len(path))}
        tops = {path.split(".")[0] for path in known if "." in path}
        named = {one for one in re.findall(r"`([a-z][A-Za-z]*(?:\.[A-Za-z]+)+)`", page) if one.split(".")[0] in tops}
        self.assertGreater(len(named), 5)
        self.assertEqual(named - known, set())
        for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL):
            self.assertTrue(chart.load(block), block)

    def test_the_page_makes_a_secret_for_every_role(self):
        page = (chart.ROOT / "docs" / "operations" / "kubernetes.md").read_text()
        asked = {
            variable["valueFrom"]["secretKeyRef"]["name"]
            for one in chart.manifests("minimal")
            if chart.pod_of(one)
            for container in chart.containers_of(chart.pod_of(one))
            for variable in container.get("env", [])
            if variable["name"].startswith("PASSWORD_OF_")
        }
        named = {f"tenfold-db-{role.replace('_', '-')}" for role in re.search(r"roles='(.*?)'", page, re.DOTALL)[1].split()}
        self.assertEqual(named | {"tenfold-db-owner"}, asked)
