"""Alerts and dashboards ask for metrics that somebody tells, and say what to do."""

import json
import re
import unittest

import promql_parser

import chart

# Who tells what. Ours would be called tenfold_…, and are looked for in the code.
KNOWN = {
    "kube-state-metrics": """
        kube_deployment_spec_replicas kube_deployment_status_replicas_available
        kube_horizontalpodautoscaler_spec_max_replicas kube_horizontalpodautoscaler_status_current_replicas
        kube_job_status_failed kube_job_status_succeeded
        kube_pod_container_resource_limits kube_pod_container_status_last_terminated_reason kube_pod_container_status_restarts_total""",
    "kubelets": """
        container_cpu_cfs_periods_total container_cpu_cfs_throttled_periods_total container_cpu_usage_seconds_total
        container_memory_working_set_bytes container_network_receive_bytes_total container_network_transmit_bytes_total
        kubelet_volume_stats_available_bytes kubelet_volume_stats_capacity_bytes""",
    "CloudNativePG": """
        cnpg_backends_max_tx_duration_seconds cnpg_backends_total cnpg_collector_up cnpg_pg_database_xid_age
        cnpg_pg_replication_lag cnpg_pg_replication_streaming_replicas cnpg_pg_settings_setting
        cnpg_pg_stat_archiver_last_archived_time cnpg_pg_stat_archiver_last_failed_time
        cnpg_pg_stat_archiver_seconds_since_last_archival
        cnpg_pg_stat_database_xact_commit cnpg_pg_stat_database_xact_rollback""",
    "the programs, of their process": "process_resident_memory_bytes",
    "Barman Cloud plugin": "barman_cloud_cloudnative_pg_io_last_available_backup_timestamp",
}
METRIC = re.compile(r"\b(?:kube|kubelet|container|cnpg|barman_cloud|process|tenfold)_[a-z0-9_]+\b(?!=|~|!)")


def code():
    return "".join(path.read_text() for folder in ("libs", "services") for path in (chart.ROOT / folder).rglob("*.rs"))


def files(kind, case="cluster"):
    [found] = [one for one in chart.manifests(case) if chart.named(one) == f"ConfigMap/tenfold-{kind}"]
    return found["data"]


def rules():
    return [rule for text in files("alerts").values() for group in chart.load(text)["groups"] for rule in group["rules"]]


def boards():
    return [json.loads(text) for text in files("dashboards").values()]


def expressions():
    yield from (rule["expr"] for rule in rules())
    yield from (target["expr"] for board in boards() for panel in board["panels"] for target in panel["targets"])


def catalogue():
    """Our own, from the code: name, kind, labels."""
    text = (chart.ROOT / "libs/web/src/telemetry/measures.rs").read_text()
    found = re.findall(r'(Counter|Gauge|Histogram) "(tenfold_\w+)" \[(.*?)\]', text)
    return [(name, kind, set(re.findall(r'"(\w+)"', labels))) for kind, name, labels in found]


def ours(one):
    """The series of a measurement: a histogram has three."""
    name, kind, _ = one
    return [f"{name}_{part}" for part in ("bucket", "count", "sum")] if kind == "Histogram" else [name]


