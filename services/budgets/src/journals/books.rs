//! What a fund's books are, as far as a journal is concerned, and the lines a draft makes in them.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{AccountId, FinancialYear, FundId, JournalId, OrganisationId, Pence, Period, SchemeId};
use web::{Problem, problems, words::word};

use super::{
    draft::{JournalDraft, Layer, Nature, PostingDraft},
    journal::{Journal, Line},
};
use crate::{
    accounts::{AccountKind, AccountRules, Dimension},
    commitments::Outstanding,
    controls::Control,
    periods::PeriodState,
    rules,
    schedules::Held,
};

/// What journals must know of their fund.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) fund: FundId,
    pub(super) region: Option<String>,
    pub(super) control: Control,
    /// Those asked for that the fund has.
    pub(super) periods: HashMap<(FinancialYear, Period), PeriodState>,
    pub(super) accounts: HashMap<String, AccountOfLine>,
    pub(super) schemes: HashMap<String, SchemeOfLine>,
    pub(super) parties: HashMap<OrganisationId, PartyOfLine>,
    /// What is outstanding of the orders and contracts that are drawn down, as the journals are taken one by one.
    pub(super) commitments: HashMap<String, Outstanding>,
    /// The most the caller's role may post without a decision; none where no scheme of delegation is in force.
    pub(super) limit: Option<Pence>,
}

#[derive(Debug, Clone)]
pub(super) struct AccountOfLine {
    pub(super) id: AccountId,
    pub(super) kind: AccountKind,
    pub(super) rules: AccountRules,
}

#[derive(Debug, Clone)]
pub(super) struct SchemeOfLine {
    pub(super) id: SchemeId,
    pub(super) category: String,
    pub(super) source: String,
    /// Whether its money is any business of the region: in-view money is not (rule 22).
    pub(super) in_view: bool,
    /// How its schedule says that it is held; none where it has no schedule.
    pub(super) held: Option<Held>,
    /// The last day its money may be spent, where it is not recurrent.
    pub(super) runs_to: Option<NaiveDate>,
}

impl SchemeOfLine {
    fn nature(&self) -> Nature {
        if self.held.as_ref().is_some_and(|held| held.capital) { Nature::Capital } else { Nature::Revenue }
    }
}

#[derive(Debug, Clone)]
pub(super) struct PartyOfLine {
    pub(super) name: String,
    pub(super) valid_from: NaiveDate,
    pub(super) valid_to: Option<NaiveDate>,
}

impl Books {
    /// The journal a draft makes in these books. What it draws of orders and contracts is not there for the next.
    pub(super) fn post(
        &mut self,
        draft: &JournalDraft,
        year: FinancialYear,
        now: DateTime<Utc>,
    ) -> Result<Journal, Problem> {
        self.check_period(year, draft.period)?;
        self.check_walls(draft)?;
        let lines = draft.postings.iter().enumerate().map(|(at, line)| self.resolve(at, line, draft, year));
        let lines = lines.collect::<Result<Vec<_>, Problem>>()?;
        let mut journal = Journal {
            id: JournalId::at(now),
            fund: self.fund,
            year,
            period: draft.period,
            effective_on: draft.effective_on,
            posted_at: now,
            narrative: draft.narrative.trim().to_owned(),
            source: draft.source.as_ref().map(|source| source.trim().to_owned()),
            decision: draft.decision_id,
            reference: match &draft.external_reference {
                Some(reference) => Some((reference.clone(), draft.fingerprint()?)),
                None => None,
            },
            metadata: draft.metadata.clone(),
            reverses: None,
            corrects: None,
            region: self.region.clone(),
            lines,
            drawn: Vec::new(),
        };
        if let Err(problem) = self.draw(draft, &mut journal) {
            self.put_back(&journal);
            return Err(problem);
        }
        Ok(journal)
    }

