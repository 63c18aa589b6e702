//! What the gateway answers itself.

use reqwest::Method;

use crate::{
    house::{House, assert_problem},
    personas::PUBLIC_URL,
};

#[tokio::test]
async fn the_description_says_where_we_are() {
    let house = House::open().await;
    let answer = house.get("/openapi.json", None).await;
    let tag = answer.headers()["etag"].clone();
    let described: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(described["servers"], serde_json::json!([{ "url": PUBLIC_URL }]));
    assert!(described["paths"]["/v1/boroughs"].is_object());
    let again = house.request(Method::GET, "/openapi.json", None).header("if-none-match", tag).send().await.unwrap();
    assert_eq!(again.status(), 304);
    let front: serde_json::Value = house.get("/", None).await.json().await.unwrap();
    for (_, path) in front["links"].as_object().unwrap() {
        let status = house.get(path.as_str().unwrap(), None).await.status();
        // The token endpoint has no GET, and the fixture describes no metadata.
        let known = ["/oauth2/token", "/.well-known/oauth-authorization-server"];
        assert!(status == 200 || known.contains(&path.as_str().unwrap()), "{path}: {status}");
    }
}

#[tokio::test]
async fn the_reference_asks_nobody_else() {
    let house = House::open().await;
    let answer = house.get("/docs/api", None).await;
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"));
    let page = answer.text().await.unwrap();
    assert!(page.contains("lang=\"en\"") && page.contains("<title>") && page.contains("<main"));
    let mut files = 0;
    for quoted in page.split('"').filter(|part| part.starts_with("/docs/")) {
        let file = house.get(quoted, None).await;
        assert_eq!(file.status(), 200, "{quoted}");
        assert_eq!(file.headers()["x-content-type-options"], "nosniff");
        let media = file.headers()["content-type"].to_str().unwrap().to_owned();
        let expected = if quoted.ends_with(".js") {
            "javascript"
        } else if quoted.ends_with(".css") {
            "css"
        } else {
            "png"
        };
        assert!(media.contains(expected), "{quoted}: {media}");
        files += 1;
    }
    assert_eq!(files, 4);
    let start = house.get("/docs/api/start.js", None).await.text().await.unwrap();
    assert!(start.contains("\"/openapi.json\"") && start.contains("validatorUrl: null"));
    for text in [&page, &start] {
        assert!(!text.contains("//") || !text.contains("http"), "an address of somebody else's");
    }
    assert_problem(house.get("/docs/api/swagger-initializer.js", None).await, 404, "not-found").await;
}

#[tokio::test]
async fn every_kind_of_problem_has_its_page() {
    let house = House::open().await;
    let list = house.get("/problems", None).await.text().await.unwrap();
    for kind in web::problems::ALL {
        let path = format!("/problems/{}", kind.slug);
        assert!(list.contains(&format!("href=\"{path}\"")));
        let answer = house.get(&path, None).await;
        assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
        let page = answer.text().await.unwrap();
        for part in ["<!doctype html>", "<html lang=\"en\">", "<title>", "<main>", "<h1>"] {
            assert!(page.contains(part), "{path} lacks {part}");
        }
        assert!(page.contains(&kind.status.to_string()) && !page.contains("http://") && !page.contains("https://"));
    }
    assert_problem(house.get("/problems/none", None).await, 404, "not-found").await;
}

#[tokio::test]
async fn every_answer_is_safe_in_a_browser() {
    let by_http = House::open().await;
    for path in ["/", "/nothing", "/docs/api", "/v1/boroughs", "/v1/public/boroughs/wigan/decisions", "/health/live"] {
        let answer = by_http.get(path, None).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(answer.headers()[name], value, "{path}");
        }
        assert!(!answer.headers().contains_key("strict-transport-security"));
        assert!(answer.headers().contains_key("x-request-id") && answer.headers().contains_key("server-timing"));
    }
    let by_tls = House::with(|settings| settings.public_url = "https://gateway.test".into()).await;
    assert!(by_tls.get("/", None).await.headers().contains_key("strict-transport-security"));
}
