//! Reading an archive: every file against its sum before a row is put.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, Write},
    path::Path,
};

use anyhow::{Context, bail, ensure};
use auth::Hash;
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::Progress;
use crate::exports::{Manifest, ManifestFile};

/// The most a manifest may hold, in bytes.
const MANIFEST_MAX: u64 = 64 * 1024 * 1024;

pub(super) struct Archive(ZipArchive<BufReader<File>>);

impl Archive {
    pub(super) fn open(file: &Path) -> anyhow::Result<Self> {
        let opened = File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let zip = ZipArchive::new(BufReader::new(opened));
        Ok(Self(zip.with_context(|| format!("{} is no archive, or is cut short", file.display()))?))
    }

    pub(super) fn manifest(&mut self) -> anyhow::Result<Manifest> {
        let found = self.0.by_name("manifest.json").context("the archive has no manifest.json: it is no export")?;
        ensure!(found.size() <= MANIFEST_MAX, "the manifest is too large to be one");
        serde_json::from_reader(found.take(MANIFEST_MAX)).context("the manifest cannot be read")
    }

    /// Every file that the manifest names is there as it says; and there is no other.
    pub(super) fn check(&mut self, manifest: &Manifest, progress: Progress<'_>) -> anyhow::Result<()> {
        let all: u64 = manifest.files().map(|file| file.bytes).sum();
        let mut done = 0;
        for file in manifest.files() {
            ensure!(is_a_plain_path(&file.path), "the manifest names {:?}, which is no path of an archive", file.path);
            self.check_one(file)?;
            done += file.bytes;
            progress("Checking", done, all);
        }
        let (found, named) = (self.0.len(), manifest.files().count() + 2);
        ensure!(found == named, "the archive holds {found} files, and its manifest knows of {named}");
        Ok(())
    }

    fn check_one(&mut self, file: &ManifestFile) -> anyhow::Result<()> {
        let mut found =
            self.0.by_name(&file.path).with_context(|| format!("{} is missing from the archive", file.path))?;
        let mut sum = Sha256::new();
        // One byte more than there should be is enough to know.
        let read = io::copy(&mut (&mut found).take(file.bytes + 1), &mut sum);
        let read = read.with_context(|| format!("{} cannot be unpacked", file.path))?;
        let is = Hash(sum.finalize().into()).to_string();
        if read != file.bytes || is != file.sha256 {
            bail!("{} is not as it was exported: its sum is {is}, and was {}", file.path, file.sha256);
        }
        Ok(())
    }

    /// A file, unpacked onto disk.
    pub(super) fn unpacked(&mut self, path: &str) -> anyhow::Result<File> {
        let mut found = self.0.by_name(path)?;
        let mut out = tempfile::tempfile()?;
        io::copy(&mut found, &mut out)?;
        out.flush()?;
        out.rewind()?;
        Ok(out)
    }

    /// A small file.
    pub(super) fn whole(&mut self, path: &str) -> anyhow::Result<Vec<u8>> {
        let mut content = Vec::new();
        self.0.by_name(path)?.read_to_end(&mut content)?;
        Ok(content)
    }
}

/// A path that leads nowhere else.
fn is_a_plain_path(path: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    ["data/", "csv/", "papers/"].iter().any(|folder| path.starts_with(folder)) && path.split('/').all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_in_its_archive() {
        for fine in ["data/budgets/journal.ndjson", "papers/01890a5d-ac96/01890a5d-ac96"] {
            assert!(is_a_plain_path(fine), "{fine}");
        }
        for wrong in
            ["papers/../../etc/passwd", "/papers/x", "papers//x", "data/.hidden", "manifest.json", "papers/a b"]
        {
            assert!(!is_a_plain_path(wrong), "{wrong}");
        }
    }
}
