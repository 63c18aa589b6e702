"""Values that must not be used are refused, by the schema or by the templates, in words a person can act on."""

import copy
import json
import re
import unittest

import helm_python
import jsonschema

import chart

SCHEMA = json.loads((chart.CHART / "values.schema.json").read_text())

# (case, where, what is put there, who refuses it, what is said)
REFUSED = [
    # Missing.
    ("minimal", "publicUrl", "", "schema", "at '/publicUrl': value must be 'https:// and a host, without a path"),
    ("minimal", "publicUrl", "http://tenfold.example.org", "schema", "https:// and a host"),
    ("minimal", "publicUrl", "https://tenfold.example.org/api", "schema", "without a path"),
    ("minimal", "database.url", "", "schema", "at '/database/url': value must be 'where the database is, postgres://host:5432/database"),
    ("minimal", "keys.encryption.secret", "", "schema", "services do not start without this key"),
    ("minimal", "papers.url", "", "schema", "where papers lie: s3://bucket/folder"),
    ("minimal", "papers.secret", "", "template", "papers.secret and papers.region are needed for a bucket"),
    ("ingress", "papers.claim", "", "template", "papers.claim is missing: name the PersistentVolumeClaim"),
    ("ingress", "expose.tlsSecret", "", "template", "expose.tlsSecret is missing: tokens are not sent without TLS"),
    ("gateway-own", "expose.className", "", "template", "expose.className is missing: name the GatewayClass"),
    ("cluster", "database.cluster.backup.objectStore", "", "template", "database.cluster.backup.objectStore is missing"),
    ("cluster-restored", "database.cluster.recover.serverName", "", "template", "name the cluster that is to be restored"),
    ("cluster-restored", "database.cluster.recover.objectStore", "", "template", "name the ObjectStore that the backups are in"),
    # Unknown.
    ("minimal", "replicas", 3, "schema", "additional properties 'replicas' not allowed"),
    ("minimal", "database.host", "db", "schema", "at '/database': additional properties 'host' not allowed"),
    ("minimal", "services.console", {}, "schema", "at '/services': additional properties 'console' not allowed"),
    ("minimal", "services.gateway.image", "x", "schema", "additional properties 'image' not allowed"),
    ("minimal", "image.digests.console", "x", "schema", "additional properties 'console' not allowed"),
    # Secrets in plain text.
    ("minimal", "database.url", "postgres://tenfold:hunter2@db.example.org/tenfold", "schema", "without user or password, which are in the Secrets"),
    ("high-availability", "database.replicaUrl", "postgres://tenfold@db.example.org/tenfold", "schema", "without user or password"),
    ("minimal", "database.password", "hunter2", "schema", "at '/database/password': value must be 'left out here: put it into a Secret"),
    ("minimal", "redis.url", "redis://:hunter2@redis.example.org", "schema", "the whole address is in the Secret of redis.secret"),
    ("minimal", "redis.password", "hunter2", "schema", "put it into a Secret, and name that Secret"),
    ("minimal", "keys.seal.pem", "-----BEGIN PRIVATE KEY-----", "schema", "put it into a Secret, and name that Secret"),
    ("minimal", "keys.encryption.secret", "q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k=", "schema", "the name of a Secret that is there already"),
    ("minimal", "papers.secretAccessKey", "hunter2", "schema", "put it into a Secret, and name that Secret"),
    ("minimal", "papers.endpoint", "https://key:hunter2@objects.example.org", "schema", "https:// and a host"),
    # Numbers and words.
    ("minimal", "services.gateway.replicas", 0, "schema", "at '/services/gateway/replicas': value must be '1 or more: without a gateway nothing answers'"),
    ("minimal", "services.budgets.replicas", 0, "schema", "value must be '1 or more'"),
    ("minimal", "services.budgets.replicas", "2", "schema", "got string, want integer"),
    ("minimal", "services.budgets.replicas", 9, "template", "services.budgets.maxReplicas is below its replicas"),
    ("minimal", "services.budgets.resources.limits.memory", "lots", "schema", "a quantity, as in 250m, 2 or 512Mi"),
    ("minimal", "services.budgets.resources.limits.memory", None, "schema", "missing property 'memory'"),
    ("minimal", "image.tag", "latest", "schema", "a tag that stays what it is"),
    ("minimal", "toolImage.tag", "latest", "schema", "a tag that stays what it is"),
    ("minimal", "image.digests.gateway", "sha256:12", "schema", "a digest, sha256: and 64 hexadecimal digits"),
    ("minimal", "runAs", 0, "schema", "minimum: got 0, want 1"),
    ("minimal", "expose.by", "loadbalancer", "schema", "value must be one of 'none', 'ingress', 'gateway'"),
    ("minimal", "keys.rotationDays", 0, "schema", "minimum: got 0, want 1"),
    ("minimal", "keys.audit.before", ["short"], "schema", "a public key, 32 bytes in base64url"),
    ("minimal", "networkPolicy.gatewayFrom", [{"namespace": "ingress"}], "schema", "additional properties 'namespace' not allowed"),
    ("minimal", "networkPolicy.gatewayFrom", [{}], "schema", "minProperties"),
    ("cluster", "database.cluster.instances", 0, "schema", "minimum: got 0, want 1"),
    ("cluster", "database.cluster.image", "postgres", "schema", "an image with its tag or digest"),
    # Contradictions.
    ("cluster", "database.url", "postgres://db.example.org/tenfold", "template", "leave them empty, or set database.cluster.enabled to false"),
    ("cluster", "database.ca.secret", "ca", "template", "a cluster of ours brings its certificate"),
    ("cluster", "database.cluster.instances", 2, "template", "replicaReads takes three instances"),
    ("cluster-restored", "database.cluster.name", "tenfold-db", "template", "would write its backups over those it is restored from"),
    ("ingress", "redis.url", "redis://redis.example.org", "template", "redis.url and redis.secret are both set"),
    ("minimal", "expose.parentRefs", [{"name": "shared"}], "template", "expose.parentRefs names Gateways, and expose.by is not gateway"),
]


