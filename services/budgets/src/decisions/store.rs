//! The SQL of decisions. Nothing here updates or deletes: no login role may.

use domain::{CommitteeId, DecisionId, FundId, JournalId, Pence, ProposalId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::decision::{Decision, FundDecisionBody};

pub(super) async fn list(
    tx: &mut Tx<Borough>,
    fund: FundId,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<FundDecisionBody>, DbError> {
    let rows = sqlx::query_as!(
        FundDecisionBody,
        r#"select d.decision_id as "id: DecisionId", d.committee_id as "committee: CommitteeId", d.title,
             d.amount_pence as "amount_pence: Pence", d.proposal_id as "proposal: ProposalId", d.effective_on,
             (select s.journal_id from budgets.decision_spend s where s.decision_id = d.decision_id)
               as "spent_by: JournalId"
           from budgets.decision d where d.fund_id = $1 and ($2::uuid is null or d.decision_id > $2)
           order by d.decision_id limit $3"#,
        fund.0,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

/// The decision, kept from other journals that name it until the transaction ends: they see what became of it.
pub(crate) async fn hold(tx: &mut Tx<Borough>, id: DecisionId) -> Result<Option<Decision>, DbError> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('decision ' || $1, 0))", id.0.to_string())
        .fetch_one(tx.connection())
        .await?;
    let row = sqlx::query_as!(
        Decision,
        r#"select d.fund_id as "fund: FundId", d.amount_pence as "amount: Pence", d.effective_on,
             (select s.journal_id from budgets.decision_spend s where s.decision_id = d.decision_id)
               as "spent_by: JournalId"
           from budgets.decision d where d.decision_id = $1"#,
        id.0
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row)
}

/// Spends the decision on a journal that is written. The key `decision_spent_once` lets one journal do it.
pub(crate) async fn spend(
    tx: &mut Tx<Borough>,
    id: DecisionId,
    fund: FundId,
    journal: JournalId,
) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "insert into budgets.decision_spend (borough_id, decision_id, fund_id, journal_id, spent_at)
         values (platform.borough(), $1, $2, $3, $4)",
        id.0,
        fund.0,
        journal.0,
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
