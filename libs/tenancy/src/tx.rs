//! A transaction with its context set, and what is written at its end.

use std::{marker::PhantomData, sync::Arc, time::Instant};

use auth::{Caller, Owner};
use axum::{
    http::{Extensions, HeaderMap},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use domain::{BoroughId, EventId};
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;
use web::{Problem, Replayed, Reply, WriteRequest, telemetry::measures};

use crate::{
    Act, Db, Kind, KindOf,
    audit::{self, Actor},
    context::Context,
    error::DbError,
    idempotency,
    scope::{self, Scope},
};

/// What a handler that writes returns.
pub type Handled = Result<Replayed, Instead>;

/// What is answered instead of doing it.
#[derive(Debug)]
pub enum Instead {
    /// No.
    Refused(Problem),
    /// The answer given the first time.
    Again(Replayed),
}

impl<E: Into<Problem>> From<E> for Instead {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

impl IntoResponse for Instead {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(problem) => problem.into_response(),
            Self::Again(answer) => answer.into_response(),
        }
    }
}

/// An event on its way into the outbox. Made by the crate `events`.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// The borough it is of.
    pub borough: BoroughId,
    /// Its kind and version: `organisation-recorded.v1`.
    pub kind: &'static str,
    /// What it is about: events of one aggregate arrive in order.
    pub aggregate: String,
    /// Its content.
    pub payload: Value,
}

/// A transaction in which row-level security sees what a caller of kind `K` may see, and no more.
///
/// Dropped without an answer it is rolled back.
pub struct Tx<K> {
    pub(crate) inner: sqlx::Transaction<'static, sqlx::Postgres>,
    db: Db,
    by: Option<By>,
    request: Option<WriteRequest>,
    now: DateTime<Utc>,
    _time: DatabaseTime,
    acts: Vec<Act>,
    events: Vec<NewEvent>,
    kind: PhantomData<K>,
}

/// Tells, when the transaction is over, how long it took.
struct DatabaseTime {
    since: Instant,
    service: &'static str,
    role: &'static str,
}

impl DatabaseTime {
    fn begin<K: KindOf>(since: Instant, db: &Db) -> Self {
        Self { since, service: db.service(), role: K::KIND.as_str() }
    }
}

impl Drop for DatabaseTime {
    fn drop(&mut self) {
        web::timing::in_database_since(self.since);
        measures::transaction(self.service, self.role).record(self.since.elapsed());
    }
}

pub(crate) struct By {
    pub(crate) caller: Arc<Caller>,
    pub(crate) request_id: String,
    pub(crate) address: String,
}

impl<K: KindOf> Tx<K> {
    pub(crate) async fn plain(db: &Db, context: &Context, read_only: bool) -> Result<Self, DbError> {
        let (inner, started) = db.begin::<K>(context, read_only).await?;
        let now = db.now();
        Ok(Self {
            inner,
            db: db.clone(),
            by: None,
            request: None,
            now,
            _time: DatabaseTime::begin::<K>(started, db),
            acts: Vec::new(),
            events: Vec::new(),
            kind: PhantomData,
        })
    }

    async fn of(scope: &Scope, read_only: bool, request: Option<WriteRequest>) -> Result<Self, DbError> {
        let (inner, started) = scope.db.begin::<K>(&scope.context, read_only).await?;
        let by =
            By { caller: scope.caller.clone(), request_id: scope.request_id.clone(), address: scope.address.clone() };
        Ok(Self {
            inner,
            db: scope.db.clone(),
            by: Some(by),
            request,
            now: scope.now,
            _time: DatabaseTime::begin::<K>(started, &scope.db),
            acts: Vec::new(),
            events: Vec::new(),
            kind: PhantomData,
        })
    }

    pub(crate) async fn read(scope: &Scope) -> Result<Self, Problem> {
        Ok(Self::of(scope, true, None).await?)
    }

    pub(crate) async fn write(scope: &Scope, request: &WriteRequest) -> Result<Self, Instead> {
        if scope.read_only {
            return Err(Problem::internal("a GET tried to open a transaction to write in").into());
        }
        let mut tx = Self::of(scope, false, Some(request.clone())).await?;
        match idempotency::look_up::<K>(tx.connection(), &scope.caller, request, scope.now).await? {
            None => Ok(tx),
            Some(first) => Err(Instead::Again(first)),
        }
    }

