//! Where content lies that is no row: a folder, or a bucket.
//!
//! Never asked while a transaction is open. A thing that was put and then not recorded does no harm: nothing leads
//! to it, and the next attempt puts the same in its place.

use std::{fs::DirBuilder, io, os::unix::fs::DirBuilderExt, path::PathBuf, sync::Arc};

use anyhow::{Context, bail};
use axum::body::{Body, Bytes};
use futures_util::TryStreamExt;
use object_store::{
    ObjectStore, ObjectStoreExt, aws::AmazonS3Builder, buffered::BufWriter, local::LocalFileSystem, path::Path,
};
use tokio::io::AsyncWriteExt;
use web::{Problem, problems};

/// A store of objects, and the folder in it that is ours. An object is known by its key: parts of our making, never a
/// caller's.
#[derive(Clone)]
pub struct Storage {
    objects: Arc<dyn ObjectStore>,
    folder: Path,
    of: &'static str,
}

impl Storage {
    /// Opens `file:///folder`, which is made where it is not there, or `s3://bucket/folder`, whose region, endpoint
    /// and credentials are in the usual `AWS_…` variables. `of` is what lies there, in the plural: "papers".
    ///
    /// # Errors
    /// With a sentence that names the setting's value.
    pub fn open(of: &'static str, url: &str) -> anyhow::Result<Self> {
        let (objects, folder): (Arc<dyn ObjectStore>, _) = if let Some(folder) = url.strip_prefix("file://") {
            let folder = PathBuf::from(folder);
            if !folder.is_absolute() {
                bail!("the folder of {of} is named from the root: file:///var/lib/tenfold/{of}, not {url}");
            }
            // What is exempt lies here too: nobody else's to read.
            let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
            made.with_context(|| format!("the folder of {of} at {url} cannot be made"))?;
            let objects = LocalFileSystem::new_with_prefix(&folder)
                .with_context(|| format!("the folder of {of} at {url} cannot be used"))?;
            (Arc::new(objects), Path::default())
        } else if let Some(rest) = url.strip_prefix("s3://") {
            let (bucket, folder) = rest.split_once('/').unwrap_or((rest, ""));
            let objects = AmazonS3Builder::from_env()
                .with_bucket_name(bucket)
                .build()
                .with_context(|| format!("the bucket of {of} at {url} cannot be used"))?;
            (Arc::new(objects), Path::parse(folder.trim_matches('/'))?)
        } else {
            bail!("the place of {of} begins with file:/// or s3://, and is not {url}");
        };
        Ok(Self { objects, folder, of })
    }

    fn key(&self, parts: &[String]) -> Path {
        parts.iter().fold(self.folder.clone(), |path, part| path.join(part.as_str()))
    }

    /// Puts content in its place: all of it, or nothing.
    ///
    /// # Errors
    /// 503 where the store does not do it.
    pub async fn put(&self, key: &[String], content: Bytes) -> Result<(), Problem> {
        let put = self.objects.put(&self.key(key), content.into()).await;
        put.map(drop).map_err(|error| self.unavailable(&error))
    }

    /// Puts a file in its place, piece by piece.
    ///
    /// # Errors
    /// When the file cannot be read, or the store does not do it.
    pub async fn put_file(&self, key: &[String], file: &std::path::Path) -> io::Result<()> {
        let mut from = tokio::fs::File::open(file).await?;
        let mut into = BufWriter::new(self.objects.clone(), self.key(key));
        tokio::io::copy(&mut from, &mut into).await?;
        into.shutdown().await
    }

    /// The content, piece by piece.
    ///
    /// # Errors
    /// 503 where the store does not give it.
    pub async fn get(&self, key: &[String]) -> Result<Body, Problem> {
        let found = self.objects.get(&self.key(key)).await;
        found.map(|found| Body::from_stream(found.into_stream())).map_err(|error| self.unavailable(&error))
    }

    /// The content, whole: for what is known to be small.
    ///
    /// # Errors
    /// 503 where the store does not give it.
    pub async fn read(&self, key: &[String]) -> Result<Bytes, Problem> {
        let found = self.objects.get(&self.key(key)).await.map_err(|error| self.unavailable(&error))?;
        found.bytes().await.map_err(|error| self.unavailable(&error))
    }

    /// What lies under a key, in the order of the keys: each one's parts after it.
    ///
    /// # Errors
    /// 503 where the store does not say.
    pub async fn under(&self, key: &[String]) -> Result<Vec<Vec<String>>, Problem> {
        let above = self.key(key);
        let all: Vec<_> = self
            .objects
            .list(Some(&above))
            .map_ok(|found| found.location)
            .try_collect()
            .await
            .map_err(|error| self.unavailable(&error))?;
        let after = |path: &Path| Some(path.prefix_match(&above)?.map(|part| part.as_ref().to_owned()).collect());
        let mut all: Vec<Vec<String>> = all.iter().filter_map(after).collect();
        all.sort();
        Ok(all)
    }

    /// Takes a thing away; one that is not there is gone already.
    ///
    /// # Errors
    /// 503 where the store does not do it.
    pub async fn remove(&self, key: &[String]) -> Result<(), Problem> {
        match self.objects.delete(&self.key(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.unavailable(&error)),
        }
    }

    fn unavailable(&self, error: &object_store::Error) -> Problem {
        tracing::error!(%error, of = self.of, "the store did not do what it was asked");
        let detail = format!("The store of {} is out of reach. Nothing was changed.", self.of);
        Problem::new(&problems::UNAVAILABLE, detail).retry_after(5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> (PathBuf, Storage) {
        let folder = std::env::temp_dir().join(format!("tenfold-{name}-{}", std::process::id()));
        let storage = Storage::open("papers", &format!("file://{}", folder.display()));
        (folder, storage.expect("a folder is made"))
    }

    #[test]
    fn a_place_is_a_folder_or_a_bucket() {
        let (made, _) = folder("place");
        std::fs::remove_dir_all(made).ok();
        for wrong in ["papers", "file://papers", "https://example.org/papers"] {
            assert!(Storage::open("papers", wrong).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn what_is_put_is_found_listed_and_taken_away() {
        let (made, storage) = folder("put");
        let key = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
        storage.put(&key(&["wigan", "b"]), Bytes::from_static(b"two")).await.expect("put");
        let file = made.join("file");
        std::fs::write(&file, b"one").expect("written");
        storage.put_file(&key(&["wigan", "a", "1"]), &file).await.expect("put");
        storage.put(&key(&["bury", "c"]), Bytes::from_static(b"three")).await.expect("put");
        assert_eq!(storage.under(&key(&["wigan"])).await.expect("listed"), [key(&["a", "1"]), key(&["b"])]);
        assert_eq!(storage.read(&key(&["wigan", "a", "1"])).await.expect("read"), "one");
        for _ in 0..2 {
            storage.remove(&key(&["wigan", "b"])).await.expect("gone");
        }
        assert!(storage.read(&key(&["wigan", "b"])).await.is_err());
        assert!(storage.under(&key(&["oldham"])).await.expect("nothing there").is_empty());
        std::fs::remove_dir_all(made).ok();
    }
}
