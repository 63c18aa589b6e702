//! The demonstration's API clients, and how to get a token as one of them.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde::{Deserialize, Serialize};

/// The id and secret of an API client.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Credentials {
    /// Its `client_id`.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
}

/// Who can be played: `salford-finance`, `gm-analyst`, …
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Personas {
    /// Whether the demonstration was loaded to its end.
    pub complete: bool,
    /// By name.
    pub personas: BTreeMap<String, Credentials>,
}

/// Where they are kept, mode 0600.
#[must_use]
pub fn file(folder: &Path) -> PathBuf {
    folder.join("personas.toml")
}

impl Personas {
    /// Reads those of a data folder; `None` where there are none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn load(folder: &Path) -> anyhow::Result<Option<Self>> {
        Self::read(&file(folder))
    }

    /// Reads them from a file; `None` where it is not there.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        match fs::read_to_string(path) {
            Ok(text) => Ok(Some(toml::from_str(&text).with_context(|| format!("{} cannot be read", path.display()))?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// Keeps them in a data folder, readable by their owner only.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, folder: &Path) -> anyhow::Result<()> {
        self.write(&file(folder))
    }

    /// Keeps them in a file, readable by its owner only.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let new = path.with_extension("new");
        fs::remove_file(&new).ok();
        let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        out.write_all(toml::to_string(self)?.as_bytes())?;
        fs::rename(&new, path).with_context(|| format!("cannot write {}", path.display()))
    }

    /// The credentials of one.
    ///
    /// # Errors
    /// When there is none of that name; says which there are.
    pub fn get(&self, name: &str) -> anyhow::Result<&Credentials> {
        self.personas.get(name).ok_or_else(|| {
            let names: Vec<_> = self.personas.keys().map(String::as_str).collect();
            anyhow::anyhow!("there is no persona {name}. There are: {}", names.join(", "))
        })
    }
}
