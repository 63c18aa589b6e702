//! What was done: written in the transaction that does it.

use chrono::{DateTime, Utc};
use domain::{AuditId, BoroughId};
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::{error::DbError, tx::By};

/// One thing done, for the audit trail. Names offices and ids, never people or secrets.
#[derive(Debug, Clone)]
pub struct Act {
    pub(crate) borough: Option<BoroughId>,
    pub(crate) action: &'static str,
    pub(crate) subject: String,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
    effect: Effect,
    bumps: Vec<String>,
}

/// What an act does to its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Changes,
    Deletes,
    Nothing,
}

impl Act {
    /// `action` is a verb in the past, `journal.posted`; `subject` the path of the thing below its tenant.
    #[must_use]
    pub fn new(action: &'static str, subject: impl Into<String>) -> Self {
        Self {
            borough: None,
            action,
            subject: subject.into(),
            before: None,
            after: None,
            effect: Effect::Changes,
            bumps: Vec::new(),
        }
    }

    /// What it was.
    #[must_use]
    pub fn before(mut self, value: impl Into<Value>) -> Self {
        self.before = Some(value.into());
        self
    }

    /// What it became.
    #[must_use]
    pub fn after(mut self, value: impl Into<Value>) -> Self {
        self.after = Some(value.into());
        self
    }

    /// Its subject counts no longer: it was withdrawn or revoked. Who follows changes is told so.
    #[must_use]
    pub fn deleting(mut self) -> Self {
        self.effect = Effect::Deletes;
        self
    }

    /// Something changed with it that is not above it in its path: `path` is what it is below its tenant.
    #[must_use]
    pub fn bumping(mut self, path: String) -> Self {
        self.bumps.push(path);
        self
    }

    /// It is only kept on record: something was asked for, and nothing changed.
    #[must_use]
    pub fn changing_nothing(mut self) -> Self {
        self.effect = Effect::Nothing;
        self
    }

    /// The borough it concerns, when the platform acts.
    #[must_use]
    pub fn concerning(mut self, borough: BoroughId) -> Self {
        self.borough = Some(borough);
        self
    }

    /// The row it makes, as `jsonb_to_recordset` reads it; without a borough it is the platform's own.
    pub(crate) fn row(&self, own: Option<BoroughId>, now: DateTime<Utc>) -> Value {
        let mut row = json!({"audit_id": AuditId::at(now), "action": self.action, "subject": self.subject});
        let fields = [
            ("borough_id", self.borough.or(own).map(|id| json!(id))),
            ("before", self.before.clone()),
            ("after", self.after.clone()),
            ("deleted", (self.effect == Effect::Deletes).then(|| true.into())),
            ("bumps", (!self.bumps.is_empty()).then(|| json!(self.bumps))),
            ("unchanged", (self.effect == Effect::Nothing).then(|| true.into())),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                row[name] = value;
            }
        }
        row
    }
}

/// Who an act is put down to: a caller, or a service that does what time has come for.
pub(crate) struct Actor<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) role: &'a str,
    pub(crate) request_id: &'a str,
    pub(crate) address: &'a str,
}

impl<'a> Actor<'a> {
    pub(crate) fn of(by: &'a By) -> Self {
        let By { caller, request_id, address } = by;
        Self { client_id: &caller.client_id, role: caller.role.as_str(), request_id, address }
    }

    /// A service by itself; `name` is `service.governance`.
    pub(crate) fn service(name: &'a str) -> Self {
        Self { client_id: name, role: "service", request_id: "-", address: "-" }
    }
}

fn none(rows: &Value) -> bool {
    rows.as_array().is_none_or(Vec::is_empty)
}

/// Writes acts that concern boroughs, and those that change something a second time, where they wait for a number.
pub(crate) async fn write(
    connection: &mut PgConnection,
    by: &Actor<'_>,
    rows: &Value,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    if none(rows) {
        return Ok(());
    }
    sqlx::query!(
        "with act as (
           select borough_id, audit_id, action, subject, before, after, deleted, bumps, unchanged
           from jsonb_to_recordset($6)
             as act (borough_id uuid, audit_id uuid, action text, subject text, before jsonb, after jsonb,
               deleted boolean, bumps text[], unchanged boolean)
         ), waiting as (
           insert into platform.act_waiting (borough_id, audit_id, service, at, action, subject, deleted, bumps)
           select borough_id, audit_id, (select platform.service()), $1, action, subject, coalesce(deleted, false),
             bumps
           from act where unchanged is not true
         )
         insert into platform.audit
           (borough_id, audit_id, at, client_id, role, request_id, address, action, subject, before, after)
         select borough_id, audit_id, $1, $2, $3, $4, $5, action, subject, before, after from act",
        now,
        by.client_id,
        by.role,
        by.request_id,
        by.address,
        rows
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes the platform's own acts.
pub(crate) async fn write_office(
    connection: &mut PgConnection,
    by: &Actor<'_>,
    rows: &Value,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    if none(rows) {
        return Ok(());
    }
    sqlx::query!(
        "insert into platform.office_audit
           (audit_id, at, client_id, role, request_id, address, action, subject, before, after)
         select audit_id, $1, $2, $3, $4, $5, action, subject, before, after
         from jsonb_to_recordset($6) as act (audit_id uuid, action text, subject text, before jsonb, after jsonb)",
        now,
        by.client_id,
        by.role,
        by.request_id,
        by.address,
        rows
    )
    .execute(connection)
    .await?;
    Ok(())
}
