//! A real OpenID provider (npm's oidc-provider), and somebody who signs in at it: authorisation code with PKCE, as an app does it.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::LazyLock,
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::exchange::http;
use crate::running::key;

/// Where an app would listen for the answer of the provider.
const REDIRECT: &str = "http://127.0.0.1:8765/callback";

/// The provider, which ends with its test.
pub(crate) struct Provider {
    pub(crate) issuer: String,
    child: Child,
    _stdin: ChildStdin,
}

/// Where npm's packages are. Asked for once: tests start providers at the same time.
fn folder() -> &'static str {
    static FOLDER: LazyLock<String> = LazyLock::new(|| {
        std::env::var("TENFOLD_OIDC_PROVIDER").unwrap_or_else(|_| {
            let dev = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("dev");
            let made = Command::new(dev).arg("oidc-provider").output().expect("./dev is there");
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
            String::from_utf8(made.stdout).unwrap().trim().to_owned()
        })
    });
    &FOLDER
}

impl Provider {
    /// Starts one.
    pub(crate) async fn start() -> Self {
        let started = tokio::task::spawn_blocking(|| {
            let here = Path::new(env!("CARGO_MANIFEST_DIR"));
            let mut child = Command::new("node")
                .arg(here.join("people/provider.mjs"))
                .arg(folder())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .expect("node is installed");
            let stdin = child.stdin.take().unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
            let issuer = lines.find_map(|line| line.strip_prefix("issuer ").map(str::to_owned));
            // What it says later is read too: it would stop if nobody did.
            std::thread::spawn(move || lines.for_each(drop));
            Self { issuer: issuer.expect("it says where it is"), child, _stdin: stdin }
        });
        started.await.unwrap()
    }

    /// Asks it something that only tests ask.
    pub(crate) async fn test(&self, what: &str) -> Value {
        http().get(format!("{}/test/{what}", self.issuer)).send().await.unwrap().json().await.unwrap()
    }

    /// Signs somebody in as one of its clients, and gives back the ID token.
    pub(crate) async fn signs_in(&self, client: &str, who: &str) -> String {
        let verifier = format!("{}-{}", key().repeat(8), "x".repeat(20));
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
        let state = key();
        let start = format!(
            "{}/auth?client_id={client}&response_type=code&scope=openid&redirect_uri={REDIRECT}&state={state}&nonce=n\
             &code_challenge={challenge}&code_challenge_method=S256&login_hint={who}",
            self.issuer
        );
        let back = follow(&self.issuer, start, |address| address.starts_with(REDIRECT)).await;
        assert!(back.contains(&format!("state={state}")), "{back}");
        let code = back.split("code=").nth(1).and_then(|rest| rest.split('&').next()).expect("a code");
        let form = format!(
            "grant_type=authorization_code&client_id={client}&code={code}&code_verifier={verifier}&redirect_uri={REDIRECT}"
        );
        let request = http().post(format!("{}/token", self.issuer)).body(form);
        let answer = request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
        let body: Value = answer.json().await.unwrap();
        body["id_token"].as_str().unwrap_or_else(|| panic!("no ID token: {body}")).to_owned()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Does what a browser does, cookies and all, until it is sent where it is wanted.
pub(crate) async fn follow(issuer: &str, start: String, wanted: impl Fn(&str) -> bool) -> String {
    let mut cookies: Vec<(String, String)> = Vec::new();
    let mut address = start;
    for _ in 0..12 {
        let sent: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = http().get(&address).header("cookie", sent.join("; ")).send().await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            cookies.retain(|(other, _)| other != name);
            cookies.push((name.to_owned(), value.to_owned()));
        }
        let Some(next) = answer.headers().get("location") else {
            panic!("{address} leads nowhere: {}", answer.text().await.unwrap());
        };
        let next = next.to_str().unwrap();
        address = if next.starts_with('/') { format!("{issuer}{next}") } else { next.to_owned() };
        if wanted(&address) {
            return address;
        }
    }
    panic!("{address} is not where it was to lead");
}