    /// Rule 30: a period that is not open takes nothing; a late item goes in the next that is.
    pub(super) fn check_period(&self, year: FinancialYear, period: Period) -> Result<(), Problem> {
        let state = self.periods.get(&(year, period)).ok_or_else(|| super::posting::no_such_year(year))?;
        if state.takes_postings() {
            return Ok(());
        }
        let detail = format!(
            "Period {period} of {year} is closed. Post in the next open period; the effective date stays as it is."
        );
        Err(rules::CLOSED_PERIOD.named_in(Problem::of_fault(&problems::PERIOD_CLOSED, "/period", detail)))
    }

    /// Rule 29: budget taken from schemes held one way is not given to schemes held another way, whatever it is called.
    fn check_walls(&self, draft: &JournalDraft) -> Result<(), Problem> {
        let plain = Held::default();
        let moved = draft.postings.iter().enumerate().filter(|(_, line)| {
            let spends = self.accounts.get(&line.account).is_some_and(|a| a.kind == AccountKind::Expenditure);
            line.layer == Layer::Budget && spends
        });
        let mut taken: Option<&Held> = None;
        let mut given: Vec<(usize, &Held)> = Vec::new();
        for (at, line) in moved {
            let Some(scheme) = line.scheme.as_ref().and_then(|code| self.schemes.get(code)) else { continue };
            let held = scheme.held.as_ref().unwrap_or(&plain);
            if line.amount_pence < Pence::ZERO {
                taken = taken.or(Some(held));
            } else {
                given.push((at, held));
            }
        }
        let Some(taken) = taken else { return Ok(()) };
        given.into_iter().try_for_each(|(at, held)| taken.may_give(held, format!("/postings/{at}/scheme")))
    }

    fn resolve(
        &self,
        at: usize,
        line: &PostingDraft,
        draft: &JournalDraft,
        year: FinancialYear,
    ) -> Result<Line, Problem> {
        let unknown = |field: &str, what: &str| {
            Problem::of_fault(
                &problems::UNKNOWN_REFERENCE,
                format!("/postings/{at}/{field}"),
                format_args!("The fund has no such {what}."),
            )
        };
        let account = self.accounts.get(&line.account).ok_or_else(|| unknown("account", "account"))?;
        let expenditure = account.kind == AccountKind::Expenditure;
        let scheme = match &line.scheme {
            Some(code) => Some(self.schemes.get(code).ok_or_else(|| unknown("scheme", "scheme"))?),
            None if expenditure => {
                return Err(Problem::invalid(format!("/postings/{at}/scheme"), "Expenditure is posted to a scheme."));
            }
            None => None,
        };
        if let Some(scheme) = scheme.filter(|_| expenditure) {
            scheme.takes(at, line, draft.effective_on)?;
        }
        if let Some(party) = line.party {
            let known = self.parties.get(&party).ok_or_else(|| unknown("party", "party"))?;
            known.was_there(at, draft.effective_on, line.run_off)?;
        }
        let resolved = Line {
            account: account.id,
            account_code: line.account.clone(),
            scheme: scheme.map(|s| s.id),
            scheme_code: line.scheme.clone(),
            layer: line.layer,
            amount: line.amount_pence,
            party: line.party,
            category: line.category.map(word).or_else(|| scheme.map(|s| s.category.clone())),
            source: line.source.map(word).or_else(|| scheme.map(|s| s.source.clone())),
            nature: line.nature.or_else(|| scheme.map(SchemeOfLine::nature)),
            expenditure,
            counted: expenditure && scheme.is_some_and(|s| !s.in_view),
        };
        let has = |dimension: &Dimension| match dimension {
            Dimension::Scheme => resolved.scheme.is_some(),
            Dimension::Party => resolved.party.is_some(),
            Dimension::Source => resolved.source.is_some(),
            Dimension::Category => resolved.category.is_some(),
            Dimension::Nature => resolved.nature.is_some(),
        };
        account.rules.check(at, &line.account, year, has)?;
        Ok(resolved)
    }

