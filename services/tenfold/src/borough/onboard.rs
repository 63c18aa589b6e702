//! Bringing a borough on board, step by step. Each step is one request under a key of its own, so that a run that was
//! broken off is run again.

use std::{collections::BTreeMap, path::Path, time::Duration};

use anyhow::{Context, bail};
use serde_json::{Map, Value, json};

use super::{
    OFFICER,
    checklist::Checklist,
    file::{ClientWanted, Ids, RequestWanted, Wanted},
    path,
};
use crate::{
    calling::Calling,
    client::Client,
    personas::{Credentials, Personas},
    tell::{Step, say},
};

/// A borough on its way.
struct Onboarding<'a> {
    wanted: &'a Wanted,
    url: String,
    officer: Client,
    /// By name: `admin`, `admin-2`, `finance`, …
    clients: BTreeMap<String, Client>,
    secrets: Secrets<'a>,
    ids: Ids,
    checklist: Option<Checklist>,
    step: Step,
}

/// The secrets that were shown, kept at once.
struct Secrets<'a> {
    at: &'a Path,
    kept: Personas,
}

impl<'a> Secrets<'a> {
    fn open(at: &'a Path) -> anyhow::Result<Self> {
        Ok(Self { at, kept: Personas::read(at)?.unwrap_or_default() })
    }

    /// Keeps a secret that was shown; where it was shown to an earlier run, gives what that kept.
    fn keep(&mut self, name: &str, made: &Value) -> anyhow::Result<Credentials> {
        let id = made["client_id"].as_str().or(made["id"].as_str()).context("a client has an id")?;
        if let Some(secret) = made["client_secret"].as_str() {
            let credentials = Credentials { client_id: id.to_owned(), client_secret: secret.to_owned() };
            self.kept.personas.insert(name.to_owned(), credentials);
            self.kept.write(self.at)?;
        }
        let kept = self.kept.personas.get(name).filter(|kept| kept.client_id == id);
        let lost = || format!("the secret of {name} was shown to an earlier run, and is not in {}", self.at.display());
        kept.cloned().with_context(lost)
    }
}

/// Records everything the file says, and hands the borough in. Tells the checklist before and after each step.
pub(super) async fn onboard(calling: &Calling, wanted: &Wanted, secrets: &Path) -> anyhow::Result<Checklist> {
    let steps = 4 + wanted.organisations.len() + wanted.clients.len() + wanted.requests.len();
    let mut onboarding = Onboarding {
        wanted,
        url: calling.url()?,
        officer: calling.client(OFFICER)?,
        clients: BTreeMap::new(),
        secrets: Secrets::open(secrets)?,
        ids: Ids::default(),
        checklist: None,
        step: Step::begin(&format!("Bringing {} on board", wanted.name), u64::try_from(steps)?),
    };
    onboarding.create().await?;
    onboarding.own_record().await?;
    for organisation in &wanted.organisations {
        onboarding.organisation(organisation).await?;
    }
    for client in &wanted.clients {
        onboarding.client(client).await?;
    }
    for request in &wanted.requests {
        onboarding.request(request).await?;
    }
    onboarding.hand_in().await
}

