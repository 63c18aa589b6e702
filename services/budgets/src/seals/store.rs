//! The SQL of seals. Nothing here updates one: no login role may.

use auth::{Hash, PublicSealKey, Signature};
use domain::{BoroughId, FinancialYear, FundId, Pence, Period};
use serde::Serialize;
use tenancy::{Borough, DbError, Public, Tx, Work};

use super::{
    public::PublicSeal,
    seal::{ChainEnd, Closed, PeriodSeal, SealBody},
    tally::{Entry, SealedAccount, Sides, Tally},
};
use crate::postings;

/// How a period stands with its seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SealState {
    /// It is not closed.
    None,
    /// It is closed, and its seal is being made.
    Pending,
    /// It is closed, and sealed as it was closed.
    Sealed,
}

/// Closed periods without a seal, of all boroughs.
pub(super) async fn due(tx: &mut Tx<Work>, limit: i64) -> Result<Vec<Closed>, DbError> {
    let rows = sqlx::query!(
        r#"select borough_id, fund_id, year as "year: FinancialYear", period as "period: Period", closing
           from budgets.seal_due order by borough_id, fund_id, year, period limit $1"#,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let due = rows.into_iter().map(|row| Closed {
        borough: BoroughId(row.borough_id),
        fund: FundId(row.fund_id),
        year: row.year,
        period: row.period,
        closing: row.closing,
    });
    Ok(due.collect())
}

/// Whether the seal of a period is still to be made.
async fn is_due(tx: &mut Tx<Borough>, fund: FundId, year: FinancialYear, period: Period) -> Result<bool, DbError> {
    let due = sqlx::query_scalar!(
        r#"select exists (select from budgets.seal_due where fund_id = $1 and year = $2 and period = $3) as "due!""#,
        fund.0,
        year.start(),
        period.number()
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(due)
}

/// Takes a period on, where no other replica has it in hand and its seal is still to be made.
pub(super) async fn take_on(tx: &mut Tx<Borough>, closed: &Closed) -> Result<bool, DbError> {
    let mine = sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock(hashtextextended(concat_ws(' ', 'seal', $1::text, $2::text, $3::text), 0)) as "mine!""#,
        closed.fund.0.to_string(),
        closed.year.to_string(),
        closed.period.to_string()
    )
    .fetch_one(tx.connection())
    .await?;
    // In a statement of its own, which sees what whoever had the lock before has done.
    Ok(mine && is_due(tx, closed.fund, closed.year, closed.period).await?)
}

/// How many lines are in memory at once.
const LINES: i64 = 10_000;

/// What a period holds, read in batches; or why it cannot be tallied.
pub(crate) async fn tally(tx: &mut Tx<Borough>, closed: Closed) -> Result<Result<Tally, String>, DbError> {
    let (mut tally, mut after) = (Tally::default(), None);
    loop {
        let lines = postings::lines(tx, (closed.fund, closed.year, closed.period), after, LINES).await?;
        if let Err(why) = lines.iter().try_for_each(|line| tally.add(&Entry::of(line))) {
            return Ok(Err(why.to_string()));
        }
        after = lines.last().map(|line| (line.journal.0, line.line));
        if i64::try_from(lines.len()).is_ok_and(|count| count < LINES) {
            return Ok(Ok(tally));
        }
    }
}

/// The end of the borough's chain, kept as it is until the transaction ends.
pub(super) async fn hold_end(tx: &mut Tx<Borough>, borough: BoroughId) -> Result<ChainEnd, DbError> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended(concat_ws(' ', 'chain of seals', $1::text), 0))",
        borough.to_string()
    )
    .fetch_one(tx.connection())
    .await?;
    let last = sqlx::query!("select position, head from budgets.period_seal order by position desc limit 1")
        .fetch_optional(tx.connection())
        .await?;
    Ok(last.map_or(ChainEnd::NONE, |row| ChainEnd { position: row.position, head: Hash::kept(&row.head) }))
}

