//! Writing an archive: a zip on disk, filled by a thread of its own so that packing holds up no request.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
};

use auth::Hash;
use sha2::{Digest, Sha256};
use tokio::{
    sync::mpsc::{Receiver, Sender, channel},
    task::JoinHandle,
};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::ManifestFile;

/// How many pieces may wait for the packing thread.
const WAITING: usize = 16;
/// How many bytes are handed over at once.
const PIECE: usize = 256 * 1024;

enum Piece {
    File(String),
    Bytes(Vec<u8>),
}

/// An archive being written.
pub(super) struct ArchiveWriter {
    pieces: Option<Sender<Piece>>,
    packing: JoinHandle<io::Result<()>>,
    at: Option<(String, Sha256, u64)>,
    gathered: Vec<u8>,
}

impl ArchiveWriter {
    pub(super) fn begin(file: File) -> Self {
        let (pieces, mut received) = channel(WAITING);
        let packing = tokio::task::spawn_blocking(move || pack(file, &mut received));
        Self { pieces: Some(pieces), packing, at: None, gathered: Vec::with_capacity(PIECE) }
    }

    async fn send(&self, piece: Piece) -> io::Result<()> {
        let broken = || io::Error::other("the archive could not be packed");
        self.pieces.as_ref().ok_or_else(broken)?.send(piece).await.map_err(|_| broken())
    }

    /// Begins the next file.
    pub(super) async fn file(&mut self, path: String) -> io::Result<()> {
        self.send(Piece::File(path.clone())).await?;
        self.at = Some((path, Sha256::new(), 0));
        Ok(())
    }

    /// Adds to the file.
    pub(super) async fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some((_, sum, length)) = &mut self.at {
            sum.update(bytes);
            *length += bytes.len() as u64;
        }
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= PIECE { self.hand_over().await } else { Ok(()) }
    }

    async fn hand_over(&mut self) -> io::Result<()> {
        let gathered = std::mem::replace(&mut self.gathered, Vec::with_capacity(PIECE));
        self.send(Piece::Bytes(gathered)).await
    }

    /// Ends the file, and says what it is.
    pub(super) async fn end_file(&mut self) -> io::Result<ManifestFile> {
        self.hand_over().await?;
        let (path, sum, bytes) = self.at.take().ok_or_else(|| io::Error::other("no file was begun"))?;
        Ok(ManifestFile { path, bytes, sha256: Hash(sum.finalize().into()).to_string() })
    }

    /// Closes the archive.
    pub(super) async fn end(mut self) -> io::Result<()> {
        self.pieces = None;
        self.packing.await.map_err(io::Error::other)?
    }
}

fn pack(file: File, pieces: &mut Receiver<Piece>) -> io::Result<()> {
    let mut zip = ZipWriter::new(io::BufWriter::new(file));
    // The same record packs to the same bytes: no time of day in it.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o600)
        .large_file(true);
    while let Some(piece) = pieces.blocking_recv() {
        match piece {
            Piece::File(path) => zip.start_file(path, options)?,
            Piece::Bytes(bytes) => zip.write_all(&bytes)?,
        }
    }
    zip.finish()?.flush()
}

/// The sum and the length of a file.
pub(super) fn sum_of(path: &Path) -> io::Result<([u8; 32], u64)> {
    let mut file = File::open(path)?;
    let (mut sum, mut length, mut piece) = (Sha256::new(), 0, vec![0; PIECE]);
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok((sum.finalize().into(), length));
        }
        sum.update(&piece[..read]);
        length += read as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_packed_comes_out_again_with_the_sums_told() {
        let made = tempfile::NamedTempFile::new().expect("a file");
        let mut writer = ArchiveWriter::begin(made.reopen().expect("opened"));
        let long = vec![b'x'; PIECE * 40 + 1];
        let mut told = Vec::new();
        for (path, content) in [("data/a.ndjson", b"{}\n".to_vec()), ("data/empty.ndjson", vec![]), ("papers/p", long)]
        {
            writer.file(path.into()).await.expect("begun");
            for piece in content.chunks(1000) {
                writer.add(piece).await.expect("added");
            }
            told.push((writer.end_file().await.expect("ended"), content));
        }
        writer.end().await.expect("closed");
        let mut zip = zip::ZipArchive::new(File::open(made.path()).expect("opened")).expect("a zip");
        assert_eq!(zip.len(), 3);
        for (file, content) in told {
            let mut found = Vec::new();
            zip.by_name(&file.path).expect("there").read_to_end(&mut found).expect("read");
            assert!(found == content && file.bytes == content.len() as u64);
            assert_eq!(file.sha256, Hash(Sha256::digest(&found).into()).to_string());
        }
        let (sum, length) = sum_of(made.path()).expect("read");
        assert_eq!(length, std::fs::metadata(made.path()).expect("there").len());
        assert_ne!(sum, [0; 32]);
    }
}
