//! Where the content of papers lies: a folder, or a bucket.
//!
//! Never asked while a transaction is open. A thing that was put and then not recorded does no harm: nothing leads
//! to it, and the next attempt puts the same in its place.

use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt, path::PathBuf, sync::Arc};

use anyhow::{Context, bail};
use axum::body::{Body, Bytes};
use domain::{BoroughId, MeetingId, PaperId};
use object_store::{ObjectStore, ObjectStoreExt, aws::AmazonS3Builder, local::LocalFileSystem, path::Path};
use web::{Problem, problems};

/// A store of objects, and the folder in it that is ours.
#[derive(Clone)]
pub(crate) struct Storage {
    objects: Arc<dyn ObjectStore>,
    folder: Path,
}

impl Storage {
    /// Opens `file:///folder`, which is made where it is not there, or `s3://bucket/folder`, whose region, endpoint
    /// and credentials are in the usual `AWS_…` variables.
    pub(crate) fn open(url: &str) -> anyhow::Result<Self> {
        let (objects, folder): (Arc<dyn ObjectStore>, _) = if let Some(folder) = url.strip_prefix("file://") {
            let folder = PathBuf::from(folder);
            if !folder.is_absolute() {
                bail!("the folder of papers is named from the root: file:///var/lib/tenfold/papers, not {url}");
            }
            // Exempt papers lie here too: nobody else's to read.
            let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
            made.with_context(|| format!("the folder of papers at {url} cannot be made"))?;
            let objects = LocalFileSystem::new_with_prefix(&folder)
                .with_context(|| format!("the folder of papers at {url} cannot be used"))?;
            (Arc::new(objects), Path::default())
        } else if let Some(rest) = url.strip_prefix("s3://") {
            let (bucket, folder) = rest.split_once('/').unwrap_or((rest, ""));
            let objects = AmazonS3Builder::from_env()
                .with_bucket_name(bucket)
                .build()
                .with_context(|| format!("the bucket of papers at {url} cannot be used"))?;
            (Arc::new(objects), Path::parse(folder.trim_matches('/'))?)
        } else {
            bail!("TENFOLD_PAPERS_URL begins with file:/// or s3://, and is not {url}");
        };
        Ok(Self { objects, folder })
    }

    /// `{borough}/{meeting}/{paper}`: no part of a key was sent by a caller.
    fn key(&self, borough: BoroughId, meeting: MeetingId, paper: PaperId) -> Path {
        [borough.to_string(), meeting.to_string(), paper.to_string()]
            .into_iter()
            .fold(self.folder.clone(), |path, part| path.join(part))
    }

    /// Puts content in its place: all of it, or nothing.
    pub(crate) async fn put(
        &self,
        (borough, meeting, paper): (BoroughId, MeetingId, PaperId),
        content: Bytes,
    ) -> Result<(), Problem> {
        let put = self.objects.put(&self.key(borough, meeting, paper), content.into()).await;
        put.map(drop).map_err(|error| unavailable(&error))
    }

    /// The content, piece by piece.
    pub(crate) async fn get(
        &self,
        (borough, meeting, paper): (BoroughId, MeetingId, PaperId),
    ) -> Result<Body, Problem> {
        let found = self.objects.get(&self.key(borough, meeting, paper)).await;
        found.map(|found| Body::from_stream(found.into_stream())).map_err(|error| unavailable(&error))
    }
}

fn unavailable(error: &object_store::Error) -> Problem {
    tracing::error!(%error, "the store of papers did not do what it was asked");
    Problem::new(&problems::UNAVAILABLE, "The store of papers is out of reach. Nothing was changed.").retry_after(5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_for_papers_is_a_folder_or_a_bucket() {
        let folder = std::env::temp_dir().join(format!("tenfold-papers-{}", std::process::id()));
        assert!(Storage::open(&format!("file://{}", folder.display())).is_ok());
        std::fs::remove_dir_all(folder).ok();
        for wrong in ["papers", "file://papers", "https://example.org/papers"] {
            assert!(Storage::open(wrong).is_err(), "{wrong}");
        }
    }
}