/// Writes a seal, and that it is no longer due.
pub(super) async fn insert(tx: &mut Tx<Borough>, body: &SealBody) -> Result<(), DbError> {
    let seal = &body.seal;
    sqlx::query!(
        "with made as (
           delete from budgets.seal_due where fund_id = $2 and year = $3 and period = $4
         )
         insert into budgets.period_seal (borough_id, position, fund_id, year, period, closing, accounts, journals, postings,
           budget_pence, committed_pence, actual_pence, root, content, previous, head, sealed_at, key_id, public_key, signature)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
        seal.position,
        seal.fund_id.0,
        seal.year.start(),
        seal.period.number(),
        seal.closing,
        seal.accounts,
        seal.journals,
        seal.postings,
        seal.budget_pence.0,
        seal.committed_pence.0,
        seal.actual_pence.0,
        &seal.root.0,
        &seal.content.0,
        &seal.previous.0,
        &seal.head.0,
        seal.sealed_at,
        seal.key.kid,
        &seal.key.bytes(),
        &seal.signature.bytes()
    )
    .execute(tx.connection())
    .await?;
    let each = |amount: fn(&SealedAccount) -> Pence| -> Vec<i64> {
        body.accounts.iter().map(|account| amount(account).0).collect()
    };
    let codes: Vec<String> = body.accounts.iter().map(|account| account.account.clone()).collect();
    let postings: Vec<i64> = body.accounts.iter().map(|account| account.postings).collect();
    let hashes: Vec<Vec<u8>> = body.accounts.iter().map(|account| account.hash.0.to_vec()).collect();
    sqlx::query!(
        "insert into budgets.period_seal_account (borough_id, position, place, account, postings, budget_debits_pence,
           budget_credits_pence, committed_debits_pence, committed_credits_pence, actual_debits_pence, actual_credits_pence, hash)
         select platform.borough(), $1, place - 1, account, postings, bd, bc, cd, cc, ad, ac, hash
         from unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[],
           $10::bytea[]) with ordinality as a (account, postings, bd, bc, cd, cc, ad, ac, hash, place)",
        seal.position,
        &codes,
        &postings,
        &each(|account| account.budget.debits_pence),
        &each(|account| account.budget.credits_pence),
        &each(|account| account.committed.debits_pence),
        &each(|account| account.committed.credits_pence),
        &each(|account| account.actual.debits_pence),
        &each(|account| account.actual.credits_pence),
        &hashes
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Which seals.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wanted {
    pub(super) year: Option<(FundId, FinancialYear)>,
    pub(super) period: Option<Period>,
    pub(super) closing: Option<i64>,
    /// Those before this place in the chain.
    pub(super) before: Option<i64>,
    /// Those behind this place, and then the first of them first.
    pub(super) behind: Option<i64>,
}

