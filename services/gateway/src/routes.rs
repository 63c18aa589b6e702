//! What is routed, and to whom: read once from the API description.
//!
//! A path that is not described does not exist; nothing is forwarded by pattern.

use std::{str::FromStr, sync::Arc};

use anyhow::{Context, anyhow, bail};
use auth::OwnerKind;
use axum::http::Method;
use serde_json::Value;

/// The services behind the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Boroughs, clients, tokens.
    Tenants,
    /// Money.
    Budgets,
    /// Committees and decisions.
    Governance,
}

impl Service {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tenants => "tenants",
            Self::Budgets => "budgets",
            Self::Governance => "governance",
        }
    }
}

impl FromStr for Service {
    type Err = anyhow::Error;
    fn from_str(name: &str) -> anyhow::Result<Self> {
        match name {
            "tenants" => Ok(Self::Tenants),
            "budgets" => Ok(Self::Budgets),
            "governance" => Ok(Self::Governance),
            other => Err(anyhow!("there is no service {other:?}")),
        }
    }
}

/// What one path and method lead to.
#[derive(Debug)]
pub struct Operation {
    /// Who answers it.
    pub service: Service,
    callers: Vec<OwnerKind>,
}

impl Operation {
    /// Whether it is open to all: no token.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.callers.is_empty()
    }

    /// Whether callers of that kind may use it at all.
    #[must_use]
    pub fn is_for(&self, kind: OwnerKind) -> bool {
        self.callers.contains(&kind)
    }
}

/// A described path.
#[derive(Debug)]
pub struct Route {
    /// As described: `/v1/boroughs/{borough}`.
    pub template: Arc<str>,
    /// The methods it has, as the `Allow` header lists them.
    pub allow: String,
    /// The parameter that names the tenant: the first of `borough`, `region`, `ods` in the path.
    pub tenant: Option<OwnerKind>,
    operations: Vec<(Method, Operation)>,
}

impl Route {
    /// What the method leads to; HEAD is answered as GET.
    #[must_use]
    pub fn operation(&self, method: &Method) -> Option<&Operation> {
        let wanted = if method == Method::HEAD { &Method::GET } else { method };
        self.operations.iter().find(|(method, _)| method == wanted).map(|(_, operation)| operation)
    }

    /// Whether it takes files of any length, as they come.
    #[must_use]
    pub fn takes_files(&self) -> bool {
        self.template.ends_with("/imports/{import}/file")
    }

    /// Whether it takes bodies of bulk size.
    #[must_use]
    pub fn is_bulk(&self) -> bool {
        self.template.ends_with("/bulk") || self.template.ends_with("/content")
    }
}

/// Every described path.
pub struct Routes(matchit::Router<Route>);

impl Routes {
    /// Reads the API description.
    ///
    /// # Errors
    /// Where it is not one, or says something the gateway cannot do.
    pub fn from_document(document: &str) -> anyhow::Result<Self> {
        let document: Value = serde_json::from_str(document).context("the API description is not JSON")?;
        let paths = document["paths"].as_object().context("the API description has no paths")?;
        let mut router = matchit::Router::new();
        for (template, item) in paths {
            let route = route(template, item).with_context(|| format!("the API description of {template}"))?;
            router.insert(template, route).with_context(|| format!("the path {template} clashes with another"))?;
        }
        Ok(Self(router))
    }

    /// The route of a path, and the text that stands where the tenant is named.
    #[must_use]
    pub fn find<'a>(&'a self, path: &'a str) -> Option<(&'a Route, Option<&'a str>)> {
        let found = self.0.at(path).ok()?;
        let named = found.value.tenant.and_then(|kind| found.params.get(parameter(kind)?));
        Some((found.value, named))
    }
}

fn route(template: &str, item: &Value) -> anyhow::Result<Route> {
    if !template.starts_with('/') || template.starts_with("/internal") || template.contains("{*") {
        bail!("it may not be reached from outside");
    }
    let mut operations = Vec::new();
    for (name, method) in [
        ("get", Method::GET),
        ("post", Method::POST),
        ("put", Method::PUT),
        ("patch", Method::PATCH),
        ("delete", Method::DELETE),
    ] {
        if let Some(described) = item.get(name) {
            operations.push((method, operation(described).context(name)?));
        }
    }
    let names = |(method, _): &(Method, Operation)| {
        if method == Method::GET { "GET, HEAD".to_owned() } else { method.to_string() }
    };
    let allow = operations.iter().map(names).collect::<Vec<_>>().join(", ");
    let tenant = template.split('/').find_map(|segment| {
        let name = segment.strip_prefix('{')?.strip_suffix('}')?;
        [OwnerKind::Borough, OwnerKind::Region, OwnerKind::Partner].into_iter().find(|k| parameter(*k) == Some(name))
    });
    Ok(Route { template: template.into(), allow, tenant, operations })
}

