"""Alerts and dashboards ask for metrics that somebody tells, and say what to do."""

import json
import re
import unittest

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
    "Barman Cloud plugin": "barman_cloud_cloudnative_pg_io_last_available_backup_timestamp",
}
METRIC = re.compile(r"\b(?:kube|kubelet|container|cnpg|barman_cloud|tenfold)_[a-z0-9_]+\b(?!=|~|!)")


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


class Monitoring(unittest.TestCase):
    def test_every_metric_is_told_by_somebody(self):
        told = {name for names in KNOWN.values() for name in names.split()}
        code = "".join(path.read_text() for folder in ("libs", "services") for path in (chart.ROOT / folder).rglob("*.rs"))
        asked = {name for expression in expressions() for name in METRIC.findall(expression)}
        for name in asked:
            self.assertTrue(name in told or (name.startswith("tenfold_") and f'"{name}"' in code), f"nobody tells {name}")
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
        self.assertEqual(len(boards()), 2)
        for board in boards():
            self.assertLessEqual(len(board["uid"]), 40)
            places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]]
            self.assertEqual(len(places), len(set(places)), "panels lie on one another")
            self.assertEqual(len({panel["id"] for panel in board["panels"]}), len(board["panels"]))
            for panel in board["panels"]:
                self.assertTrue(panel["title"] and panel["description"] and panel["targets"])

    def test_the_database_is_watched_only_where_it_is_ours(self):
        self.assertEqual(len(files("alerts")), 2)
        self.assertEqual(list(files("alerts", "open")), ["tenfold-services.yaml"])
        self.assertEqual(list(files("dashboards", "open")), ["tenfold-services.json"])

    def test_services_are_scraped_only_where_they_tell_metrics(self):
        kinds = [one["kind"] for one in chart.manifests("open")]
        self.assertNotIn("ServiceMonitor", kinds)
        self.assertIn("ServiceMonitor", [one["kind"] for one in chart.manifests("cluster")])