    /// The connection, for the SQL of a store.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.inner
    }

    /// When the request arrived, or the work began.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// The clock as it stands now, after whatever locks have been waited for.
    #[must_use]
    pub fn clock_now(&self) -> DateTime<Utc> {
        self.db.now()
    }

    /// Puts what is done in this transaction down to somebody who proved in it who they are: whoever signs in.
    pub fn put_down_to(&mut self, caller: Arc<Caller>, extensions: &Extensions, headers: &HeaderMap) {
        self.by = Some(By { caller, request_id: scope::request_id(extensions), address: scope::address(headers) });
    }

    /// Notes an act for the audit trail.
    pub fn record(&mut self, act: Act) {
        self.acts.push(act);
    }

    /// Notes an event for the outbox.
    pub fn tell(&mut self, event: NewEvent) {
        self.events.push(event);
    }

    /// Writes what belongs to every write, commits, and answers.
    ///
    /// Of a request that only wants to be validated nothing is kept; the answer is the same.
    ///
    /// # Errors
    /// When it could not be written or committed: then nothing was.
    pub async fn answer<R: Reply>(self, reply: R) -> Result<Replayed, Problem> {
        let first = Replayed::first(reply);
        let kept = first.body.clone();
        self.conclude(first, kept).await
    }

    /// As [`Tx::answer`], for an answer that shows a secret: `kept` is what may be shown again.
    ///
    /// # Errors
    /// When it could not be written or committed: then nothing was.
    pub async fn answer_once<R: Reply>(self, reply: R, kept: &impl Serialize) -> Result<Replayed, Problem> {
        let kept = serde_json::to_vec(kept).map_err(Problem::internal)?;
        self.conclude(Replayed::first(reply), kept).await
    }

    async fn conclude(mut self, first: Replayed, kept: Vec<u8>) -> Result<Replayed, Problem> {
        let request = self.request.take();
        let rehearsal = request.as_ref().is_some_and(|r| r.validate_only);
        if rehearsal {
            self.inner.rollback().await.map_err(DbError::from)?;
            return Ok(first.rehearsed());
        }
        self.write_events().await?;
        let (here, office) = self.acts();
        let stored = Replayed { body: kept, ..first.clone() };
        match (&self.by, request.as_ref().and_then(|r| Some((r.key.as_ref()?, r)))) {
            // The usual write, in one statement less.
            (Some(by), Some((key, request))) if K::KIND == Kind::Borough => {
                idempotency::keep_with_acts(&mut self.inner, by, (key, request), &stored, &here, self.now).await?;
            }
            (Some(by), Some((key, request))) => {
                idempotency::keep_of_office(&mut self.inner, &by.caller, (key, request), &stored, self.now).await?;
                self.write_acts(&here, &office).await?;
            }
            _ => self.write_acts(&here, &office).await?,
        }
        self.end().await?;
        Ok(first)
    }

    /// Refuses, keeps on record that it was asked for, and tells what there is to tell of that.
    ///
    /// For before the first write: what was written before it would stay.
    pub async fn refuse(self, why: Problem) -> Instead {
        if self.request.as_ref().is_some_and(|r| r.validate_only) {
            return Instead::Refused(why);
        }
        match self.commit().await {
            Ok(()) => Instead::Refused(why),
            Err(error) => error.into(),
        }
    }

    /// The rows of the audit trail: of boroughs, and of the platform's own acts.
    fn acts(&self) -> (Value, Value) {
        let own = match self.by.as_ref().map(|by| &by.caller.owner) {
            Some(Owner::Borough(own)) => Some(own.id),
            _ => None,
        };
        let (here, office): (Vec<_>, Vec<_>) =
            self.acts.iter().map(|act| act.row(own, self.now)).partition(|row| row.get("borough_id").is_some());
        (here.into(), office.into())
    }

    async fn write_events(&mut self) -> Result<(), DbError> {
        // The trace of whoever did it goes on wherever the event is taken in.
        let trace = if self.events.is_empty() { None } else { web::telemetry::carried() };
        for event in &self.events {
            sqlx::query!(
                "insert into platform.outbox (borough_id, event_id, service, kind, aggregate, payload, at, trace)
                 values ($1, $2, $3, $4, $5, $6, $7, $8)",
                event.borough.0,
                EventId::at(self.now).0,
                self.db.service(),
                event.kind,
                event.aggregate,
                event.payload,
                self.now,
                trace,
            )
            .execute(&mut *self.inner)
            .await?;
        }
        Ok(())
    }

    async fn write_acts(&mut self, here: &Value, office: &Value) -> Result<(), DbError> {
        let Some(by) = &self.by else {
            let name = format!("service.{}", self.db.service());
            return audit::write(&mut self.inner, &Actor::service(&name), here, self.now).await;
        };
        audit::write(&mut self.inner, &Actor::of(by), here, self.now).await?;
        audit::write_office(&mut self.inner, &Actor::of(by), office, self.now).await
    }

    /// Commits work that answers nobody.
    ///
    /// # Errors
    /// When it could not be committed: then nothing was written.
    pub async fn commit(mut self) -> Result<(), DbError> {
        self.write_events().await?;
        let (here, office) = self.acts();
        self.write_acts(&here, &office).await?;
        self.end().await
    }

    async fn end(self) -> Result<(), DbError> {
        self.inner.commit().await?;
        if !self.events.is_empty() {
            self.db.tell_events_waiting();
        }
        Ok(())
    }
}
