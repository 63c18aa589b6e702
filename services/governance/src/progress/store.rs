//! The SQL of progress. The region's role has no grant on any committee, meeting or decision.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::{CommitteeId, day_in_england};
use sqlx::types::Json;
use tenancy::{Borough, DbError, Region, Tx};
use uuid::Uuid;

use super::committee_progress::{
    BoroughOfRegion, CommitteeProgress, Counted, CountedDecision, Counts, PhaseMilestone, month,
};

/// Notes for the region how far a committee has come: to be called whenever it is recorded, planned or moved.
///
/// # Errors
/// When the database does not take it.
pub async fn note_committee(tx: &mut Tx<Borough>, committee: CommitteeId) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "insert into governance.progress (borough_id, committee_id, region, basis, phase, milestones, noted_at)
         select c.borough_id, c.committee_id, b.region, c.basis, c.phase,
           (select coalesce(jsonb_agg(jsonb_build_object('phase', m.phase, 'planned_on', m.planned_on,
              'reached_on', m.reached_on) order by m.at), '[]')
            from (select p.phase, p.at,
                    (select coalesce(jsonb_agg(l.planned_on order by l.plan_id), '[]') from governance.committee_plan l
                     where l.borough_id = c.borough_id and l.committee_id = c.committee_id and l.phase = p.phase) as planned_on,
                    (select min((v.moved_at at time zone 'Europe/London')::date) from governance.committee_move v
                     where v.borough_id = c.borough_id and v.committee_id = c.committee_id and v.to_phase = p.phase) as reached_on
                  from unnest(array['shadow', 'live', 'dissolved']) with ordinality p (phase, at)) m
            where m.reached_on is not null or m.planned_on <> '[]'),
           $2
         from governance.committee c join governance.borough b on b.borough_id = c.borough_id
         where c.committee_id = $1 and b.region is not null
         on conflict (borough_id, committee_id) do update set region = excluded.region, basis = excluded.basis,
           phase = excluded.phase, milestones = excluded.milestones, noted_at = excluded.noted_at",
        committee.0,
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Notes every committee of the borough.
pub(crate) async fn note_committees(tx: &mut Tx<Borough>) -> Result<(), DbError> {
    let all = sqlx::query_scalar!("select committee_id from governance.committee").fetch_all(tx.connection()).await?;
    for id in all {
        note_committee(tx, CommitteeId(id)).await?;
    }
    Ok(())
}

/// Counts a decision for the region: once, when it is recorded.
///
/// # Errors
/// When the database does not take it.
pub async fn count_decision(tx: &mut Tx<Borough>, decision: CountedDecision<'_>) -> Result<(), DbError> {
    count(tx, decision, 1, 0).await
}

/// Counts a call-in for the region, under the month and outcome of the decision that is called in.
///
/// # Errors
/// When the database does not take it.
pub async fn count_call_in(tx: &mut Tx<Borough>, decision: CountedDecision<'_>) -> Result<(), DbError> {
    count(tx, decision, 0, 1).await
}

async fn count(
    tx: &mut Tx<Borough>,
    decision: CountedDecision<'_>,
    decisions: i32,
    called_in: i32,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.decision_count as c (borough_id, month, outcome, key_decision, region, decisions, called_in)
         select borough_id, $1, $2, $3, region, $4, $5 from governance.borough where region is not null
         on conflict (borough_id, month, outcome, key_decision) do update
           set decisions = c.decisions + excluded.decisions, called_in = c.called_in + excluded.called_in",
        month(decision.decided_on),
        decision.outcome,
        decision.key_decision,
        decisions,
        called_in
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Counts an agenda that went out today, in England: with the clear days it needs, or late.
///
/// # Errors
/// When the database does not take it.
pub async fn count_papers(tx: &mut Tx<Borough>, on_time: bool) -> Result<(), DbError> {
    let month = month(day_in_england(tx.now()));
    sqlx::query!(
        "insert into governance.paper_count as c (borough_id, month, region, on_time, late)
         select borough_id, $1, region, $2::bool::int, (not $2::bool)::int from governance.borough where region is not null
         on conflict (borough_id, month) do update set on_time = c.on_time + excluded.on_time, late = c.late + excluded.late",
        month,
        on_time
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Every borough of the region.
pub(super) async fn boroughs(tx: &mut Tx<Region>) -> Result<Vec<(Uuid, BoroughOfRegion)>, DbError> {
    let rows = sqlx::query!("select borough_id, slug, gss, name from governance.borough order by slug")
        .fetch_all(tx.connection())
        .await?;
    let named = |row: (String, String, String)| BoroughOfRegion { slug: row.0, gss: row.1, name: row.2 };
    Ok(rows.into_iter().map(|row| (row.borough_id, named((row.slug, row.gss, row.name)))).collect())
}

/// The committees of each borough that has any.
pub(super) async fn committees(tx: &mut Tx<Region>) -> Result<BTreeMap<Uuid, Vec<CommitteeProgress>>, DbError> {
    let rows = sqlx::query!(
        r#"select borough_id, basis, phase, milestones as "milestones: Json<Vec<PhaseMilestone>>"
           from governance.progress order by borough_id, committee_id"#
    )
    .fetch_all(tx.connection())
    .await?;
    let mut all: BTreeMap<Uuid, Vec<CommitteeProgress>> = BTreeMap::new();
    for row in rows {
        all.entry(row.borough_id).or_default().push(CommitteeProgress::of(row.basis, row.phase, row.milestones.0));
    }
    Ok(all)
}

/// The counts of each borough that has any, of the months from one day to another.
pub(super) async fn counts(
    tx: &mut Tx<Region>,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<BTreeMap<Uuid, Counts>, DbError> {
    let mut all: BTreeMap<Uuid, Counts> = BTreeMap::new();
    let decisions = sqlx::query!(
        r#"select borough_id, outcome, key_decision, sum(decisions) as "decisions!", sum(called_in) as "called_in!"
           from governance.decision_count where month between $1 and $2 group by borough_id, outcome, key_decision"#,
        first,
        last
    )
    .fetch_all(tx.connection())
    .await?;
    for row in decisions {
        all.entry(row.borough_id).or_default().add(&Counted {
            outcome: row.outcome,
            key_decision: row.key_decision,
            decisions: row.decisions,
            called_in: row.called_in,
        });
    }
    let papers = sqlx::query!(
        r#"select borough_id, sum(on_time) as "on_time!", sum(late) as "late!"
           from governance.paper_count where month between $1 and $2 group by borough_id"#,
        first,
        last
    )
    .fetch_all(tx.connection())
    .await?;
    for row in papers {
        let counts = all.entry(row.borough_id).or_default();
        (counts.agendas_on_time, counts.agendas_late) = (row.on_time, row.late);
    }
    Ok(all)
}
