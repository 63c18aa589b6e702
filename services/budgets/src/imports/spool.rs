//! Where a file lies while it is read: a folder of this process, and never the memory.

use std::{
    fs::{self, DirBuilder},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use axum::body::Bytes;
use domain::{Clock, ImportId};
use sha2::{Digest, Sha256};
use tokio::{fs::File, io::AsyncWriteExt, sync::Notify};
use uuid::Uuid;
use web::{Problem, problems};

/// The folder, and a bell that rings when a file is in it.
#[derive(Clone)]
pub(crate) struct Spool(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    id: Uuid,
    bytes_max: u64,
    arrived: Notify,
}

impl Spool {
    /// Opens the folder, which is made where it is not there. It has an id of its own: an emptied one is another.
    pub(crate) fn open(folder: &Path, bytes_max: u64, clock: &Clock) -> anyhow::Result<Self> {
        let cannot = || format!("the folder of imports at {} cannot be used", folder.display());
        // Files of ledgers name individuals: nobody else's to read.
        DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(cannot)?;
        for left in fs::read_dir(folder).with_context(cannot)?.flatten() {
            if left.path().extension().is_some_and(|kind| kind == "part") {
                fs::remove_file(left.path()).ok();
            }
        }
        let named = folder.join("folder-id");
        let known = fs::read_to_string(&named).ok().and_then(|text| text.trim().parse().ok());
        let id = match known {
            Some(id) => id,
            None => {
                let id = ImportId::at(clock.now()).0;
                fs::write(&named, id.to_string()).with_context(cannot)?;
                id
            }
        };
        Ok(Self(Arc::new(Inner { folder: folder.to_owned(), id, bytes_max, arrived: Notify::new() })))
    }

    /// Which folder it is.
    pub(super) fn id(&self) -> Uuid {
        self.0.id
    }

    /// Where an import's file lies.
    pub(super) fn path(&self, import: ImportId) -> PathBuf {
        self.0.folder.join(import.to_string())
    }

    /// Begins to take a file.
    pub(super) async fn begin(&self, import: ImportId) -> Result<Taking, Problem> {
        // Two that send at once do not write into one another.
        let part = self.0.folder.join(format!("{import}.{}.part", next_number()));
        let file = File::create(&part).await.map_err(no_room)?;
        Ok(Taking { file, part, hash: Sha256::new(), bytes: 0, bytes_max: self.0.bytes_max })
    }

    /// Forgets an import's file.
    pub(super) fn forget(&self, import: ImportId) {
        fs::remove_file(self.path(import)).ok();
    }

    /// Rings: a file is there to be read.
    pub(super) fn ring(&self) {
        self.0.arrived.notify_one();
    }

    pub(super) async fn rung(&self) {
        self.0.arrived.notified().await;
    }
}

fn next_number() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static GIVEN: AtomicU64 = AtomicU64::new(0);
    GIVEN.fetch_add(1, Ordering::Relaxed)
}

fn no_room(error: std::io::Error) -> Problem {
    tracing::error!(%error, "a file could not be laid aside");
    Problem::new(&problems::UNAVAILABLE, "There is no room for the file just now. Nothing was written.").retry_after(30)
}

/// A file on its way in. Dropped before it is kept, it was never there.
pub(super) struct Taking {
    file: File,
    part: PathBuf,
    hash: Sha256,
    bytes: u64,
    bytes_max: u64,
}

impl Taking {
    pub(super) async fn take(&mut self, piece: &Bytes) -> Result<(), Problem> {
        self.bytes = self.bytes.saturating_add(piece.len() as u64);
        if self.bytes > self.bytes_max {
            let detail = format!("A file may be up to {} bytes here. Nothing was written.", self.bytes_max);
            return Err(Problem::new(&problems::TOO_LARGE, detail));
        }
        self.hash.update(piece);
        self.file.write_all(piece).await.map_err(no_room)
    }

    /// Its SHA-256 and its length, once all of it is on the disk.
    pub(super) async fn sum(&mut self) -> Result<([u8; 32], i64), Problem> {
        self.file.sync_all().await.map_err(no_room)?;
        Ok((self.hash.clone().finalize().into(), i64::try_from(self.bytes).unwrap_or(i64::MAX)))
    }

    /// Puts it where the import's file is looked for.
    pub(super) fn keep(self, at: &Path) -> Result<(), Problem> {
        fs::rename(&self.part, at).map_err(no_room)
    }
}

impl Drop for Taking {
    fn drop(&mut self) {
        fs::remove_file(&self.part).ok();
    }
}
