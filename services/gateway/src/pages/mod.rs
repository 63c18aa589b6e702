//! What the gateway answers itself: the way in, the API description and its reader, problems, health.

mod health;
mod problem_pages;
mod reference;

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use anyhow::Context;
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use web::{Problem, problems};

use self::{health::Readiness, reference::Reference};
use crate::enter::{Gateway, not_allowed};

/// A page without scripts, whose only style is its own.
pub(crate) const PLAIN_PAGE: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Everything the gateway answers itself.
pub(crate) struct Pages {
    front: Document,
    description: Document,
    reference: Reference,
    readiness: Readiness,
}

/// One of them.
pub(crate) enum Page<'a> {
    Document(&'a Document),
    Problems,
    Problem(&'a str),
    Live,
    Ready,
}

impl Pages {
    pub(crate) fn new(description: &str, public_url: &str) -> anyhow::Result<Self> {
        let mut description: Value = serde_json::from_str(description).context("the API description is not JSON")?;
        let about = description.get("info").cloned().unwrap_or_default();
        if let Some(fields) = description.as_object_mut() {
            fields.insert("servers".into(), json!([{ "url": public_url }]));
        }
        let front = json!({
            "name": "Tenfold",
            "about": "The shared system with which ten boroughs run pooled health and care commissioning.",
            "version": about.get("version"),
            "links": {
                "description": "/openapi.json",
                "reference": "/docs/api",
                "problems": "/problems",
                "token": "/oauth2/token",
                "authorization_server": "/.well-known/oauth-authorization-server",
                "keys": "/.well-known/jwks.json",
                "health": "/health/ready",
            },
        });
        Ok(Self {
            front: Document::of("application/json", front.to_string().into_bytes(), None),
            description: Document::of("application/json", serde_json::to_vec(&description)?, None),
            reference: Reference::new()?,
            readiness: Readiness::default(),
        })
    }

    /// The page at a path.
    pub(crate) fn find<'a>(&'a self, path: &'a str) -> Option<Page<'a>> {
        match path {
            "/" => Some(Page::Document(&self.front)),
            "/openapi.json" => Some(Page::Document(&self.description)),
            "/health/live" => Some(Page::Live),
            "/health/ready" => Some(Page::Ready),
            "/problems" => Some(Page::Problems),
            _ => match path.strip_prefix("/problems/") {
                Some(slug) => Some(Page::Problem(slug)),
                None => self.reference.find(path.strip_prefix("/docs/api")?).map(Page::Document),
            },
        }
    }
}

impl Page<'_> {
    pub(crate) async fn answer(
        self,
        gateway: &Gateway,
        method: &Method,
        asked: &HeaderMap,
    ) -> Result<Response, Problem> {
        if *method != Method::GET && *method != Method::HEAD {
            return Err(not_allowed("GET, HEAD"));
        }
        match self {
            Self::Document(document) => Ok(document.answer(asked)),
            Self::Problems => Ok(problem_pages::all()),
            Self::Problem(slug) => {
                let kind = web::problems::find(slug)
                    .ok_or_else(|| Problem::new(&problems::NOT_FOUND, "There is no such kind of problem."))?;
                Ok(problem_pages::one(kind))
            }
            Self::Live => Ok(axum::Json(json!({ "status": "live" })).into_response()),
            Self::Ready => gateway.pages.readiness.answer(gateway).await,
        }
    }
}

/// Something that never changes while we run.
pub(crate) struct Document {
    media: HeaderValue,
    body: Bytes,
    tag: HeaderValue,
    policy: Option<HeaderValue>,
}

impl Document {
    fn of(media: &str, body: impl Into<Bytes>, policy: Option<&'static str>) -> Self {
        let body = body.into();
        let sum = BuildHasherDefault::<DefaultHasher>::default().hash_one(&body);
        let header = |text: String| HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
        Self {
            media: header(media.to_owned()),
            tag: header(format!("\"{:x}-{sum:016x}\"", body.len())),
            body,
            policy: policy.map(HeaderValue::from_static),
        }
    }

    fn answer(&self, asked: &HeaderMap) -> Response {
        let unchanged = asked
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|tags| tags.to_str().ok())
            .flat_map(|tags| tags.split(','))
            .map(|tag| tag.trim().trim_start_matches("W/"))
            .any(|tag| tag == "*" || tag.as_bytes() == self.tag.as_bytes());
        let mut response = match unchanged {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => Response::new(Body::from(self.body.clone())),
        };
        let headers = response.headers_mut();
        if !unchanged {
            headers.insert(header::CONTENT_TYPE, self.media.clone());
        }
        headers.insert(header::ETAG, self.tag.clone());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, no-cache"));
        if let Some(policy) = &self.policy {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
        }
        response
    }
}

/// An HTML page with a policy for what it may load.
fn html(page: String, policy: &'static str) -> Response {
    const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
    let headers: [(HeaderName, HeaderValue); 2] =
        [(header::CONTENT_TYPE, HTML), (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy))];
    (headers, page).into_response()
}
