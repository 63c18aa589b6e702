//! The API reference: Swagger UI, from files in this binary, reading our own description and nothing else.

use std::{collections::HashMap, sync::Arc};

use anyhow::{Context, anyhow};
use utoipa_swagger_ui::Config;

use super::Document;

/// Scripts and styles come from here alone; the reader sets some styles on elements as it draws.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tenfold API reference</title>
<link rel="stylesheet" href="/docs/api/swagger-ui.css">
<link rel="icon" type="image/png" href="/docs/api/favicon-32x32.png">
</head>
<body>
<main id="reference">
<p>The description itself is at <a href="/openapi.json">/openapi.json</a>.</p>
</main>
<script src="/docs/api/swagger-ui-bundle.js"></script>
<script src="/docs/api/start.js"></script>
</body>
</html>
"#;

/// Without a validator's address: the reader would ask a public one otherwise.
const START: &str = r##"SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
});
"##;

const VENDORED: [&str; 3] = ["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"];

/// The page and its files, by what follows `/docs/api`.
pub(super) struct Reference(HashMap<String, Document>);

impl Reference {
    pub(super) fn new() -> anyhow::Result<Self> {
        let mut files = HashMap::new();
        files.insert(String::new(), Document::of("text/html; charset=utf-8", PAGE, Some(POLICY)));
        files.insert("/start.js".into(), Document::of("text/javascript; charset=utf-8", START, Some(POLICY)));
        for name in VENDORED {
            let file = utoipa_swagger_ui::serve(name, Arc::new(Config::from("/openapi.json")))
                .map_err(|error| anyhow!("{name} cannot be read: {error}"))?
                .with_context(|| format!("{name} is not in this binary"))?;
            files.insert(format!("/{name}"), Document::of(&file.content_type, file.bytes.into_owned(), Some(POLICY)));
        }
        Ok(Self(files))
    }

    pub(super) fn find(&self, rest: &str) -> Option<&Document> {
        self.0.get(rest)
    }
}
