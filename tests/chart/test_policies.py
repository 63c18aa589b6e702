"""Policies of our own hold for every case, and each is seen to find what it is for."""

import unittest

import chart
import policies
from network import End, may_connect


def pod(manifests, name):
    return chart.pod_of(next(one for one in manifests if chart.named(one) == name))


def first(manifests, name):
    return pod(manifests, name)["spec"]["containers"][0]


def manifest(manifests, name):
    return next(one for one in manifests if chart.named(one) == name)


GATEWAY, TENANTS, MIGRATE = "Deployment/tenfold-gateway", "Deployment/tenfold-tenants", "Job/tenfold-migrate"
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "made"}}

# (policy, case, how a manifest is broken, what is told)
BROKEN = [
    ("restricted", "minimal", lambda m: pod(m, GATEWAY)["spec"]["securityContext"].pop("runAsNonRoot"), "may run as root"),
    ("restricted", "minimal", lambda m: pod(m, GATEWAY)["spec"]["securityContext"].update(runAsUser=0), "may run as root"),
    ("restricted", "minimal", lambda m: first(m, GATEWAY)["securityContext"].update(runAsUser=0), "may run as root"),
    ("restricted", "minimal", lambda m: pod(m, MIGRATE)["spec"]["securityContext"].pop("seccompProfile"), "no seccomp profile"),
    ("restricted", "minimal", lambda m: pod(m, GATEWAY)["spec"].update(hostNetwork=True), "shares its node's network"),
    ("restricted", "minimal", lambda m: pod(m, GATEWAY)["spec"].update(volumes=[{"name": "x", "hostPath": {"path": "/"}}]), "volume of a kind"),
    ("restricted", "minimal", lambda m: first(m, "Pod/tenfold-test")["securityContext"].update(privileged=True), "may gain privileges"),
    ("restricted", "minimal", lambda m: first(m, GATEWAY)["securityContext"].pop("allowPrivilegeEscalation"), "may gain privileges"),
    ("restricted", "minimal", lambda m: first(m, GATEWAY)["securityContext"]["capabilities"].update(add=["NET_BIND_SERVICE"]), "keeps capabilities"),
    ("restricted", "minimal", lambda m: first(m, TENANTS)["securityContext"].pop("capabilities"), "keeps capabilities"),
    ("restricted", "minimal", lambda m: first(m, GATEWAY)["ports"][0].update(hostPort=80), "takes a port of its node"),
    ("nothing_is_written_to_the_image", "minimal", lambda m: first(m, GATEWAY)["securityContext"].update(readOnlyRootFilesystem=False), "can write to its image"),
    ("no_token_of_the_cluster", "minimal", lambda m: pod(m, GATEWAY)["spec"].pop("automountServiceAccountToken"), "given a token of the cluster"),
    ("no_token_of_the_cluster", "minimal", lambda m: manifest(m, "ServiceAccount/tenfold").pop("automountServiceAccountToken"), "hands out a token"),
    ("no_token_of_the_cluster", "minimal", lambda m: pod(m, GATEWAY)["spec"].update(serviceAccountName="admin"), "not ours: admin"),
    ("no_token_of_the_cluster", "minimal", lambda m: pod(m, GATEWAY)["spec"].pop("enableServiceLinks"), "told of every Service"),
    ("no_token_of_the_cluster", "minimal", lambda m: m.append({"kind": "RoleBinding", "metadata": {"name": "all"}}), "gives rights in the cluster"),
    ("images_stay_what_they_are", "minimal", lambda m: first(m, GATEWAY).update(image="tenfold-gateway"), "an image that may change"),
    ("images_stay_what_they_are", "minimal", lambda m: first(m, GATEWAY).update(image="host:5000/tenfold-gateway:latest"), "an image that may change"),
    ("images_stay_what_they_are", "minimal", lambda m: first(m, GATEWAY).update(image="host:5000/tenfold-gateway"), "an image that may change"),
    ("limits_are_set", "minimal", lambda m: first(m, GATEWAY)["resources"]["limits"].pop("memory"), "no memory in its limits"),
    ("limits_are_set", "minimal", lambda m: first(m, TENANTS).pop("resources"), "no cpu in its requests"),
    ("limits_are_set", "minimal", lambda m: pod(m, TENANTS)["spec"]["volumes"][1].update(emptyDir={}), "may fill its node"),
    ("no_plain_secret", "minimal", lambda m: m.append(SECRET), "is a Secret"),
    ("no_plain_secret", "minimal", lambda m: first(m, GATEWAY)["env"].append({"name": "API_TOKEN", "value": "abc"}), "API_TOKEN in plain text"),
    ("no_plain_secret", "minimal", lambda m: first(m, GATEWAY)["env"].append({"name": "DB", "value": "postgres://a:b@c/d"}), "a password in DB"),
    ("no_plain_secret", "minimal", lambda m: first(m, GATEWAY).update(envFrom=[{"secretRef": {"name": "all"}}]), "whatever a Secret"),
    ("no_plain_secret", "cluster", lambda m: manifest(m, "ConfigMap/tenfold-alerts")["data"].update(x="http://a:b@c"), "holds a secret in x"),
    ("each_service_is_looked_after", "minimal", lambda m: first(m, GATEWAY).pop("readinessProbe"), "has no readinessProbe"),
    ("each_service_is_looked_after", "minimal", lambda m: first(m, GATEWAY).pop("lifecycle"), "no time to end what is under way"),
    ("each_service_is_looked_after", "minimal", lambda m: pod(m, GATEWAY)["spec"].update(terminationGracePeriodSeconds=20), "no time to end"),
    ("each_service_is_looked_after", "minimal", lambda m: pod(m, GATEWAY)["spec"]["topologySpreadConstraints"].pop(), "not spread"),
    ("each_service_is_looked_after", "minimal", lambda m: m.remove(manifest(m, "PodDisruptionBudget/tenfold-gateway")), "no budget of disruptions"),
    ("each_service_is_looked_after", "minimal", lambda m: manifest(m, GATEWAY)["spec"]["strategy"].update(rollingUpdate={"maxSurge": 0, "maxUnavailable": 1}), "short of a replica"),
    ("each_service_is_looked_after", "minimal", lambda m: manifest(m, GATEWAY)["spec"].update(replicas=0), "has no replica"),
    ("names_lead_somewhere", "minimal", lambda m: manifest(m, GATEWAY)["spec"]["selector"]["matchLabels"].update(x="y"), "does not select its own pods"),
    ("names_lead_somewhere", "minimal", lambda m: manifest(m, "Service/tenfold-gateway")["spec"]["selector"].pop("app.kubernetes.io/component"), "selects 4 Deployments"),
    ("names_lead_somewhere", "minimal", lambda m: manifest(m, "Service/tenfold-gateway")["spec"]["ports"][0].update(targetPort="web"), "a port that is not there"),
    ("names_lead_somewhere", "minimal", lambda m: manifest(m, "Service/tenfold-gateway")["spec"].update(type="LoadBalancer"), "reached from outside without TLS"),
    ("names_lead_somewhere", "high-availability", lambda m: manifest(m, GATEWAY)["spec"].update(replicas=2), "against a fixed number"),
    ("names_lead_somewhere", "minimal", lambda m: first(m, TENANTS)["volumeMounts"].clear(), "and mounts []"),
    ("names_lead_somewhere", "minimal", lambda m: first(m, TENANTS)["env"].reverse(), "before it is there"),
    ("names_lead_somewhere", "minimal", lambda m: first(m, GATEWAY)["env"].append({"name": "RUST_LOG", "value": "debug"}), "sets RUST_LOG twice"),
    ("jobs_end", "minimal", lambda m: manifest(m, MIGRATE)["spec"].pop("activeDeadlineSeconds"), "may try for ever"),
    ("jobs_end", "minimal", lambda m: pod(m, MIGRATE)["spec"].update(restartPolicy="OnFailure"), "loses the log"),
    ("jobs_end", "minimal", lambda m: manifest(m, MIGRATE)["metadata"]["annotations"].pop("helm.sh/hook-delete-policy"), "in the way of the next one"),
    ("only_tls_leads_in", "ingress", lambda m: manifest(m, "Ingress/tenfold")["spec"].pop("tls"), "a host without TLS"),
    ("only_tls_leads_in", "gateway-own", lambda m: manifest(m, "Gateway/tenfold")["spec"]["listeners"][0].update(protocol="HTTP"), "listens without TLS"),
    ("only_tls_leads_in", "gateway-own", lambda m: manifest(m, "HTTPRoute/tenfold")["spec"]["rules"][0]["backendRefs"][0].update(name="tenfold-budgets"), "leads past the gateway"),
    ("books_are_kept", "cluster", lambda m: manifest(m, "Cluster/tenfold-db")["metadata"].pop("annotations"), "goes when the release goes"),
    ("books_are_kept", "cluster", lambda m: manifest(m, "Cluster/tenfold-db")["spec"].update(enableSuperuserAccess=True), "lets a superuser in"),
    ("books_are_kept", "cluster", lambda m: manifest(m, "Cluster/tenfold-db")["spec"]["managed"]["roles"][0].update(bypassrls=True), "break the wall"),
]


