//! What lets a journal move money: the limit delegated to the role that posts it, or a decision of a committee.

use std::collections::BTreeMap;

use domain::{Pence, ProposalId};
use events::budgets::{DecisionWanted, SplitSuspected};
use serde_json::json;
use tenancy::{Act, Borough, Instead, OnConstraint, Tx};
use web::{Problem, problems};

use super::{books::Books, draft::Layer, journal::Journal, posting::Poster};
use crate::{
    decisions, rules,
    split_warnings::{self, OnOwn, Part, may_be_a_part},
};

/// Why a journal is not posted.
#[derive(Debug)]
pub(super) enum Refused {
    /// It is not right, or not now.
    Plain(Problem),
    /// It moves more than its poster may: that it was asked for is kept on record.
    OnRecord(Problem),
}

impl Refused {
    pub(super) fn problem(&self) -> &Problem {
        match self {
            Self::Plain(problem) | Self::OnRecord(problem) => problem,
        }
    }

    /// The same of a part of a body.
    pub(super) fn under(self, pointer: &str) -> Self {
        match self {
            Self::Plain(problem) => Self::Plain(problem.under(pointer)),
            Self::OnRecord(problem) => Self::OnRecord(problem.under(pointer)),
        }
    }

    /// Answers it; for before anything was written.
    pub(super) async fn answer(self, tx: Tx<Borough>) -> Instead {
        match self {
            Self::Plain(problem) => problem.into(),
            Self::OnRecord(problem) => tx.refuse(problem).await,
        }
    }
}

/// Whether the journal may be posted (rules 53 and 54). A refusal is noted for the record under `subject`; where a
/// decision is wanted, governance is told.
pub(super) async fn judge(
    tx: &mut Tx<Borough>,
    poster: &Poster,
    books: &Books,
    journal: &Journal,
    subject: String,
) -> Result<Result<(), Refused>, Problem> {
    let mut facts = json!({
        "amount_pence": journal.size(),
        "limit_pence": books.limit,
        "year": journal.year,
        "period": journal.period,
    });
    let refusal = if let Some(id) = journal.decision {
        facts["decision_id"] = json!(id);
        let Some(decision) = decisions::hold(tx, id).await? else { return Ok(Err(Refused::Plain(not_known_yet()))) };
        if decision.fund != journal.fund {
            let detail = "This decision is about another fund's money.";
            let problem = Problem::of_fault(&problems::UNKNOWN_REFERENCE, "/decision_id", detail);
            return Ok(Err(Refused::Plain(problem)));
        }
        decision.lets(journal.size(), domain::day_in_england(tx.now())).err()
    } else if let Some(limit) = books.limit.filter(|limit| journal.size() > *limit) {
        let wanted = wanted(poster, journal, limit);
        facts["proposal_id"] = json!(wanted.proposal_id);
        events::tell(tx, poster.borough, &wanted);
        Some(decision_required(&wanted))
    } else {
        None
    };
    let Some(refusal) = refusal else { return Ok(Ok(())) };
    facts["reason"] = refusal.kind().slug.into();
    tx.record(Act::new("journal.refused", subject).after(facts).changing_nothing());
    Ok(Err(Refused::OnRecord(refusal)))
}

/// Keeps what follows of a journal just written: its decision is spent, or what its role posted on its own is
/// remembered. Says whether it looks like a part of something above the limit, which is flagged and never blocked.
pub(super) async fn settle(
    tx: &mut Tx<Borough>,
    poster: &Poster,
    books: &Books,
    journal: &Journal,
) -> Result<bool, Problem> {
    if let Some(id) = journal.decision {
        let spending = decisions::spend(tx, id, journal.fund, journal.id).await;
        spending.on_constraint("decision_spent_once", || decisions::spent(None))?;
        return Ok(false);
    }
    // What is taken back is part of nothing.
    let Some(limit) = books.limit.filter(|_| journal.reverses.is_none()) else { return Ok(false) };
    if !may_be_a_part(journal.size(), limit) {
        return Ok(false);
    }
    let role = poster.role.as_str();
    let posted = OnOwn { fund: journal.fund, journal: journal.id, role, limit, parts: journal.parts() };
    let warnings = split_warnings::remember(tx, &posted).await?;
    let suspected = !warnings.is_empty();
    for warning in warnings {
        let subject = format!("funds/{}/journals/{}", journal.fund, journal.id);
        tx.record(Act::new("journal.split-suspected", subject).after(json!(warning)));
        let event = SplitSuspected {
            fund_id: journal.fund,
            scheme: warning.scheme,
            role: warning.role,
            journal_id: journal.id,
            sum_pence: warning.sum_pence,
            limit_pence: warning.limit_pence,
            journals: warning.journals,
            suspected_at: warning.raised_at,
        };
        events::tell(tx, poster.borough, &event);
    }
    Ok(suspected)
}

/// Asked for again, it is the same proposal: the same money of the same fund, by the same role, on the same day.
fn wanted(poster: &Poster, journal: &Journal, limit: Pence) -> DecisionWanted {
    let (role, size) = (poster.role.as_str(), journal.size());
    let proposal_id = ProposalId::of(&[
        &poster.borough.to_string(),
        &journal.fund.to_string(),
        &journal.effective_on.to_string(),
        role,
        &size.0.to_string(),
        &journal.reverses.map(|id| id.to_string()).unwrap_or_default(),
        &journal.narrative,
    ]);
    DecisionWanted {
        proposal_id,
        fund_id: journal.fund,
        year: journal.year,
        amount_pence: size,
        limit_pence: limit,
        role: role.to_owned(),
        narrative: journal.narrative.clone(),
        wanted_at: journal.posted_at,
    }
}

