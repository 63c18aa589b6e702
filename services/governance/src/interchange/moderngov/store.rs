//! The SQL of taking in what ModernGov holds.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{CommitteeId, MeetingId, PersonId};
use tenancy::{Borough, DbError, Tx};

/// People known by their id there, and their names.
pub(super) async fn people(tx: &mut Tx<Borough>) -> Result<BTreeMap<String, (PersonId, String)>, DbError> {
    let rows = sqlx::query!(
        r#"select external_id as "external_id!", person_id, name from governance.person where external_id is not null"#
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(|row| (row.external_id, (PersonId(row.person_id), row.name))).collect())
}

pub(super) async fn insert_person(tx: &mut Tx<Borough>, external_id: &str, name: &str) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "insert into governance.person (borough_id, person_id, name, external_id, created_at)
         values (platform.borough(), $1, $2, $3, $4)",
        PersonId::at(now).0,
        name,
        external_id,
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn rename_person(tx: &mut Tx<Borough>, id: PersonId, name: &str) -> Result<(), DbError> {
    sqlx::query!("update governance.person set name = $2 where person_id = $1", id.0, name)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// A committee as it is known here.
pub(super) struct KnownCommittee {
    pub(super) id: CommitteeId,
    pub(super) name: String,
    pub(super) external_id: Option<String>,
}

pub(super) async fn committees(tx: &mut Tx<Borough>) -> Result<Vec<KnownCommittee>, DbError> {
    let rows = sqlx::query_as!(
        KnownCommittee,
        r#"select committee_id as "id: CommitteeId", name, external_id from governance.committee"#
    );
    Ok(rows.fetch_all(tx.connection()).await?)
}

/// Records a committee as proposed and advisory: it decides nothing until somebody who knows says what it is.
pub(super) async fn insert_committee(
    tx: &mut Tx<Borough>,
    external_id: &str,
    name: &str,
    parent: &str,
) -> Result<CommitteeId, DbError> {
    let (now, source) = (tx.now(), format!("ModernGov, committee {external_id}"));
    let id = CommitteeId::at(now);
    sqlx::query!(
        "insert into governance.committee (borough_id, committee_id, name, basis, access_regime, parents, phase, source,
           created_at, external_id)
         values (platform.borough(), $1, $2, 'advisory', 'local_government_act_1972', array[$3], 'proposed', $4, $5, $6)",
        id.0,
        name,
        parent,
        source,
        now,
        external_id
    )
    .execute(tx.connection())
    .await?;
    Ok(id)
}

pub(super) async fn link_committee(tx: &mut Tx<Borough>, id: CommitteeId, external_id: &str) -> Result<(), DbError> {
    sqlx::query!("update governance.committee set external_id = $2 where committee_id = $1", id.0, external_id)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// A meeting as it is known here.
pub(super) struct KnownMeeting {
    pub(super) id: MeetingId,
    pub(super) starts_at: DateTime<Utc>,
    pub(super) place: String,
    pub(super) state: String,
}

pub(super) async fn meetings(tx: &mut Tx<Borough>) -> Result<BTreeMap<String, KnownMeeting>, DbError> {
    let rows = sqlx::query!(
        r#"select external_id as "external_id!", meeting_id, starts_at, place, state from governance.meeting
           where external_id is not null"#
    )
    .fetch_all(tx.connection())
    .await?;
    let known = rows.into_iter().map(|row| {
        let id = MeetingId(row.meeting_id);
        (row.external_id, KnownMeeting { id, starts_at: row.starts_at, place: row.place, state: row.state })
    });
    Ok(known.collect())
}

/// A meeting to record, as a draft: its notice is given here.
pub(super) struct NewMeeting<'a> {
    pub(super) external_id: &'a str,
    pub(super) committee: CommitteeId,
    pub(super) title: &'a str,
    pub(super) starts_at: DateTime<Utc>,
    pub(super) place: &'a str,
}

pub(super) async fn insert_meeting(tx: &mut Tx<Borough>, meeting: &NewMeeting<'_>) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "insert into governance.meeting (borough_id, meeting_id, committee_id, title, starts_at, place, state, external_id,
           created_at)
         values (platform.borough(), $1, $2, $3, $4, $5, 'draft', $6, $7)",
        MeetingId::at(now).0,
        meeting.committee.0,
        meeting.title,
        meeting.starts_at,
        meeting.place,
        meeting.external_id,
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Moves a draft. False where it is one no longer.
pub(super) async fn move_meeting(
    tx: &mut Tx<Borough>,
    id: MeetingId,
    starts_at: DateTime<Utc>,
    place: &str,
) -> Result<bool, DbError> {
    let moved = sqlx::query!(
        "update governance.meeting set starts_at = $2, place = $3, version = version + 1
         where meeting_id = $1 and state = 'draft'",
        id.0,
        starts_at,
        place
    )
    .execute(tx.connection())
    .await?;
    Ok(moved.rows_affected() == 1)
}
