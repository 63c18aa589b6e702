"""Every manifest is one that Kubernetes takes, in each version we name, and in fields it knows."""

import copy
import functools
import json
import unittest

import jsonschema
import kubernetes_validate
import kubernetes_validate.utils

import chart

# The oldest that Chart.yaml names, and what came after it.
VERSIONS = ["1.30", "1.32", "1.34", "1.36", "1.37"]
# Kinds that are not Kubernetes's own: held to schemas of ours, of just the fields we use.
CUSTOM = {path.stem: json.loads(path.read_text()) for path in (chart.HERE / "schemas").glob("*.json")}

# It reads all definitions of a version from disk for every manifest; once is enough.
kubernetes_validate.utils.schema_contents = functools.cache(kubernetes_validate.utils.schema_contents)


def refusal(manifest, version):
    """Why Kubernetes would not take it; None where it would."""
    try:
        if manifest["kind"] in CUSTOM:
            jsonschema.validate(manifest, CUSTOM[manifest["kind"]])
        else:
            kubernetes_validate.validate(manifest, version, strict=True)
    except kubernetes_validate.SchemaNotFoundError as error:
        return error.message
    except jsonschema.ValidationError as error:
        return error.message
    return None


class Kubernetes(unittest.TestCase):
    def test_every_manifest_of_every_case_is_taken_by_every_version(self):
        kinds, looked_at = set(), {}
        for case, upgrade in chart.every_case():
            for one in chart.manifests(case, upgrade):
                kinds.add(one["kind"])
                looked_at.setdefault(json.dumps(one, sort_keys=True), (case, one))
        for case, one in looked_at.values():
            for version in VERSIONS if one["kind"] not in CUSTOM else VERSIONS[:1]:
                self.assertIsNone(refusal(one, version), f"{case}: {chart.named(one)} in {version}")
        self.assertGreater(len(looked_at), 80)
        self.assertLessEqual(set(CUSTOM), kinds, "a schema of ours that no case uses")

    def test_the_oldest_version_is_the_one_the_chart_names(self):
        self.assertIn('kubeVersion: ">=1.30.0-0"', (chart.CHART / "Chart.yaml").read_text())
        self.assertEqual(VERSIONS[0], "1.30")
        deployment = next(one for one in chart.manifests("minimal") if one["kind"] == "Deployment")
        self.assertIsNotNone(refusal(deployment, "1.28"), "an older version knows no sleep in preStop")

    def test_a_broken_manifest_is_found(self):
        for kind, break_it in (
            ("Deployment", lambda one: one["spec"].pop("selector")),
            ("Deployment", lambda one: one["spec"]["template"]["spec"]["containers"][0].update(imagePulPolicy="Always")),
            ("NetworkPolicy", lambda one: one["spec"].update(policyTypes="Ingress")),
            ("Cluster", lambda one: one["spec"].update(replicas=3)),
            ("Cluster", lambda one: one["spec"].pop("storage")),
            ("PodMonitor", lambda one: one["spec"].pop("selector")),
        ):
            one = copy.deepcopy(next(one for one in chart.manifests("cluster") if one["kind"] == kind))
            break_it(one)
            self.assertIsNotNone(refusal(one, "1.34"), kind)
        self.assertIn("find schema", refusal({"apiVersion": "example.org/v1", "kind": "Unknown"}, "1.34"))