    /// Adds the lines that release what the journal's spending draws of orders and contracts.
    fn draw(&mut self, draft: &JournalDraft, journal: &mut Journal) -> Result<(), Problem> {
        let mut spent = journal.spends();
        for (at, line) in draft.postings.iter().enumerate() {
            let Some(reference) = &line.commitment else { continue };
            let pointer = format!("/postings/{at}/commitment");
            let outstanding = self.commitments.get_mut(reference).ok_or_else(|| {
                let detail = "The fund has no order or contract of this reference.";
                Problem::of_fault(&problems::UNKNOWN_REFERENCE, pointer.clone(), detail)
            })?;
            if line.layer != Layer::Actual || line.amount_pence < Pence::ZERO || !journal.lines[at].expenditure {
                let detail =
                    "Spending draws an order or contract down: a debit of an expenditure account, in the layer actual.";
                return Err(Problem::invalid(pointer, detail));
            }
            if line.scheme.as_deref() != Some(outstanding.scheme_code.as_str()) {
                let detail = format!("That order or contract is of the scheme {}.", outstanding.scheme_code);
                return Err(Problem::invalid(pointer, detail));
            }
            // What the journal gives back to the scheme was not spent.
            let left = spent.entry(outstanding.scheme).or_default();
            let drawn = outstanding.draw(journal.year, line.amount_pence.min(*left));
            *left = Pence(left.0.saturating_sub(drawn.0));
            if drawn > Pence::ZERO {
                journal.lines.extend(outstanding.released(drawn));
                journal.drawn.push((outstanding.id, drawn));
            }
        }
        if journal.lines.len() > super::draft::POSTINGS_MAX {
            let detail =
                "With the lines that release orders and contracts it has more than 10,000 lines. Post it in two.";
            return Err(Problem::invalid("/postings", detail));
        }
        Ok(())
    }

    /// Puts back what a journal that is not posted after all would have drawn of orders and contracts.
    pub(super) fn put_back(&mut self, journal: &Journal) {
        for (id, drawn) in &journal.drawn {
            if let Some(outstanding) = self.commitments.values_mut().find(|outstanding| outstanding.id == *id) {
                outstanding.put_back(journal.year, *drawn);
            }
        }
    }
}

impl SchemeOfLine {
    /// Whether the scheme takes an expenditure line of that day.
    fn takes(&self, at: usize, line: &PostingDraft, effective_on: NaiveDate) -> Result<(), Problem> {
        if let Some(last) =
            self.runs_to.filter(|last| line.layer != Layer::Budget && *last < effective_on && !line.run_off)
        {
            let detail = format!(
                "Its schedule says that the scheme runs to {last}. Put the schedule right, or mark the line as run-off where it settles what was owed by then."
            );
            return Err(Problem::invalid(format!("/postings/{at}/scheme"), detail));
        }
        if self.held.is_some() && line.nature.is_some_and(|nature| nature != self.nature()) {
            let detail =
                "The scheme's schedule says otherwise: capital never pays for revenue, nor revenue for capital here.";
            return Err(rules::VIREMENT_WALLS.broken(format!("/postings/{at}/nature"), detail));
        }
        Ok(())
    }
}

impl PartyOfLine {
    /// Rule 13: a body that was not there takes part in nothing, unless what it still owed or was owed is settled.
    fn was_there(&self, at: usize, day: NaiveDate, run_off: bool) -> Result<(), Problem> {
        let ended = self.valid_to.is_some_and(|last| last < day);
        if day >= self.valid_from && (!ended || run_off) {
            return Ok(());
        }
        let detail = match self.valid_to.filter(|_| ended) {
            Some(last) => {
                format!("{} ended on {last}. Name the body that followed it, or mark the line as run-off.", self.name)
            }
            None => format!("{} begins on {}.", self.name, self.valid_from),
        };
        let problem = Problem::of_fault(&problems::PARTY_ENDED, format!("/postings/{at}/party"), detail);
        Err(rules::BODY_EXISTS.named_in(problem))
    }
}
