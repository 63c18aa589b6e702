//! A page for every kind of problem: what it means, and what to do about it.

use std::fmt::Write;

use axum::response::Response;
use web::Kind;

use super::{PLAIN_PAGE, html};

/// The list of them, by status.
pub(super) fn all() -> Response {
    let mut list = String::from("<ul>\n");
    for kind in web::problems::ALL {
        // A String takes every write.
        writeln!(
            list,
            "<li>{} <a href=\"/problems/{}\">{}</a></li>",
            kind.status,
            escaped(kind.slug),
            escaped(kind.title)
        )
        .ok();
    }
    list.push_str("</ul>");
    page(
        "Problems",
        &format!(
            "<p>Every error is answered as <code>application/problem+json</code>. These are all its kinds.</p>\n{list}"
        ),
    )
}

/// One of them.
pub(super) fn one(kind: &Kind) -> Response {
    let body = format!(
        "<p>HTTP status <strong>{}</strong>, type <code>/problems/{}</code></p>\n<p>{}</p>\n<p><a href=\"/problems\">All kinds of problem</a></p>",
        kind.status,
        escaped(kind.slug),
        code_marked(kind.meaning)
    );
    page(kind.title, &body)
}

fn page(title: &str, body: &str) -> Response {
    let title = escaped(title);
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title} – Tenfold</title>\n\
         <style>body{{font:1.1rem/1.6 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem;\
         color:#0b0c0c;background:#fff}}a{{color:#1d4f91}}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{body}\n\
         </main>\n</body>\n</html>\n"
    );
    html(page, PLAIN_PAGE)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// What stands between backquotes, as code.
fn code_marked(text: &str) -> String {
    let escaped = escaped(text);
    let mut parts = escaped.split('`').enumerate();
    parts.by_ref().fold(String::new(), |page, (at, part)| match at % 2 {
        1 => page + "<code>" + part + "</code>",
        _ => page + part,
    })
}
