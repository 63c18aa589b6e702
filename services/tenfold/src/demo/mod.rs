//! The demonstration: the ten boroughs of Greater Manchester, and Wirral beside them, on public figures, loaded through
//! the API.
//!
//! Nothing here speaks SQL. Each figure carries its source; what has none is marked illustrative.

mod agreement;
mod boroughs;
mod fund;
mod oldham;
mod salford;
mod stockport;
mod table;
mod wigan;
mod wirral;

use anyhow::Context;
use serde_json::{Value, json};

use crate::{
    client::Client,
    personas::{Credentials, Personas},
    settings::Demonstration,
    tell::Step,
};

pub use table::regional_table;

/// The region's name in paths.
pub const REGION: &str = "greater-manchester";

/// What the loader works with: the platform's client, and everybody's credentials as they are made.
pub struct Loader<'a> {
    base: &'a str,
    folder: &'a std::path::Path,
    personas: Personas,
}

impl Loader<'_> {
    /// The client of a persona.
    ///
    /// # Errors
    /// When there is no such persona.
    fn client(&self, persona: &str) -> anyhow::Result<Client> {
        Ok(Client::new(self.base, self.personas.get(persona)?.clone()))
    }

    /// Creates an API client and keeps its credentials.
    async fn make_persona(&mut self, by: &Client, path: &str, persona: &str, role: &str) -> anyhow::Result<()> {
        let body = json!({"name": persona, "role": role});
        let made = by.post(path, &format!("demo-client-{persona}"), &body).await?;
        self.keep(persona, &made.body["id"], &made.body["client_secret"])
    }

    fn keep(&mut self, persona: &str, id: &Value, secret: &Value) -> anyhow::Result<()> {
        let (Some(id), Some(secret)) = (id.as_str(), secret.as_str()) else {
            anyhow::bail!("no secret was shown for {persona}: it was created before. Start afresh with --fresh");
        };
        let credentials = Credentials { client_id: id.to_owned(), client_secret: secret.to_owned() };
        self.personas.personas.insert(persona.to_owned(), credentials);
        self.personas.save(self.folder)
    }
}

/// The borough of another region, by its slug.
const NEXT_DOOR: &str = "wirral";

/// Loads the demonstration into the stack at `base`, whose first officer has just been made.
///
/// # Errors
/// When a request is refused: says which and why.
pub async fn load(
    base: &str,
    folder: &std::path::Path,
    officer: Credentials,
    how_much: Demonstration,
) -> anyhow::Result<()> {
    let mut loader = Loader { base, folder, personas: Personas::default() };
    loader.keep("platform-officer", &json!(officer.client_id), &json!(officer.client_secret))?;
    let mut rows = boroughs::rows()?;
    let with_neighbour = how_much == Demonstration::On;
    rows.retain(|row| with_neighbour || row.slug != NEXT_DOOR);
    let step = Step::begin("Loading the demonstration", rows.len() as u64 + 6);
    boroughs::load_regions(&mut loader).await.context("the regions could not be loaded")?;
    step.advance();
    for row in &rows {
        boroughs::load(&mut loader, row).await.with_context(|| format!("{} could not be loaded", row.name))?;
        step.advance();
    }
    // Each borough's story is its own, so they are told at once.
    tokio::try_join!(
        told(&step, "Oldham", oldham::load(&loader)),
        told(&step, "Salford", salford::load(&loader)),
        told(&step, "Stockport", stockport::load(&loader)),
        told(&step, "Wigan", wigan::load(&loader)),
        async {
            match with_neighbour {
                true => told(&step, "Wirral", wirral::load(&loader)).await,
                false => Ok(()),
            }
        },
    )?;
    loader.personas.complete = true;
    loader.personas.save(folder)?;
    step.end("done");
    Ok(())
}

/// A story, and a step further once it is told.
async fn told(step: &Step, borough: &str, story: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    story.await.with_context(|| format!("{borough}'s story could not be loaded"))?;
    step.advance();
    Ok(())
}

/// The organisation of a kind, and code where one is given, that a borough has recorded.
async fn organisation(client: &Client, borough: &str, kind: &str) -> anyhow::Result<String> {
    let all = client.get(&format!("/v1/boroughs/{borough}/organisations")).await?;
    let found = all.body["data"].as_array().into_iter().flatten().find(|one| one["kind"] == kind);
    let id = found.and_then(|one| one["id"].as_str()).with_context(|| format!("{borough} has recorded no {kind}"))?;
    Ok(id.to_owned())
}

/// The id of a thing just made.
fn id_of(made: &crate::client::Answer) -> anyhow::Result<String> {
    Ok(made.body["id"].as_str().context("an answer has no id")?.to_owned())
}
