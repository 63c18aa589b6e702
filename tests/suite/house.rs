//! The plan of the house, held: who may depend on whom, who may name a pool, what licences come in.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let said = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    serde_json::from_slice(&said.stdout).unwrap()
}

#[test]
fn imports_go_one_way() {
    // ARCHITECTURE.md, Rooms. Each may depend on those named, and on no other of ours.
    let allowed: BTreeMap<&str, &[&str]> = [
        ("domain", &[][..]),
        ("web", &["domain"]),
        ("auth", &["domain", "web"]),
        ("tenancy", &["auth", "domain", "web"]),
        ("events", &["tenancy", "auth", "domain", "web"]),
        ("storage", &["web"]),
        ("testkit", &["auth", "domain", "tenancy", "web", "events"]),
        ("tenants", &["events", "storage", "tenancy", "auth", "domain", "web"]),
        ("budgets", &["events", "tenancy", "auth", "domain", "web"]),
        ("governance", &["events", "storage", "tenancy", "auth", "domain", "web"]),
        ("gateway", &["auth", "web", "domain"]),
        (
            "tenfold",
            &["tenants", "storage", "budgets", "governance", "gateway", "events", "tenancy", "auth", "domain", "web"],
        ),
        (
            "tests",
            &[
                "tenfold",
                "tenants",
                "budgets",
                "governance",
                "gateway",
                "testkit",
                "storage",
                "events",
                "tenancy",
                "auth",
                "domain",
                "web",
            ],
        ),
    ]
    .into();
    let metadata = metadata();
    let members: BTreeSet<&str> =
        metadata["workspace_members"].as_array().unwrap().iter().map(|m| m.as_str().unwrap()).collect();
    let mut seen = 0;
    for package in metadata["packages"].as_array().unwrap() {
        if !members.contains(package["id"].as_str().unwrap()) {
            continue;
        }
        seen += 1;
        let name = package["name"].as_str().unwrap();
        let may = allowed.get(name).unwrap_or_else(|| panic!("{name} is no room of the plan"));
        for dependency in package["dependencies"].as_array().unwrap() {
            let on = dependency["name"].as_str().unwrap();
            if allowed.contains_key(on) && dependency["path"].is_string() {
                assert!(may.contains(&on), "{name} may not depend on {on}");
            }
        }
    }
    assert_eq!(seen, allowed.len());
}

#[test]
fn licences_are_ones_we_may_pass_on() {
    let fine = [
        "Apache-2.0",
        "MIT",
        "MIT-0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "Zlib",
        "Unicode-3.0",
        "CC0-1.0",
        "0BSD",
        "CDLA-Permissive-2.0",
        "BSL-1.0",
        "OpenSSL",
        "Unlicense",
        "Apache-2.0 WITH LLVM-exception",
        "MPL-2.0",
    ];
    for package in metadata()["packages"].as_array().unwrap() {
        let licence = package["license"].as_str().unwrap_or_default().replace('/', " OR ");
        // Of alternatives one must be fine; of several that hold together, each.
        let alternatives = licence.split(" OR ").map(|one| one.trim_matches(['(', ')', ' ']));
        let passes = alternatives
            .into_iter()
            .any(|one| one.split(" AND ").all(|part| fine.contains(&part.trim_matches(['(', ')', ' ']))));
        assert!(passes, "{} has the licence {licence:?}", package["name"]);
    }
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            into.push(path);
        }
    }
}

#[test]
fn only_tenancy_names_a_pool_and_only_the_wrapper_the_token_library() {
    let mut all = Vec::new();
    for folder in ["libs", "services"] {
        sources(&root().join(folder), &mut all);
    }
    assert!(all.len() > 80);
    let mut http = 0;
    for path in all {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        let code: String =
            text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        let holds = |word: &str, but_in: &[&str]| {
            assert!(!code.contains(word) || but_in.iter().any(|place| name.starts_with(place)), "{name} names {word}");
        };
        holds("PgPool", &["libs/tenancy/"]);
        holds("PgListener", &["libs/tenancy/"]);
        holds(
            "PgConnection::connect",
            &["libs/tenancy/", "libs/testkit/", "services/tenants/src/clients/bootstrap.rs"],
        );
        holds(
            "jsonwebtoken::",
            &[
                "libs/auth/src/token.rs",
                "libs/auth/src/assertion.rs",
                "libs/auth/src/client_key.rs",
                "libs/auth/src/id_token.rs",
            ],
        );
        holds("AssertSqlSafe", &["libs/tenancy/", "libs/testkit/"]);
        // SQL stands in stores, and where the wall itself is; statements.rs only names where sqlx tells of it.
        let stores = [
            "libs/tenancy/",
            "libs/events/",
            "libs/testkit/",
            "libs/web/src/telemetry/statements.rs",
            "services/budgets/src/compactor/",
            "services/tenants/src/clients/bootstrap.rs",
        ];
        if code.contains("sqlx::query") && !stores.iter().any(|place| name.starts_with(place)) {
            assert!(name.ends_with("/store.rs"), "{name} holds SQL");
        }
        if name.starts_with("services/") && name.ends_with("/http.rs") {
            http += 1;
            assert!(!code.contains("sqlx"), "{name} speaks to the database");
        }
        assert!(text.lines().count() <= 500, "{name} is longer than 500 lines: split it along the words of the domain");
        assert!(text.starts_with("//!"), "{name} does not say what it is");
    }
    assert!(http > 10);
}

#[test]
fn the_top_of_the_house_is_what_the_plan_says() {
    let said = Command::new("git").args(["ls-files"]).current_dir(root()).output().unwrap();
    let files = String::from_utf8(said.stdout).unwrap();
    let top: BTreeSet<&str> = files.lines().map(|file| file.split('/').next().unwrap()).collect();
    let plan: BTreeSet<&str> = [
        "Cargo.toml",
        "Cargo.lock",
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "SECURITY.md",
        "LICENSE",
        "clippy.toml",
        "rustfmt.toml",
        "dev",
        ".ci",
        ".gitignore",
        ".dockerignore",
        ".spectral.yaml",
        ".sqlx",
        "services",
        "libs",
        "openapi",
        "tests",
        "docs",
        "docker",
        "helm",
    ]
    .into();
    assert!(top.is_subset(&plan), "at the top: {:?}", top.difference(&plan));
}

#[test]
fn every_rule_that_is_held_is_in_the_table_of_rules() {
    fn tests_in(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                tests_in(&entry, found);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&entry).unwrap();
                let names = text.split(concat!("fn ", "rule_")).skip(1).filter_map(|rest| rest.split_once('('));
                found.extend(names.map(|(name, _)| format!("rule_{name}")));
            }
        }
    }
    let mut held = BTreeSet::new();
    for folder in ["libs", "services", "tests/suite"] {
        tests_in(&root().join(folder), &mut held);
    }
    let table = fs::read_to_string(root().join("docs/rules.md")).unwrap();
    let named = |name: &&str| name.starts_with("rule_") && !name.contains('…');
    let listed: BTreeSet<String> = table.split('`').filter(named).map(str::to_owned).collect();
    assert_eq!(held, listed, "docs/rules.md and the tests name other rules");
    for rule in 41..=55 {
        assert!(held.iter().any(|name| name.starts_with(&format!("rule_{rule}_"))), "no test holds rule {rule}");
    }
}