impl Onboarding<'_> {
    fn here(&self) -> String {
        path(&self.wanted.slug)
    }

    /// A key that is the same in every run.
    fn key(&self, of: &str) -> String {
        format!("onboard-{}-{of}", self.wanted.slug)
    }

    fn by(&self, role: &str) -> anyhow::Result<&Client> {
        let found = self.clients.get(role);
        found.with_context(|| format!("the file names no client of the role {role} before it is needed"))
    }

    /// Tells what a step did to the checklist.
    async fn told(&mut self, what: &str) -> anyhow::Result<()> {
        let now = Checklist::of(&self.officer, &self.wanted.slug).await?;
        self.step.advance();
        let step = &self.step;
        match &self.checklist {
            None => now.table().iter().for_each(|line| step.note(line)),
            Some(before) => {
                step.note(&format!("{what}. Checklist: {}, then {}.", before.settled(), now.settled()));
                now.changes(before).iter().for_each(|line| step.note(line));
            }
        }
        self.checklist = Some(now);
        Ok(())
    }

    /// The region, where it is to be made; then the borough and its sandbox, with an administrator's client each.
    async fn create(&mut self) -> anyhow::Result<()> {
        let wanted = self.wanted;
        if let Some(name) = &wanted.region_name {
            let region = json!({"slug": wanted.region, "name": name});
            let key = format!("onboard-region-{}", wanted.region);
            let made = self.officer.post("/v1/regions", &key, &region).await;
            if let Err(refused) = made
                && !refused.to_string().contains("409")
            {
                return Err(refused);
            }
        }
        let found = self.officer.get(&self.here()).await;
        let borough = json!({"slug": wanted.slug, "gss": wanted.gss, "name": wanted.name, "region": wanted.region,
            "expected_from": wanted.expected_from});
        let made = self.officer.post("/v1/boroughs", &self.key("borough"), &borough).await;
        match (made, found) {
            (Ok(made), _) => {
                for administrator in made.body["administrators"].as_array().into_iter().flatten() {
                    let name = if administrator["mode"] == "live" { "admin" } else { "sandbox-admin" };
                    let credentials = self.secrets.keep(name, administrator)?;
                    self.clients.insert(name.to_owned(), Client::new(&self.url, credentials));
                }
            }
            // Made a day ago or more: the key is forgotten, the secrets are not.
            (Err(_), Ok(_)) => {
                let kept = self.secrets.kept.personas.clone();
                if !kept.contains_key("admin") {
                    bail!(
                        "{} is there already, and its administrator's secret is not in {}",
                        wanted.slug,
                        self.secrets.at.display()
                    );
                }
                self.clients.extend(kept.into_iter().map(|(name, one)| (name, Client::new(&self.url, one))));
            }
            (Err(refused), Err(_)) => return Err(refused),
        }
        self.step.note(&format!(
            "{} and its sandbox are there. Secrets are kept in {}.",
            wanted.name,
            self.secrets.at.display()
        ));
        self.told("The borough is made").await
    }

    /// Whom to reach, and what was signed.
    async fn own_record(&mut self) -> anyhow::Result<()> {
        for (what, segment, body) in [
            ("The security contact is recorded", "security-contacts", &self.wanted.security_contact),
            ("The data-sharing agreement is recorded", "data-sharing-agreements", &self.wanted.data_sharing_agreement),
        ] {
            if let Some(body) = body {
                let path = format!("{}/{segment}", self.here());
                self.by("admin")?.post(&path, &self.key(segment), &json!(body)).await?;
            }
            self.told(what).await?;
        }
        Ok(())
    }

    async fn organisation(&mut self, wanted: &Map<String, Value>) -> anyhow::Result<()> {
        let mut body = wanted.clone();
        let key = body.remove("key").and_then(|key| key.as_str().map(str::to_owned));
        let follows = body.remove("follows").unwrap_or_default();
        let follows = follows.as_array().into_iter().flatten().filter_map(Value::as_str);
        let predecessors: Vec<&str> = follows.map(|key| self.ids.get(key)).collect::<Result<_, _>>()?;
        if !predecessors.is_empty() {
            body.insert("predecessors".into(), json!(predecessors));
        }
        let name = body.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let path = format!("{}/organisations", self.here());
        let made =
            self.by("admin")?.post(&path, &self.key(&format!("organisation-{}", plain(&name))), &json!(body)).await?;
        if let Some(key) = key {
            self.ids.keep(&key, &made.body["id"]);
        }
        self.told(&format!("{name} is recorded")).await
    }

    async fn client(&mut self, wanted: &ClientWanted) -> anyhow::Result<()> {
        let path = format!("{}/clients", self.here());
        let body = json!({"name": wanted.name, "role": wanted.role});
        let made = self.by("admin")?.post(&path, &self.key(&format!("client-{}", plain(&wanted.name))), &body).await?;
        // The first of a role is called by it.
        let mut name = wanted.role.clone();
        let mut number = 2;
        while self.clients.contains_key(&name) {
            name = format!("{}-{number}", wanted.role);
            number += 1;
        }
        let credentials = self.secrets.keep(&name, &made.body)?;
        let client = Client::new(&self.url, credentials);
        // Its first token shows that it works.
        client.token().await?;
        self.clients.insert(name, client);
        self.told(&format!("The client “{}” is made and has signed in", wanted.name)).await
    }

    async fn request(&mut self, wanted: &RequestWanted) -> anyhow::Result<()> {
        let failed = || format!("{} could not be done", wanted.title);
        let path = format!("{}/{}", self.here(), self.ids.fill(&wanted.path).with_context(failed)?);
        let body = self.ids.fill_all(&wanted.body).with_context(failed)?;
        let (by, key) = (self.by(&wanted.role)?, self.key(&plain(&wanted.title)));
        let made = if wanted.transition {
            by.move_by(&path, &key, &body).await.with_context(failed)?
        } else {
            by.post(&path, &key, &body).await.with_context(failed)?
        };
        if let Some(key) = &wanted.key {
            self.ids.keep(key, &made.body["id"]);
        }
        if let Some(task) = &wanted.settles {
            self.until_settled(task).await?;
        }
        self.told(&wanted.title).await
    }

    /// Waits until another service has told that a task is done.
    async fn until_settled(&self, task: &str) -> anyhow::Result<()> {
        for _ in 0..100 {
            if Checklist::of(&self.officer, &self.wanted.slug).await?.has_settled(task) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("the task {task} is still missing ten seconds later")
    }

    /// Hands the borough in.
    async fn hand_in(mut self) -> anyhow::Result<Checklist> {
        let here = self.here();
        let state = self.by("admin")?.get(&here).await?;
        if state.body["state"] == "in_setup" {
            self.by("admin")?.transition(&here, &self.key("hand-in"), "in_review", &self.wanted.hand_in).await?;
        }
        self.told("It is handed in").await?;
        let checklist = self.checklist.context("it was just asked")?;
        self.step.end("handed in");
        checklist.table().iter().for_each(|line| say(line));
        say(&format!("Another officer looks at it now: tenfold borough approve {} --reason …", self.wanted.slug));
        Ok(checklist)
    }
}

/// A name as part of a key.
fn plain(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    plain.chars().take(80).collect()
}