class Policies(unittest.TestCase):
    def test_every_case_keeps_every_policy(self):
        for case, upgrade in chart.every_case():
            self.assertEqual(policies.faults(chart.manifests(case, upgrade)), [], f"{case}, upgrade {upgrade}")

    def test_each_policy_finds_what_it_is_for(self):
        for name, case, break_it, told in BROKEN:
            with self.subTest(policy=name, told=told):
                judge = getattr(policies, name)
                manifests = chart.manifests(case)
                self.assertEqual(policies.faults(manifests, [judge]), [])
                break_it(manifests)
                found = policies.faults(manifests, [judge])
                self.assertTrue(any(told in one for one in found), found)

    def test_no_policy_is_untried(self):
        self.assertEqual({judge.__name__ for judge in policies.POLICIES}, {name for name, *_ in BROKEN})


def ends(case):
    """Every pod of the release, one of the same namespace, one of another, and two addresses outside."""
    found = {}
    for one in chart.manifests(case):
        made = chart.pod_of(one)
        if made:
            component = made["metadata"]["labels"]["app.kubernetes.io/component"]
            found[component] = End(component, made["metadata"]["labels"])
    found["database"] = End("database", {"cnpg.io/cluster": "tenfold-db"})
    found["stranger"] = End("stranger", {"app": "stranger"})
    found["elsewhere"] = End("elsewhere", {"app": "x"}, namespace="somewhere")
    found["ingress"] = End("ingress", {"app": "x"}, namespace="ingress")
    found["operator"] = End("operator", {"app": "x"}, namespace="cnpg-system")
    found["prometheus"] = End("prometheus", {"app": "x"}, namespace="monitoring")
    found["internet"] = End("internet", address="203.0.113.7")
    found["metadata"] = End("metadata", address="169.254.169.254")
    found["private"] = End("private", address="10.1.2.3")
    return found