def parts(node):
    """Every selector in an expression that was parsed."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node
    for name in ("expr", "lhs", "rhs", "vector_selector", "args", "param"):
        below = getattr(node, name, None)
        for one in below if isinstance(below, list) else [below] if below is not None else []:
            yield from parts(one)


class Monitoring(unittest.TestCase):
    def test_every_expression_can_be_read_and_asks_for_labels_there_are(self):
        labels = {name: of | {"namespace", "pod"} for one in catalogue() for name in ours(one) for of in [one[2]]}
        values = set(re.findall(r'"([^"\n]+)"', code()))
        seen = 0
        for expression in expressions():
            for selector in parts(promql_parser.parse(expression)):
                if selector.name not in labels:
                    continue
                seen += 1
                for matcher in selector.matchers.matchers:
                    self.assertIn(matcher.name, labels[selector.name] | {"le"}, expression)
                    if matcher.name in ("queue", "work", "outcome", "service", "state"):
                        for value in matcher.value.split("|"):
                            self.assertIn(value, values, f"nobody tells {matcher.name} {value}")
        self.assertGreater(seen, 40)

    def test_every_measurement_of_ours_is_explained(self):
        told = (chart.ROOT / "docs/operations/telemetry.md").read_text()
        for name, kind, labels in catalogue():
            [line] = [line for line in told.splitlines() if line.startswith(f"| `{name}` |")]
            self.assertIn(kind.lower(), line)
            for label in labels:
                self.assertIn(f"`{label}`", line, name)

    def test_objectives_have_the_queries_that_alerts_ask(self):
        """What is promised in words is measured: each query of the objectives can be read, and asks for what there is."""
        text = (chart.ROOT / "docs/operations/objectives.md").read_text()
        queries = re.findall(r"```promql\n(.*?)```", text, re.DOTALL)
        self.assertGreaterEqual(len(queries), 5)
        known = {name for one in catalogue() for name in ours(one)}
        for query in queries:
            names = {selector.name for selector in parts(promql_parser.parse(query))}
            self.assertTrue(names and names <= known, query)
        alerts = {rule["alert"] for rule in rules()}
        for named in re.findall(r"`(Tenfold\w+)`", text):
            self.assertIn(named, alerts)

    def test_every_metric_is_told_by_somebody(self):
        told = {name for names in KNOWN.values() for name in names.split()}
        told |= {name for one in catalogue() for name in ours(one)}
        asked = {name for expression in expressions() for name in METRIC.findall(expression)}
        for name in asked:
            self.assertIn(name, told, "nobody tells it")
        told -= {name for one in catalogue() for name in ours(one)}
        self.assertEqual(told - asked, set(), "known, and asked for by nobody")
        self.assertGreater(len(asked), 25)

    def test_every_alert_says_what_is_and_what_to_do(self):
        names = [rule["alert"] for rule in rules()]
        self.assertEqual(len(names), len(set(names)))
        self.assertGreaterEqual(len(names), 15)
        for rule in rules():
            self.assertIn(rule["labels"]["severity"], ("critical", "warning"), rule["alert"])
            self.assertRegex(rule["annotations"]["summary"], r"\.$", rule["alert"])
            self.assertGreater(len(rule["annotations"]["description"]), 30, rule["alert"])
            self.assertLessEqual(rule.keys(), {"alert", "expr", "for", "labels", "annotations"})

    def test_expressions_are_of_this_release_and_whole(self):
        for expression in expressions():
            self.assertIn('namespace="pooled-care"', expression)
            for opening, closing in ("()", "{}", "[]"):
                self.assertEqual(expression.count(opening), expression.count(closing), expression)
        for kind in ("alerts", "dashboards"):
            for text in files(kind).values():
                self.assertNotRegex(text, r"[A-Z]+_OF_(RELEASE|CLUSTER)")

    def test_dashboards_are_ones_that_can_be_loaded(self):
        self.assertEqual(len(boards()), 3)
        for board in boards():
            self.assertLessEqual(len(board["uid"]), 40)
            places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]]
            self.assertEqual(len(places), len(set(places)), "panels lie on one another")
            self.assertEqual(len({panel["id"] for panel in board["panels"]}), len(board["panels"]))
            for panel in board["panels"]:
                self.assertTrue(panel["title"] and panel["description"] and panel["targets"])

    def test_the_database_is_watched_only_where_it_is_ours(self):
        self.assertEqual(len(files("alerts")), 3)
        self.assertEqual(list(files("alerts", "open")), ["tenfold-services.yaml"])
        self.assertEqual(list(files("dashboards", "open")), ["tenfold-services.json"])

    def test_services_are_scraped_only_where_they_tell_metrics(self):
        kinds = [one["kind"] for one in chart.manifests("open")]
        self.assertNotIn("ServiceMonitor", kinds)
        self.assertIn("ServiceMonitor", [one["kind"] for one in chart.manifests("cluster")])
