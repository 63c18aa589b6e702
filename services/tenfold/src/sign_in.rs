//! `tenfold sign-in`: a person signs in at their organisation's provider in a browser, and gets an access token.
//!
//! Authorisation code with PKCE (RFC 7636, S256), answered on a loopback address (RFC 8252 §7.3); then the ID token is
//! exchanged (RFC 8693). Nothing is stored.

use std::time::Duration;

use anyhow::{Context, bail};
use aws_lc_rs::rand;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use clap::Args;
use reqwest::Url;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::{
    calling::Place,
    tell::{answer, say},
};

/// How long somebody may take in the browser.
const PATIENCE: Duration = Duration::from_secs(300);
/// The longest line of a request that is read.
const LONGEST_LINE: usize = 16 * 1024;

/// Who signs in where.
#[derive(Args, Clone, Debug)]
pub struct SignIn {
    #[command(flatten)]
    place: Place,
    /// The borough, by its slug or GSS code.
    #[arg(long)]
    pub borough: String,
    /// Into its sandbox.
    #[arg(long)]
    pub sandbox: bool,
    /// The code of an invitation, the first time.
    #[arg(long, env = "TENFOLD_INVITATION", hide_env_values = true)]
    pub invitation: Option<String>,
    /// The provider, where the borough has several.
    #[arg(long)]
    pub issuer: Option<String>,
    /// The port of the loopback address; any that is free where none is given.
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// Print JSON: the whole answer of the token endpoint.
    #[arg(long)]
    json: bool,
}

/// What somebody signs in to.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The borough.
    pub borough: String,
    /// Its sandbox.
    pub sandbox: bool,
    /// The code of an invitation.
    pub invitation: Option<String>,
    /// One provider of several.
    pub issuer: Option<String>,
    /// Where to listen.
    pub port: u16,
}

/// Does it, and prints the token.
///
/// # Errors
/// Where somebody does not sign in, or is refused.
pub async fn run(asked: &SignIn) -> anyhow::Result<()> {
    let wanted = Wanted {
        borough: asked.borough.clone(),
        sandbox: asked.sandbox,
        invitation: asked.invitation.clone(),
        issuer: asked.issuer.clone(),
        port: asked.port,
    };
    let given = sign_in(&asked.place.url()?, &wanted, |address| {
        say("Open this address in a browser and sign in:");
        say(address);
    })
    .await?;
    let token = given["access_token"].as_str().context("no token was given")?;
    answer(if asked.json { given.to_string() } else { token.to_owned() }.as_str());
    Ok(())
}

fn random() -> anyhow::Result<String> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).ok().context("the system has no random bytes")?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

fn http() -> anyhow::Result<reqwest::Client> {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    Ok(http.timeout(Duration::from_secs(30)).no_proxy().build()?)
}

async fn get(address: Url) -> anyhow::Result<Value> {
    let answer = http()?.get(address.clone()).send().await.with_context(|| format!("{address} does not answer"))?;
    let status = answer.status();
    if !status.is_success() {
        bail!("{address} answered {status}");
    }
    answer.json().await.with_context(|| format!("{address} did not answer in JSON"))
}

/// Signs somebody in to the stack at `url`; `show` is given the address to open. Gives back what the token endpoint answers.
///
/// # Errors
/// Where there is no provider, nobody signs in, or they are refused.
pub async fn sign_in(url: &str, wanted: &Wanted, show: impl FnOnce(&str)) -> anyhow::Result<Value> {
    let (issuer, audience) = provider(url, wanted).await?;
    let discovery = auth::Provider::discovery_address(&issuer).parse()?;
    let said = get(discovery).await?;
    if said["issuer"] != issuer.as_str() {
        bail!("the provider says it is {}, and not {issuer}", said["issuer"]);
    }
    let listener = TcpListener::bind(("127.0.0.1", wanted.port)).await.context("the loopback address is taken")?;
    let redirect = format!("http://127.0.0.1:{}/callback", listener.local_addr()?.port());
    let (verifier, state, nonce) = (random()?, random()?, random()?);
    let mut authorize: Url =
        said["authorization_endpoint"].as_str().context("the provider has no sign-in page")?.parse()?;
    authorize
        .query_pairs_mut()
        .append_pair("client_id", &audience)
        .append_pair("response_type", "code")
        .append_pair("scope", "openid")
        .append_pair("redirect_uri", &redirect)
        .append_pair("state", &state)
        .append_pair("nonce", &nonce)
        .append_pair("code_challenge", &BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier)))
        .append_pair("code_challenge_method", "S256");
    show(authorize.as_str());
    let code = tokio::time::timeout(PATIENCE, come_back(&listener, &state, &issuer));
    let code = code.await.context("nobody signed in within five minutes")??;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", &audience),
        ("code", &code),
        ("code_verifier", &verifier),
        ("redirect_uri", &redirect),
    ];
    let token_endpoint = said["token_endpoint"].as_str().context("the provider has no token endpoint")?;
    let given = post(token_endpoint, &form).await?;
    let id_token = given["id_token"].as_str().context("the provider gave no ID token")?;
    if claim(id_token, "nonce").as_deref() != Some(nonce.as_str()) {
        bail!("the ID token is not of this sign-in: its nonce is another");
    }
    let mut form = vec![
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token_type", auth::ID_TOKEN_TYPE),
        ("subject_token", id_token),
        ("audience", &wanted.borough),
    ];
    if let Some(invitation) = &wanted.invitation {
        form.push(("invitation", invitation));
    }
    post(&format!("{url}/oauth2/token"), &form).await
}

