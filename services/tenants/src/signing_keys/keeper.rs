//! Keeping the keys: every replica reads them every few seconds, and whichever finds that it is time rotates them.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use arc_swap::ArcSwap;
use auth::{JwkSet, KeyEncryptionKey, KeySet, Signer};
use chrono::{DateTime, Utc};
use tenancy::{Db, KindOf, Tx};
use tokio_util::sync::CancellationToken;
use web::Problem;

use super::{
    signing_key::{Plan, SigningKeyBody, Times, plan, signing},
    store,
};

/// How the keys tokens are signed with are kept.
#[derive(Debug, Clone)]
pub struct SigningSettings {
    /// The file of the first key; made where it is not there. Not looked at any more once there are keys in the database.
    pub token_key: PathBuf,
    /// The file of the key that seals the others in the database: 32 bytes in base64, mode 0600.
    pub key_encryption_key: PathBuf,
    /// How long a new key is published before it signs: what all who check tokens need to hear of it.
    pub propagation: Duration,
    /// After how many days the keys rotate by themselves.
    pub rotate_after_days: u32,
}

impl SigningSettings {
    /// How long a new key is published before it signs, where nothing else is set: 60 seconds.
    pub const PROPAGATION: Duration = Duration::from_secs(60);
    /// After how many days keys rotate, where nothing else is set.
    pub const ROTATE_AFTER_DAYS: u32 = 90;

    /// The usual ones, with both files in a folder.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            token_key: folder.join("token-signing.pem"),
            key_encryption_key: folder.join("key-encryption.key"),
            propagation: Self::PROPAGATION,
            rotate_after_days: Self::ROTATE_AFTER_DAYS,
        }
    }
}

/// What a signing key is sealed as: it opens as nothing else.
fn sealed_as(kid: &str) -> String {
    format!("signing key {kid}")
}

struct Held {
    signer: Arc<Signer>,
    times: Times,
}

/// The keys, as last read.
pub(crate) struct SigningKeys {
    settings: SigningSettings,
    sealing: KeyEncryptionKey,
    held: ArcSwap<Vec<Held>>,
    checking: Arc<KeySet>,
}

impl SigningKeys {
    /// Reads them. Where there are none yet, the key of the file becomes the first, so that its tokens stay good.
    pub(crate) async fn open(db: &Db, settings: SigningSettings) -> anyhow::Result<Self> {
        let sealing = KeyEncryptionKey::load(&settings.key_encryption_key)
            .context("the keys tokens are signed with cannot be opened: set TENFOLD_KEY_ENCRYPTION_KEY_FILE")?;
        let checking = Arc::new(KeySet::of(&JwkSet { keys: Vec::new() }));
        let keys = Self { settings, sealing, held: ArcSwap::default(), checking };
        let mut tx = db.issuer().await?;
        let now = store::hold(&mut tx).await?;
        if store::times(&mut tx).await?.0.is_empty() {
            let signer = Signer::load_or_create(&keys.settings.token_key)?;
            let pem = std::fs::read_to_string(&keys.settings.token_key).context("TENFOLD_TOKEN_KEY cannot be read")?;
            let kid = signer.public().kid.clone();
            let new = store::New {
                kid: &kid,
                sealed: &keys.sealing.seal(&sealed_as(&kid), pem.as_bytes()),
                made_by: "service.tenants",
                reason: "The first key",
            };
            store::insert(&mut tx, &new, Plan { signs_from: now, others_retire_at: now }, now).await?;
        }
        tx.commit().await?;
        keys.read(db).await?;
        Ok(keys)
    }

    async fn read(&self, db: &Db) -> anyhow::Result<()> {
        let mut tx = db.issuer().await?;
        let kept = store::published(&mut tx).await?;
        tx.commit().await?;
        let before = self.held.load();
        let mut held = Vec::new();
        for key in kept {
            let known = before.iter().find(|known| known.signer.public().kid == key.kid);
            let signer = match known {
                Some(known) => known.signer.clone(),
                None => Arc::new(self.unseal(&key)?),
            };
            held.push(Held { signer, times: key.times });
        }
        self.held.store(Arc::new(held));
        self.checking.replace(&self.published(db.now()));
        Ok(())
    }