PORTS = {"gateway": 8080, "tenants": 4001, "budgets": 4002, "governance": 4003, "database": 5432, "internet": 443, "metadata": 443, "private": 443}


def reachable(case):
    everybody = ends(case)
    rules = [one for one in chart.manifests(case) if one["kind"] == "NetworkPolicy"]
    return {
        target: {source for source, end in everybody.items() if source != target and may_connect(rules, end, everybody[target], port)}
        for target, port in PORTS.items()
    }


class Network(unittest.TestCase):
    def test_only_the_gateway_is_reached_and_only_services_reach_the_database(self):
        found = reachable("cluster")
        outside = {"stranger", "elsewhere", "ingress", "operator", "prometheus", "internet", "metadata", "private", "database"}
        self.assertEqual(found["gateway"], outside | {"test"})
        self.assertEqual(found["tenants"], {"gateway", "budgets", "governance"})
        self.assertEqual(found["budgets"], {"gateway"})
        self.assertEqual(found["governance"], {"gateway"})
        self.assertEqual(found["database"], {"tenants", "budgets", "governance", "jobs", "operator"})

    def test_only_tenants_and_the_bucket_s_readers_reach_out_and_never_inside(self):
        found = reachable("cluster")
        ours = {"gateway", "tenants", "budgets", "governance", "jobs", "test"}
        self.assertEqual(found["internet"] & ours, {"tenants", "governance"})
        self.assertEqual(found["metadata"] & ours, {"tenants", "governance"}, "the bucket's place is not known until networkPolicy.bucketTo says it")
        self.assertEqual(found["private"] & ours, {"tenants", "governance"})
        narrow = reachable("high-availability")
        self.assertEqual(narrow["internet"] & ours, {"tenants"})
        self.assertEqual(narrow["metadata"] & ours, set())
        self.assertEqual(narrow["private"] & ours, set())
        self.assertEqual(reachable("ingress")["internet"] & ours, {"tenants"}, "papers in a folder need no way out")

    def test_who_may_come_to_the_gateway_can_be_narrowed(self):
        self.assertEqual(reachable("high-availability")["gateway"], {"ingress", "test"})

    def test_the_database_and_redis_are_reached_where_they_are(self):
        everybody = ends("high-availability")
        rules = [one for one in chart.manifests("high-availability") if one["kind"] == "NetworkPolicy"]
        reach = lambda source, address, port: may_connect(rules, everybody[source], End("there", address=address), port)
        self.assertTrue(reach("budgets", "10.20.0.3", 6432) and reach("budgets", "10.20.0.3", 6433) and reach("jobs", "10.20.0.3", 6432))
        self.assertFalse(reach("budgets", "10.20.0.3", 5432) or reach("budgets", "10.20.0.200", 6432) or reach("gateway", "10.20.0.3", 6432))
        self.assertTrue(reach("gateway", "10.20.0.17", 6380))
        self.assertFalse(reach("budgets", "10.20.0.17", 6380) or reach("gateway", "10.20.0.17", 6379))
        self.assertTrue(reach("governance", "10.20.0.33", 9000))
        self.assertFalse(reach("governance", "10.20.0.33", 443))

    def test_metrics_are_scraped_by_the_watcher_alone(self):
        everybody = ends("cluster")
        rules = [one for one in chart.manifests("cluster") if one["kind"] == "NetworkPolicy"]
        for target, port in (("gateway", 9464), ("tenants", 9464), ("budgets", 9464), ("governance", 9464), ("database", 9187)):
            found = {name for name, end in everybody.items() if name != target and may_connect(rules, end, everybody[target], port)}
            self.assertEqual(found, {"prometheus"}, target)

    def test_a_policy_taken_away_is_seen(self):
        everybody = ends("cluster")
        for gone, source, target, port in (
            ("NetworkPolicy/tenfold-budgets", "stranger", "budgets", 4002),
            ("NetworkPolicy/tenfold-db", "stranger", "database", 5432),
        ):
            rules = [one for one in chart.manifests("cluster") if one["kind"] == "NetworkPolicy" and chart.named(one) not in (gone, "NetworkPolicy/tenfold-nothing-else")]
            self.assertTrue(may_connect(rules, everybody[source], everybody[target], port), gone)