fn decision_required(wanted: &DecisionWanted) -> Problem {
    let DecisionWanted { amount_pence: size, limit_pence: limit, role, .. } = wanted;
    let detail = format!(
        "This journal moves {size}. Under the scheme of delegation in force the role {role} may post {limit} without a decision."
    );
    rules::NEXT_TIER
        .named_in(Problem::of_fault(&problems::DECISION_REQUIRED, "/postings", detail))
        .with("limit_pence", limit.0)
        .with("amount_pence", size.0)
        .with("proposal_id", wanted.proposal_id.to_string())
}

fn not_known_yet() -> Problem {
    let detail = "No such decision is known here: it is not in effect yet, or is of another fund or borough. If it was just made, try again in a second.";
    Problem::of_fault(&problems::REFERENCE_PENDING, "/decision_id", detail).retry_after(1)
}

impl Journal {
    /// How much it moves: the largest sum of debits in one layer.
    pub(super) fn size(&self) -> Pence {
        let mut debits = BTreeMap::new();
        for line in self.lines.iter().filter(|line| line.amount > Pence::ZERO) {
            let sum: &mut i64 = debits.entry(line.layer).or_default();
            *sum = sum.saturating_add(line.amount.0);
        }
        Pence(debits.into_values().max().unwrap_or_default())
    }

    /// What it spends, by scheme and layer; where it spends nothing, what it moves otherwise.
    fn parts(&self) -> Vec<Part> {
        let mut sums = BTreeMap::new();
        let spends = self.lines.iter().any(|line| line.spends());
        for line in self.lines.iter().filter(|line| line.spends() || !spends && line.amount > Pence::ZERO) {
            let sum: &mut i64 = sums.entry((line.scheme.filter(|_| spends), line.layer)).or_default();
            *sum = sum.saturating_add(line.amount.0);
        }
        let part =
            |((scheme, layer), size): ((_, Layer), i64)| Part { scheme, layer: layer.as_str(), size: Pence(size) };
        sums.into_iter().map(part).collect()
    }
}

#[cfg(test)]
mod tests {
    use auth::Role;
    use chrono::{DateTime, Utc};
    use domain::{AccountId, BoroughId, FundId, JournalId, Period, SchemeId};

    use super::*;
    use crate::journals::journal::Line;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    /// Lines of a scheme's number, a layer and an amount; number 0 is a balance account's.
    fn journal(lines: &[(u128, Layer, i64)]) -> Journal {
        let line = |(scheme, layer, amount): &(u128, Layer, i64)| Line {
            account: AccountId::at(NOW),
            account_code: String::new(),
            scheme: scheme_numbered(*scheme),
            scheme_code: None,
            layer: *layer,
            amount: Pence(*amount),
            party: None,
            category: Some("other".into()),
            source: Some("nhs".into()),
            nature: None,
            counted: *scheme > 0,
            expenditure: *scheme > 0,
        };
        Journal {
            id: JournalId::at(NOW),
            fund: FundId("01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("an id")),
            year: "2019-20".parse().expect("a year"),
            period: Period::new(1).expect("a period"),
            effective_on: "2019-04-30".parse().expect("a day"),
            posted_at: NOW,
            narrative: "A test".into(),
            source: None,
            decision: None,
            reference: None,
            metadata: None,
            reverses: None,
            corrects: None,
            region: None,
            drawn: Vec::new(),
            lines: lines.iter().map(line).collect(),
        }
    }

    fn scheme_numbered(number: u128) -> Option<SchemeId> {
        (number > 0).then(|| SchemeId(uuid::Uuid::from_u128(number)))
    }

    #[test]
    fn a_journal_is_taken_apart_by_what_it_spends_on() {
        use Layer::{Actual, Committed};
        let parts = |lines: &[_]| {
            let parts = journal(lines).parts().into_iter();
            parts.map(|part| (part.scheme, part.layer, part.size.0)).collect::<Vec<_>>()
        };
        let (one, two) = (scheme_numbered(1), scheme_numbered(2));
        let spending = [(1, Actual, 30), (1, Actual, 10), (2, Actual, 5), (1, Committed, -40), (0, Actual, -45)];
        assert_eq!(parts(&spending), [(one, "actual", 40), (two, "actual", 5)]);
        assert_eq!(parts(&[(0, Actual, 50), (0, Actual, -50)]), [(None, "actual", 50)], "spends nothing");
        assert_eq!(parts(&[(0, Actual, 50), (1, Actual, -50)]), [(None, "actual", 50)], "gives back");
    }

    #[test]
    fn what_is_asked_for_again_is_the_same_proposal() {
        let poster = Poster { borough: BoroughId::at(NOW), role: Role::Finance, client_id: "a client".into() };
        let proposal = |journal: &Journal| wanted(&poster, journal, Pence(10)).proposal_id;
        let lines = [(1, Layer::Actual, 50), (0, Layer::Actual, -50)];
        let first = journal(&lines);
        assert_eq!(proposal(&first), proposal(&Journal { id: JournalId(uuid::Uuid::nil()), ..journal(&lines) }));
        for other in [
            journal(&[(1, Layer::Actual, 51), (0, Layer::Actual, -51)]),
            Journal { narrative: "Another".into(), ..journal(&lines) },
            Journal { effective_on: "2019-05-31".parse().expect("a day"), ..journal(&lines) },
            Journal { reverses: Some(first.id), ..journal(&lines) },
        ] {
            assert_ne!(proposal(&first), proposal(&other));
        }
    }
}
