"""What a cluster of ours is begun with, tried on a real Postgres: it carries the migrations, and the wall stands."""

import os
import re
import subprocess
import unittest

import chart

MIGRATIONS = ["libs/tenancy", "services/tenants", "services/budgets", "services/governance"]
DATABASE = "begun"


class Database(unittest.TestCase):
    """TENFOLD_CHART_POSTGRES is the folder of the socket of an empty Postgres whose superuser is `owner`; ./dev starts it."""

    def psql(self, *arguments, user="owner", database=DATABASE):
        socket = os.environ["TENFOLD_CHART_POSTGRES"]
        command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", socket, "-U", user, "-d", database, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def memberships(self, role):
        """As the operator asks: one row for each grantor."""
        asked = f"select roleid::regrole from pg_auth_members where member = '{role}'::regrole"
        return self.psql("-c", asked).splitlines()

    def found_at_start(self, role):
        code = (chart.ROOT / "libs/tenancy/src/self_check.rs").read_text()
        asked = re.search(r'query_scalar!\(r#"\s*(with mine.*?)"#, role', code, re.DOTALL)[1]
        asked = asked.replace("$1", f"'{role}'").replace("$2", "true" if role.endswith("_public") else "false")
        return self.psql("-c", asked, user=role).splitlines()

    def test_it_carries_the_migrations_and_the_wall_stands(self):
        [cluster] = [one for one in chart.manifests("cluster") if one["kind"] == "Cluster"]
        begin = cluster["spec"]["bootstrap"]["initdb"]
        # As the operator does it: the owner, what is for the server, the database, what is for it.
        self.psql("-c", f"create role {begin['owner']} login", database="postgres")
        for statement in begin["postInitSQL"]:
            self.psql("-c", statement, database="postgres")
        self.psql("-c", f"create database {DATABASE} owner {begin['owner']} template template0 encoding 'UTF8' lc_collate 'C.UTF-8' lc_ctype 'C.UTF-8'", database="postgres")
        for statement in begin["postInitApplicationSQL"]:
            self.psql("-c", statement)
        roles = cluster["spec"]["managed"]["roles"]
        # The operator may come before the migrations or after them; before is the harder way round. It sets what it is told.
        for role in roles:
            self.psql("-c", f"alter role {role['name']} nobypassrls nocreatedb nocreaterole inherit login noreplication nosuperuser password 'x'")
            self.assertEqual(self.memberships(role["name"]), role["inRoles"], "the operator would grant it, a second time")
        self.psql("-c", "create schema migrations", user=begin["owner"])
        for folder in MIGRATIONS:
            for path in sorted((chart.ROOT / folder / "migrations").glob("*.sql")):
                single = [] if path.read_text().startswith("-- no-transaction") else ["-1"]
                self.psql(*single, "-f", str(path), user=begin["owner"])

        may_set = "select has_function_privilege('pg_catalog.set_config(text, text, boolean)', 'execute')"
        self.assertEqual(self.psql("-c", may_set, user=begin["owner"]), "t")
        for role in roles:
            self.assertEqual(self.psql("-c", may_set, user=role["name"]), "f", role["name"])
            self.assertEqual(self.memberships(role["name"]), role["inRoles"], "the operator takes away what inRoles does not name")
            setting = f"select array_to_string(rolconfig, ' ') from pg_roles where rolname = '{role['name']}'"
            # A whole record is read, or destroyed, in one transaction.
            timeout = "2h" if role["name"] in ("tenants_archive", "tenants_purge") else "15s"
            self.assertIn(f"statement_timeout={timeout}", self.psql("-c", setting))
        # What each service asks as it starts: it serves only where nothing is found.
        for role in roles:
            self.assertEqual(self.found_at_start(role["name"]), [], role["name"])
        self.psql("-c", "alter table budgets.journal no force row level security")
        self.assertIn("not enabled and forced on budgets.journal", self.found_at_start("budgets_borough")[0])
        self.psql("-c", "alter table budgets.journal force row level security")
        rights = "rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication"
        strong = self.psql("-c", f"select string_agg(rolname, ',') from pg_roles where ({rights}) and rolname !~ '^pg_'")
        self.assertEqual(set(strong.split(",")), {"owner", begin["owner"]})
        self.assertEqual(self.psql("-c", f"select rolsuper or rolbypassrls from pg_roles where rolname = '{begin['owner']}'"), "f")
        logins = self.psql("-c", "select string_agg(rolname, ',') from pg_roles where rolcanlogin")
        self.assertEqual(set(logins.split(",")), {"owner", begin["owner"]} | {role["name"] for role in roles})