/// Seals, the latest first.
pub(super) async fn list(tx: &mut Tx<Borough>, wanted: Wanted, limit: i64) -> Result<Vec<PeriodSeal>, DbError> {
    let rows = sqlx::query!(
        r#"select borough_id, position, fund_id, year as "year: FinancialYear", period as "period: Period", closing, accounts,
             journals, postings, budget_pence, committed_pence, actual_pence, root, content, previous, head, sealed_at,
             public_key, signature
           from budgets.period_seal
           where ($1::uuid is null or (fund_id, year) = ($1, $2)) and ($3::smallint is null or period = $3)
             and ($4::bigint is null or closing = $4) and ($5::bigint is null or position < $5)
             and ($6::bigint is null or position > $6)
           order by case when $6::bigint is null then -position else position end limit $7"#,
        wanted.year.map(|(fund, _)| fund.0),
        wanted.year.map_or(0, |(_, year)| year.start()),
        wanted.period.map(Period::number),
        wanted.closing,
        wanted.before,
        wanted.behind,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let seals = rows.into_iter().map(|row| PeriodSeal {
        borough_id: BoroughId(row.borough_id),
        position: row.position,
        fund_id: FundId(row.fund_id),
        year: row.year,
        period: row.period,
        closing: row.closing,
        accounts: row.accounts,
        journals: row.journals,
        postings: row.postings,
        budget_pence: Pence(row.budget_pence),
        committed_pence: Pence(row.committed_pence),
        actual_pence: Pence(row.actual_pence),
        root: Hash::kept(&row.root),
        content: Hash::kept(&row.content),
        previous: Hash::kept(&row.previous),
        head: Hash::kept(&row.head),
        sealed_at: row.sealed_at,
        key: PublicSealKey::of(&row.public_key),
        signature: Signature::of(&row.signature),
    });
    Ok(seals.collect())
}

/// The next links of the borough's chain, with their accounts.
pub(crate) async fn links_after(tx: &mut Tx<Borough>, end: ChainEnd, limit: i64) -> Result<Vec<SealBody>, DbError> {
    let wanted = Wanted { behind: Some(end.position), ..Wanted::default() };
    let mut bodies = Vec::new();
    for seal in list(tx, wanted, limit).await? {
        let accounts = accounts(tx, seal.position).await?;
        bodies.push(SealBody { seal, accounts });
    }
    Ok(bodies)
}

/// What each account had in a seal.
pub(super) async fn accounts(tx: &mut Tx<Borough>, position: i64) -> Result<Vec<SealedAccount>, DbError> {
    let rows = sqlx::query!(
        "select account, postings, budget_debits_pence, budget_credits_pence, committed_debits_pence, committed_credits_pence,
           actual_debits_pence, actual_credits_pence, hash
         from budgets.period_seal_account where position = $1 order by place",
        position
    )
    .fetch_all(tx.connection())
    .await?;
    let sides = |debits, credits| Sides { debits_pence: Pence(debits), credits_pence: Pence(credits) };
    let accounts = rows.into_iter().map(|row| SealedAccount {
        account: row.account,
        postings: row.postings,
        budget: sides(row.budget_debits_pence, row.budget_credits_pence),
        committed: sides(row.committed_debits_pence, row.committed_credits_pence),
        actual: sides(row.actual_debits_pence, row.actual_credits_pence),
        hash: Hash::kept(&row.hash),
    });
    Ok(accounts.collect())
}

/// The live borough of a slug or GSS code. The policy hides sandboxes, which have the same.
pub(super) async fn find_live(tx: &mut Tx<Public>, named: &str) -> Result<Option<BoroughId>, DbError> {
    let found = sqlx::query_scalar!(
        "select borough_id from budgets.borough where region is not null and (slug = $1 or gss = $1)",
        named
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(found.map(BoroughId))
}

/// The borough's chain as anybody may see it, from the first on.
pub(super) async fn chain(tx: &mut Tx<Public>, after: Option<i64>, limit: i64) -> Result<Vec<PublicSeal>, DbError> {
    let rows = sqlx::query!(
        r#"select borough_id, position, fund_id, year as "year: FinancialYear", period as "period: Period", closing, content,
             previous, head, sealed_at, key_id, signature
           from budgets.period_seal where $1::bigint is null or position > $1 order by position limit $2"#,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let seals = rows.into_iter().map(|row| PublicSeal {
        borough_id: BoroughId(row.borough_id),
        position: row.position,
        fund_id: FundId(row.fund_id),
        year: row.year,
        period: row.period,
        closing: row.closing,
        content: Hash::kept(&row.content),
        previous: Hash::kept(&row.previous),
        head: Hash::kept(&row.head),
        sealed_at: row.sealed_at,
        key_id: row.key_id,
        signature: Signature::of(&row.signature),
    });
    Ok(seals.collect())
}

/// The keys the borough's seals were signed with.
pub(super) async fn keys(tx: &mut Tx<Public>) -> Result<Vec<PublicSealKey>, DbError> {
    let keys =
        sqlx::query_scalar!("select public_key from budgets.period_seal group by public_key order by min(position)")
            .fetch_all(tx.connection())
            .await?;
    Ok(keys.iter().map(|bytes| PublicSealKey::of(bytes)).collect())
}