def patched(case, where, what):
    values = copy.deepcopy(chart.values_of(case))
    here = values
    *path, last = where.split(".")
    for key in path:
        here = here.setdefault(key, {})
    here[last] = what
    return values


class Refusals(unittest.TestCase):
    def test_every_one_is_refused_with_its_sentence(self):
        for case, where, what, who, said in REFUSED:
            with self.subTest(where=where, what=what):
                kind = helm_python.HelmValuesError if who == "schema" else helm_python.HelmRenderError
                with self.assertRaises(kind) as refused:
                    chart.render_values(patched(case, where, what))
                self.assertIn(said, str(refused.exception))

    def test_a_refusal_does_not_repeat_a_secret(self):
        for case, where, what, _, _ in REFUSED:
            if "hunter2" in str(what):
                with self.assertRaises(Exception) as refused:
                    chart.render_values(patched(case, where, what))
                self.assertNotIn("hunter2", str(refused.exception))

    def test_all_contradictions_are_told_at_once(self):
        values = patched("cluster", "database.cluster.instances", 1)
        values["database"]["cluster"]["backup"]["objectStore"] = ""
        with self.assertRaises(helm_python.HelmRenderError) as refused:
            chart.render_values(values)
        self.assertEqual(len(re.findall(r"^- ", str(refused.exception), re.MULTILINE)), 2)

    def test_the_schema_alone_refuses_what_it_should(self):
        """Editors and pipelines look at values with the schema and no templates."""
        for case, where, what, who, _ in REFUSED:
            if who == "schema" and what is not None:
                merged = chart._chart().merge_values(patched(case, where, what))
                self.assertTrue(list(jsonschema.Draft7Validator(SCHEMA).iter_errors(merged)), where)
        for case in chart.CASES:
            jsonschema.validate(chart._chart().merge_values(chart.values_of(case)), SCHEMA)

    def test_nothing_is_open_in_the_schema(self):
        def walk(node, path):
            if isinstance(node, dict):
                if node.get("type") == "object" and path != "/properties/global":
                    self.assertIn("additionalProperties", node, path)
                    self.assertIsNot(node["additionalProperties"], True, path)
                for key, value in node.items():
                    walk(value, f"{path}/{key}")

        walk(SCHEMA, "")
