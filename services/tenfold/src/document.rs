//! The API description: one document a service, generated from its code, and the merged one of the gateway.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context, bail};
use auth::permissions;
use serde_json::{Map, Value, json};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// A document and the name of its file.
pub struct Document {
    /// `tenants.json`, …, `gateway.json`.
    pub file: &'static str,
    /// Its content, ending in a line break.
    pub text: String,
}

/// All documents.
///
/// # Errors
/// When two services mean different things by one name.
pub fn documents() -> anyhow::Result<Vec<Document>> {
    let services = [
        ("tenants", "tenants.json", tenants::openapi()),
        ("budgets", "budgets.json", budgets::openapi()),
        ("governance", "governance.json", governance::openapi()),
    ];
    let mut merged = frame("Tenfold", "Pooled health and care commissioning of the Greater Manchester boroughs.");
    let mut all = Vec::new();
    for (service, file, document) in services {
        let mut document = serde_json::to_value(document)?;
        let info = document["info"].clone();
        let mut own = frame(text(&info["title"]), text(&info["description"]));
        for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
            for method in METHODS {
                if let Some(operation) = item.get_mut(method) {
                    complete(operation, service, method, path)
                        .with_context(|| format!("{method} {path} cannot be described"))?;
                }
            }
        }
        bound_integers(&mut document["components"]["schemas"]);
        for target in [&mut own, &mut merged] {
            merge(target, &document)?;
        }
        drop_unused_schemas(&mut own);
        all.push(Document { file, text: written(&own)? });
    }
    drop_unused_schemas(&mut merged);
    all.push(Document { file: "gateway.json", text: written(&merged)? });
    Ok(all)
}

/// Writes all documents into a folder; says which were not what they are now.
///
/// # Errors
/// When they cannot be made or written.
pub fn write(folder: &Path) -> anyhow::Result<Vec<&'static str>> {
    let mut changed = Vec::new();
    for document in documents()? {
        let path = folder.join(document.file);
        if fs::read_to_string(&path).unwrap_or_default() != document.text {
            fs::write(&path, &document.text).with_context(|| format!("cannot write {}", path.display()))?;
            changed.push(document.file);
        }
    }
    Ok(changed)
}

fn written(document: &Value) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(document)? + "\n")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn frame(title: &str, description: &str) -> Value {
    let scopes: Map<String, Value> = permissions()
        .map(|permission| {
            let roles: Vec<_> = permission.roles.iter().map(|role| role.as_str()).collect();
            (permission.slug.to_owned(), Value::from(format!("Roles: {}.", roles.join(", "))))
        })
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": "1",
            "description": description,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "contact": {"name": "The Tenfold maintainers", "url": "https://example.org/tenfold"},
        },
        "servers": [{"url": "/", "description": "The gateway this document comes from: local, staging or production.", "x-internal": false}],
        "tags": [],
        "paths": {},
        "components": {
            "schemas": {},
            "securitySchemes": {"bearer": {
                "type": "oauth2",
                "description": "An access token (a JWT by RFC 9068, verified as RFC8725 asks) from /oauth2/token, sent as Authorization: Bearer. It lasts ten minutes.",
                "flows": {"clientCredentials": {"tokenUrl": "/oauth2/token", "scopes": scopes}},
            }},
            "headers": {
                "RateLimit": {"description": "What is left of each allowance, and for how long.", "schema": {"type": "string", "maxLength": 200}},
                "RateLimitPolicy": {"description": "The allowances.", "schema": {"type": "string", "maxLength": 200}},
                "RetryAfter": {"description": "Seconds to wait before trying again.", "schema": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 3600}},
                "RequestId": {"description": "Quote this to the operator.", "schema": {"type": "string", "maxLength": 64}},
            },
            "responses": {
                "Problem": {
                    "description": "A problem document (RFC 9457): what is wrong and what to do.",
                    "headers": limits(&["X-Request-ID"]),
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                },
                "Later": {
                    "description": "Not now: try again after the time in Retry-After.",
                    "headers": limits(&["X-Request-ID", "Retry-After"]),
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                },
            },
        },
    })
}

fn limits(more: &[&str]) -> Value {
    let mut headers = json!({
        "RateLimit": {"$ref": "#/components/headers/RateLimit"},
        "RateLimit-Policy": {"$ref": "#/components/headers/RateLimitPolicy"},
    });
    for name in more {
        let header = if *name == "Retry-After" { "RetryAfter" } else { "RequestId" };
        headers[*name] = json!({"$ref": format!("#/components/headers/{header}")});
    }
    headers
}

