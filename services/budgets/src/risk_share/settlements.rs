//! Settling a share in the ledger: what a partner still owes becomes a debt of its, what it has back a debt to it.

use auth::can;
use chrono::NaiveDate;
use domain::{DecisionId, OrganisationId, Pence, Period};
use serde::Deserialize;
use tenancy::{Act, Handled, InBorough};
use web::{At, Created, Faults, Problem, SentOnce, problems};

use super::{
    calculation::RiskShare,
    http::{CalculationBody, CalculationPath, as_it_stands, find},
    store,
};
use crate::{
    accounts::{self, AccountKind},
    journals::{JournalDraft, Layer, Posted, Poster, PostingDraft, post},
    periods::{hold_back_the_year, open_months},
    rules,
};

/// How a share is settled.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"effective_on": "2027-03-31", "period": 13, "income_account": "4000", "balance_account": "9000"}))]
pub(crate) struct SettlementDraft {
    effective_on: NaiveDate,
    /// An open period of the year.
    period: Period,
    /// The account contributions are income of.
    #[schema(max_length = 40)]
    income_account: String,
    /// The account of what partners owe and are owed.
    #[schema(max_length = 40)]
    balance_account: String,
    /// The decision of a committee that lets it move its money, where the role's limit asks for one.
    #[serde(default)]
    decision_id: Option<DecisionId>,
}

impl SettlementDraft {
    /// The journal it makes: two lines a partner whose share is not nil. `None` where there is nothing to settle.
    fn journal(&self, of: &CalculationBody) -> Option<JournalDraft> {
        let shares = of.result.shares.iter().filter(|share| share.amount_pence != Pence::ZERO);
        let line = |account: &str, amount| PostingDraft::of(account, None, Layer::Actual, amount);
        let mut postings = Vec::new();
        for share in shares {
            postings.push(line(&self.balance_account, share.amount_pence));
            postings.push(line(&self.income_account, share.amount_pence.checked_neg()?));
        }
        let narrative = format!("Settlement of risk share {}, rule version {}", of.id, of.result.rule_number);
        let journal = |lines| JournalDraft::of(self.effective_on, self.period, narrative, self.decision_id, lines);
        (!postings.is_empty()).then(|| journal(postings))
    }
}

impl CalculationBody {
    /// Whether it may be settled, the books coming to `now` and that many of the year's months being open.
    fn may_be_settled(&self, now: &RiskShare, open: i64, settled: bool) -> Result<(), Problem> {
        let silent = self.result.shares.iter().filter(|share| self.agreed.iter().all(|one| one.party != share.party));
        let silent = silent.map(|share| rules::EVERY_PENNY.unmet(format!("{} has not agreed it.", share.name)));
        rules::all_met(silent.collect())?;
        if !same_result(&self.result, now) {
            let detail = "The books have moved since it was calculated. Keep a new calculation and have it agreed.";
            return Err(Problem::new(&problems::CONFLICT, detail));
        }
        // A share of books that still move would be settled too soon.
        if open > 0 {
            let missing = format!("{open} of the year's twelve months are open. Close them first, softly at least.");
            return Err(rules::refused(vec![rules::CLOSED_PERIOD.unmet(missing)]));
        }
        if settled {
            let detail = "The year is settled. Reverse the journal that settled it, and it can be settled anew.";
            return Err(Problem::new(&problems::CONFLICT, detail));
        }
        Ok(())
    }
}

/// Whether two results come to the same for every partner.
fn same_result(one: &RiskShare, other: &RiskShare) -> bool {
    let of = |share: &RiskShare| -> Vec<(OrganisationId, Pence)> {
        share.shares.iter().map(|share| (share.party, share.amount_pence)).collect()
    };
    one.rule_number == other.rule_number && one.variance_pence == other.variance_pence && of(one) == of(other)
}

/// Settle an agreed share
///
/// Once every partner of the rule has agreed it, the year's months are closed, the books still come to the same, and no
/// journal settles the year. Posts one: a debt for what a partner bears, a credit for what it has back.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/risk-share/calculations/{calculation}/settlements",
    operation_id = "settleCalculation", tag = "risk share",
    params(CalculationPath, web::Keyed),
    request_body = SettlementDraft,
    responses((status = 201, body = CalculationBody)),
    security(("bearer" = ["risk-share:settle"])),
)]
pub(crate) async fn settle_calculation(
    scope: InBorough<can::SettleRiskShare>,
    At(path): At<CalculationPath>,
    SentOnce(draft, request): SentOnce<SettlementDraft>,
) -> Handled {
    let mut faults = Faults::default();
    faults.unless(path.year.contains(draft.effective_on), "/effective_on", format_args!("A day of {}.", path.year));
    faults.none()?;
    let mut tx = scope.write(&request).await?;
    let calculation = find(&mut tx, &path).await?;
    let accounts = [
        ("/income_account", draft.income_account.as_str(), AccountKind::Income),
        ("/balance_account", draft.balance_account.as_str(), AccountKind::Balance),
    ];
    accounts::are(&mut tx, path.fund, &accounts).await?;
    // Nobody posts between what is looked at and what is posted.
    hold_back_the_year(&mut tx, path.fund, path.year).await?;
    let now = as_it_stands(&mut tx, path.fund, path.year).await?;
    let (open, settled) =
        (open_months(&mut tx, path.fund, path.year).await?, store::is_settled(&mut tx, path.fund, path.year).await?);
    calculation.may_be_settled(&now, open, settled)?;
    let journal = draft.journal(&calculation).ok_or_else(|| {
        Problem::new(
            &problems::CONFLICT,
            "Nobody bears anything and nobody has anything back: there is nothing to settle.",
        )
    })?;
    let Posted { mut tx, journal, .. } = post(tx, &Poster::of(&scope), path.fund, &journal).await?;
    let settled = (path.calculation, journal.id);
    store::insert_settlement(&mut tx, (path.fund, path.year), settled, scope.now()).await?;
    let subject = format!("funds/{}/years/{}/risk-share/calculations/{}", path.fund, path.year, path.calculation);
    tx.record(Act::new("risk-share.settled", subject.clone()).after(journal.id.to_string()));
    let body = find(&mut tx, &path).await?;
    let location = format!("/v1/boroughs/{}/{subject}", scope.borough().slug);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