fn operation(described: &Value) -> anyhow::Result<Operation> {
    let service = described["x-service"].as_str().context("it does not say x-service")?.parse()?;
    let listed = described["x-caller"].as_array().context("it does not say x-caller")?;
    let kinds = [OwnerKind::Borough, OwnerKind::Partner, OwnerKind::Region, OwnerKind::Platform];
    let callers = listed
        .iter()
        .map(|name| {
            let kind = kinds.into_iter().find(|kind| name.as_str() == Some(kind.as_str()));
            kind.with_context(|| format!("there is no kind of caller {name}"))
        })
        .collect::<anyhow::Result<_>>()?;
    Ok(Operation { service, callers })
}

/// The path parameter that names a tenant of that kind.
fn parameter(kind: OwnerKind) -> Option<&'static str> {
    match kind {
        OwnerKind::Borough => Some("borough"),
        OwnerKind::Region => Some("region"),
        OwnerKind::Partner => Some("ods"),
        OwnerKind::Platform => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"{"paths": {
        "/v1/boroughs/{borough}/funds": {
            "parameters": [],
            "get": {"x-service": "budgets", "x-caller": ["borough"]},
            "post": {"x-service": "budgets", "x-caller": ["borough"]}},
        "/v1/boroughs/{borough}/funds/{id}": {"get": {"x-service": "budgets", "x-caller": ["borough"]}},
        "/v1/boroughs/{borough}/funds/{fund}/journals/bulk": {"post": {"x-service": "budgets", "x-caller": ["borough"]}},
        "/v1/partners/{ods}/boroughs/{borough}": {"get": {"x-service": "tenants", "x-caller": ["partner"]}},
        "/oauth2/token": {"post": {"x-service": "tenants", "x-caller": []}}
    }}"#;

    #[test]
    fn what_is_described_is_what_is_routed() {
        let routes = Routes::from_document(SMALL).expect("a description");
        let (funds, named) = routes.find("/v1/boroughs/wigan/funds").expect("described");
        assert_eq!((funds.allow.as_str(), named), ("GET, HEAD, POST", Some("wigan")));
        assert!(funds.operation(&Method::HEAD).is_some_and(|o| o.is_for(OwnerKind::Borough) && !o.is_open()));
        assert!(funds.operation(&Method::DELETE).is_none());
        let (bulk, _) = routes.find("/v1/boroughs/wigan/funds/1/journals/bulk").expect("described");
        assert!(bulk.is_bulk() && bulk.operation(&Method::GET).is_none());
        let (own, named) = routes.find("/v1/partners/QOP/boroughs/wigan").expect("described");
        assert_eq!((own.tenant, named), (Some(OwnerKind::Partner), Some("QOP")));
        assert!(
            routes
                .find("/oauth2/token")
                .is_some_and(|(r, _)| r.operation(&Method::POST).is_some_and(Operation::is_open))
        );
        for unknown in
            ["/", "/v1", "/v1/boroughs/wigan/funds/1/journals", "/internal/epochs", "/V1/boroughs/wigan/funds"]
        {
            assert!(routes.find(unknown).is_none(), "{unknown}");
        }
    }

    #[test]
    fn a_description_the_gateway_cannot_keep_is_refused() {
        for wrong in [
            "",
            "{}",
            r#"{"paths": {"/internal/epochs": {"get": {"x-service": "tenants", "x-caller": []}}}}"#,
            r#"{"paths": {"/v1/x": {"get": {"x-caller": []}}}}"#,
            r#"{"paths": {"/v1/x": {"get": {"x-service": "tenants"}}}}"#,
            r#"{"paths": {"/v1/x": {"get": {"x-service": "tenants", "x-caller": ["all"]}}}}"#,
            r#"{"paths": {"/v1/x": {"get": {"x-service": "console", "x-caller": []}}}}"#,
        ] {
            assert!(Routes::from_document(wrong).is_err(), "{wrong}");
        }
        assert!(Routes::from_document(crate::DOCUMENT).is_ok(), "the embedded one");
    }
}
