//! The door for everybody: no token, one live borough, what it has published, read only.

use axum::{extract::FromRequestParts, http::request::Parts};
use chrono::{DateTime, Utc};
use domain::BoroughId;
use web::Problem;

use crate::{Db, DbError, Public, Tx, context::Context, scope::in_path};

/// Who knows which live borough a slug or GSS code in a public path means. A service's state does.
pub trait LiveBoroughs {
    /// The service's way to its rows.
    fn db(&self) -> &Db;

    /// The borough of that slug or code. Never a sandbox.
    fn find_live(tx: &mut Tx<Public>, named: &str) -> impl Future<Output = Result<Option<BoroughId>, DbError>> + Send;
}

/// Proof that the path names a live borough. Who asks is not looked at, and nothing can be written.
pub struct InPublic {
    db: Db,
    context: Context,
}

impl InPublic {
    /// When the request arrived.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.db.now()
    }

    /// Opens a READ ONLY transaction that sees what the borough has published.
    ///
    /// # Errors
    /// 503 when the database is out of reach.
    pub async fn read(&self) -> Result<Tx<Public>, Problem> {
        Ok(Tx::plain(&self.db, &self.context, true).await?)
    }
}

impl<S: LiveBoroughs + Send + Sync> FromRequestParts<S> for InPublic {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let named = in_path(parts, state, "borough").await.unwrap_or_default();
        let db = state.db().clone();
        let mut tx = Tx::plain(&db, &Context::None, true).await?;
        let borough = S::find_live(&mut tx, &named).await?.ok_or_else(|| Problem::not_found("borough"))?;
        Ok(Self { db, context: Context::Borough(borough) })
    }
}