/// Where the people of the borough sign in, and as whom the provider is asked.
async fn provider(url: &str, wanted: &Wanted) -> anyhow::Result<(String, String)> {
    let mut address: Url = format!("{url}/v1/public/sign-in").parse().context("that is no address")?;
    address.query_pairs_mut().append_pair("borough", &wanted.borough);
    let found = get(address).await?;
    let mode = if wanted.sandbox { "sandbox" } else { "live" };
    let fits = |one: &&Value| {
        one["mode"] == mode && wanted.issuer.as_ref().is_none_or(|issuer| one["issuer"] == issuer.as_str())
    };
    let fitting: Vec<&Value> = found["issuers"].as_array().into_iter().flatten().filter(fits).collect();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match fitting[..] {
        [one] => Ok((text(&one["issuer"]), text(&one["audience"]))),
        [] => bail!(
            "nobody of {} ({mode}) signs in at a provider like that: an administrator registers one",
            wanted.borough
        ),
        _ => {
            let all: Vec<String> = fitting.iter().map(|one| text(&one["issuer"])).collect();
            bail!("{} has several providers; say --issuer, one of: {}", wanted.borough, all.join(", "))
        }
    }
}

async fn post(address: &str, form: &[(&str, &str)]) -> anyhow::Result<Value> {
    let mut body = Url::parse("form:")?;
    body.query_pairs_mut().extend_pairs(form);
    let request = http()?.post(address).body(body.query().unwrap_or_default().to_owned());
    let answer = request.header("content-type", "application/x-www-form-urlencoded").send().await;
    let answer = answer.with_context(|| format!("{address} does not answer"))?;
    let status = answer.status();
    let body: Value = answer.json().await.unwrap_or_default();
    if !status.is_success() {
        let why = [&body["error_description"], &body["detail"], &body["error"]];
        let why = why.into_iter().find_map(Value::as_str).unwrap_or("it says no reason");
        bail!("{address} refused ({status}): {why}");
    }
    Ok(body)
}

/// A claim of an ID token that the provider itself has just given, which the token endpoint checks in full.
fn claim(token: &str, name: &str) -> Option<String> {
    let claims = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Value>(&claims).ok()?[name].as_str().map(str::to_owned)
}

/// Waits until the browser comes back with this sign-in's answer; anything else that knocks is told no.
async fn come_back(listener: &TcpListener, state: &str, issuer: &str) -> anyhow::Result<String> {
    loop {
        let (stream, _) = listener.accept().await?;
        let Ok((path, stream)) = asked(stream).await else { continue };
        let back = Url::parse("http://127.0.0.1").and_then(|base| base.join(&path));
        let Ok(back) = back else { continue };
        let named = |name: &str| back.query_pairs().find(|(one, _)| one == name).map(|(_, value)| value.into_owned());
        if back.path() != "/callback" || named("state").as_deref() != Some(state) {
            tell(stream, "404 Not Found", "This is not the sign-in that is waited for.").await.ok();
            continue;
        }
        // RFC 9207: of another provider's answer nothing is taken.
        if named("iss").is_some_and(|iss| iss != issuer) {
            tell(stream, "400 Bad Request", "Another provider answered. Sign in again.").await.ok();
            bail!("another provider answered");
        }
        let Some(code) = named("code") else {
            let why = named("error_description").or(named("error")).unwrap_or_else(|| "it says no reason".to_owned());
            tell(stream, "200 OK", "You are not signed in. You may close this window.").await.ok();
            bail!("the provider refused: {why}");
        };
        tell(stream, "200 OK", "You are signed in. You may close this window.").await.ok();
        return Ok(code);
    }
}

/// The path of one request.
async fn asked(stream: TcpStream) -> anyhow::Result<(String, TcpStream)> {
    let mut reader = BufReader::new(stream);
    let read = async {
        let mut first = String::new();
        let mut limited = tokio::io::AsyncReadExt::take(&mut reader, LONGEST_LINE as u64);
        limited.read_line(&mut first).await.map(|_| first)
    };
    let first = tokio::time::timeout(Duration::from_secs(5), read).await??;
    let path = first.split(' ').nth(1).context("no request")?.to_owned();
    Ok((path, reader.into_inner()))
}

async fn tell(mut stream: TcpStream, status: &str, text: &str) -> std::io::Result<()> {
    let length = text.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}"
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}