    fn unseal(&self, key: &store::Kept) -> anyhow::Result<Signer> {
        let signer = self.sealing.open(&sealed_as(&key.kid), &key.sealed).ok();
        let signer = signer.and_then(|pem| Signer::from_pem(&String::from_utf8(pem).ok()?));
        signer.filter(|signer| signer.public().kid == key.kid).with_context(|| {
            format!(
                "the keys tokens are signed with were sealed with another key than that in {}: set \
                 TENFOLD_KEY_ENCRYPTION_KEY_FILE to the file they were sealed with",
                self.settings.key_encryption_key.display()
            )
        })
    }

    /// What secrets in the database are kept encrypted under.
    pub(crate) fn sealing(&self) -> &KeyEncryptionKey {
        &self.sealing
    }

    /// The one that signs.
    pub(crate) fn signer(&self, now: DateTime<Utc>) -> Option<Arc<Signer>> {
        let held = self.held.load();
        let times: Vec<Times> = held.iter().map(|key| key.times).collect();
        signing(&times, now).and_then(|at| held.get(at)).map(|key| key.signer.clone())
    }

    /// Those that are published.
    pub(crate) fn published(&self, now: DateTime<Utc>) -> JwkSet {
        let held = self.held.load();
        let keys = held.iter().filter(|key| key.times.is_published(now)).map(|key| key.signer.public().clone());
        JwkSet { keys: keys.collect() }
    }

    /// What this service checks tokens with.
    pub(crate) fn checking(&self) -> Arc<KeySet> {
        self.checking.clone()
    }

    /// For how long the published set may be kept: a third of the time a new key is given to spread. This replica may
    /// hear of it a sixth of that time late, so all have it in good time.
    pub(crate) fn kept_for(&self) -> Duration {
        (self.settings.propagation / 3).clamp(Duration::from_secs(1), Duration::from_secs(30))
    }

    /// Makes a new key, which signs once it has spread; those before it retire once their tokens have ended.
    pub(super) async fn rotate<K: KindOf>(
        &self,
        tx: &mut Tx<K>,
        made_by: &str,
        reason: &str,
    ) -> Result<SigningKeyBody, Problem> {
        let now = store::hold(tx).await?;
        let (times, _) = store::times(tx).await?;
        let plan = plan(&times, self.settings.propagation, now)?;
        let pem = Signer::new_pem();
        let signer = Signer::from_pem(&pem).ok_or_else(|| Problem::internal("a new key could not be read"))?;
        let kid = &signer.public().kid;
        let new = store::New { kid, sealed: &self.sealing.seal(&sealed_as(kid), pem.as_bytes()), made_by, reason };
        Ok(store::insert(tx, &new, plan, now).await?)
    }

    /// Rotates where the newest key is old enough.
    async fn rotate_when_due(&self, db: &Db) -> anyhow::Result<()> {
        let age = chrono::Duration::days(i64::from(self.settings.rotate_after_days));
        let old = |newest: Option<DateTime<Utc>>, now: DateTime<Utc>| newest.is_some_and(|at| at + age <= now);
        let mut tx = db.issuer().await?;
        let (_, newest) = store::times(&mut tx).await?;
        if !old(newest, tx.now()) {
            return Ok(());
        }
        store::hold(&mut tx).await?;
        let (_, newest) = store::times(&mut tx).await?;
        if !old(newest, tx.clock_now()) {
            return Ok(());
        }
        let rotated = self.rotate(&mut tx, "service.tenants", "Its time had come").await;
        let key = rotated.map_err(|why| anyhow::anyhow!(why.inside().unwrap_or_else(|| "it was refused".into())))?;
        tx.commit().await?;
        tracing::info!(key = key.id, signs_from = %key.signs_from, "the keys tokens are signed with rotate");
        Ok(())
    }

    /// Keeps them until `stop`.
    pub(crate) async fn keep(self: Arc<Self>, db: Db, stop: CancellationToken) {
        let every = (self.settings.propagation / 6).clamp(Duration::from_millis(200), Duration::from_secs(10));
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(every) => {}
            }
            for kept in [self.rotate_when_due(&db).await, self.read(&db).await] {
                if let Err(error) = kept {
                    tracing::warn!(
                        error = format!("{error:#}"),
                        "the keys tokens are signed with could not be read; the last ones stand"
                    );
                }
            }
        }
    }
}