/// Adds what every operation has: its service, who may call it, shared parameters, problems.
fn complete(operation: &mut Value, service: &str, method: &str, path: &str) -> anyhow::Result<()> {
    let mut callers = BTreeSet::new();
    for alternative in operation["security"].as_array().into_iter().flatten() {
        for scope in alternative["bearer"].as_array().into_iter().flatten() {
            let found = permissions().find(|permission| permission.slug == text(scope));
            callers.insert(found.with_context(|| format!("no permission is called {scope}"))?.kind.as_str());
        }
    }
    let open = callers.is_empty();
    // What the law opens to everybody stands under one path, and nothing else does.
    if path.starts_with("/v1/") && open != path.starts_with("/v1/public/") {
        bail!("it names no permission, or names one where no token is asked for");
    }
    operation["x-service"] = service.into();
    operation["x-caller"] = callers.into_iter().collect();
    if open {
        operation["security"] = json!([]);
    }
    if !operation["parameters"].is_array() {
        operation["parameters"] = json!([]);
    }
    let parameters = operation["parameters"].as_array_mut().context("parameters are a list")?;
    let has = |parameters: &[Value], name: &str| parameters.iter().any(|p| text(&p["name"]) == name);
    let versioned = has(parameters, "If-Match");
    let writes = method == "post" && path.starts_with("/v1/");
    if writes {
        if !has(parameters, "Idempotency-Key") {
            parameters.push(json!({
                "name": "Idempotency-Key", "in": "header", "required": false,
                "description": "Your name for what you mean to do once. Sending it again with the same body gives the first answer again.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 128},
            }));
        }
        parameters.push(json!({
            "name": "validate_only", "in": "query", "required": false,
            "description": "Answer in full, but write nothing.",
            "schema": {"type": "boolean", "default": false},
        }));
    }
    let mut refusals = vec!["404", "429", "500", "503"];
    if !open {
        refusals.extend(["401", "403"]);
    }
    if method == "get" && path.starts_with("/v1/") {
        refusals.extend(["400", "406"]);
    }
    if writes || ["put", "patch"].contains(&method) {
        refusals.extend(["400", "406", "409", "413", "415", "422"]);
    }
    if writes {
        let made = operation["responses"]["201"].clone();
        if !made.is_null() && operation["responses"]["200"].is_null() {
            operation["responses"]["200"] = made;
            operation["responses"]["200"]["description"] = "What would be made, where validate_only is true.".into();
        }
    }
    if versioned {
        refusals.extend(["412", "428"]);
    }
    for status in refusals {
        let name = if matches!(status, "429" | "503") { "Later" } else { "Problem" };
        if operation["responses"][status].is_null() {
            operation["responses"][status] = json!({"$ref": format!("#/components/responses/{name}")});
        }
    }
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        if response["$ref"].is_null() {
            if text(&response["description"]).is_empty() {
                response["description"] = match status.as_str() {
                    "201" => "Made.",
                    success if success.starts_with('2') => "Here it is.",
                    _ => "Refused.",
                }
                .into();
            }
            response["headers"] = limits(&["X-Request-ID"]);
        }
    }
    let sorted: std::collections::BTreeMap<String, Value> =
        operation["responses"].as_object().cloned().unwrap_or_default().into_iter().collect();
    operation["responses"] = sorted.into_iter().collect();
    Ok(())
}

/// Says the limits of integers that have none but their size.
fn bound_integers(schema: &mut Value) {
    let integer = match &schema["type"] {
        Value::Array(types) => types.iter().any(|one| one == "integer"),
        one => one == "integer",
    };
    if integer {
        if schema["format"].is_null() {
            schema["format"] = "int64".into();
        }
        let (least, most) =
            if schema["format"] == "int32" { (i32::MIN.into(), i32::MAX.into()) } else { (i64::MIN, i64::MAX) };
        for (limit, value) in [("minimum", least), ("maximum", most)] {
            if schema[limit].is_null() {
                schema[limit] = value.into();
            }
        }
    }
    match schema {
        Value::Object(parts) => parts.values_mut().for_each(bound_integers),
        Value::Array(parts) => parts.iter_mut().for_each(bound_integers),
        _ => {}
    }
}

/// Schemas that stand written out where they are used are not named as well.
fn drop_unused_schemas(document: &mut Value) {
    loop {
        let all = document.to_string();
        let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
        let before = schemas.len();
        schemas.retain(|name, _| all.contains(&format!("\"#/components/schemas/{name}\"")));
        if schemas.len() == before {
            return;
        }
    }
}

fn merge(into: &mut Value, from: &Value) -> anyhow::Result<()> {
    for (path, item) in from["paths"].as_object().into_iter().flatten() {
        if !into["paths"][path].is_null() {
            bail!("two services describe {path}");
        }
        into["paths"][path] = item.clone();
        for method in METHODS {
            for tag in item[method]["tags"].as_array().into_iter().flatten() {
                let known = into["tags"].as_array().is_some_and(|tags| tags.iter().any(|t| t["name"] == *tag));
                if !known && let Some(tags) = into["tags"].as_array_mut() {
                    tags.push(json!({"name": tag, "description": format!("Operations on {}.", text(tag))}));
                }
            }
        }
    }
    for (name, schema) in from["components"]["schemas"].as_object().into_iter().flatten() {
        let there = &into["components"]["schemas"][name];
        if !there.is_null() && there != schema {
            bail!("two services mean different things by the schema {name}; rename one with #[schema(as = …)]");
        }
        into["components"]["schemas"][name] = schema.clone();
    }
    Ok(())
}
