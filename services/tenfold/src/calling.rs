//! Whom a command calls, and as whom: a stack on this machine and its personas, or any other by its address.

use anyhow::{Context, bail};
use clap::Args;

use crate::{
    client::Client,
    personas::{Credentials, Personas},
    settings::{DataFolder, Running},
};

/// Where the API is.
#[derive(Args, Clone, Debug)]
pub struct Place {
    #[command(flatten)]
    folder: DataFolder,
    /// The API's address. Default: the stack that runs on the data folder.
    #[arg(long, env = "TENFOLD_URL")]
    url: Option<String>,
}

impl Place {
    /// The API's address.
    ///
    /// # Errors
    /// Where none is given, and no stack runs on the data folder.
    pub fn url(&self) -> anyhow::Result<String> {
        match &self.url {
            Some(url) => Ok(url.trim_end_matches('/').to_owned()),
            None => Ok(Running::read(&self.folder.path()).context("no stack runs here: ./dev up, or give --url")?.url),
        }
    }
}

/// Where the API is, and who asks it.
#[derive(Args, Clone, Debug)]
pub struct Calling {
    #[command(flatten)]
    place: Place,
    /// The API client to ask as. Default: a persona of the demonstration.
    #[arg(long, env = "TENFOLD_CLIENT_ID", requires = "client_secret")]
    client_id: Option<String>,
    /// Its secret.
    #[arg(long, env = "TENFOLD_CLIENT_SECRET", hide_env_values = true, requires = "client_id")]
    client_secret: Option<String>,
    /// A persona of the demonstration to ask as.
    #[arg(long = "as")]
    persona: Option<String>,
    /// An access token to ask with, as `tenfold sign-in` prints it: for a person.
    #[arg(long, env = "TENFOLD_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

impl Calling {
    /// The API's address.
    ///
    /// # Errors
    /// Where none is given, and no stack runs on the data folder.
    pub fn url(&self) -> anyhow::Result<String> {
        self.place.url()
    }

    /// A client that asks as who was given, or as `persona`.
    ///
    /// # Errors
    /// Where there is no such persona.
    pub fn client(&self, persona: &str) -> anyhow::Result<Client> {
        if let (Some(token), None) = (&self.token, &self.persona) {
            return Client::of_token(&self.url()?, token);
        }
        let credentials = match (&self.persona, &self.client_id, &self.client_secret) {
            (Some(_), Some(_), _) => bail!("give --as or a client of your own, not both"),
            (None, Some(id), Some(secret)) => Credentials { client_id: id.clone(), client_secret: secret.clone() },
            (named, ..) => {
                let folder = self.place.folder.path();
                let personas = Personas::load(&folder)?.with_context(|| {
                    format!(
                        "there are no personas in {}: give TENFOLD_CLIENT_ID and TENFOLD_CLIENT_SECRET",
                        folder.display()
                    )
                })?;
                personas.get(named.as_deref().unwrap_or(persona))?.clone()
            }
        };
        Ok(Client::new(&self.url()?, credentials))
    }
}
