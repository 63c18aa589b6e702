//! Posting journals, whoever asks: a finance officer's own, many at once, or what follows of a virement, a payment, an
//! order or a settlement.

use std::{
    collections::{HashMap, HashSet},
    slice,
};

use auth::{Permission, Role};
use domain::{BoroughId, DecisionId, FinancialYear, FundId, JournalId, Pence, Period, SchemeId};
use tenancy::{Act, Borough, InBorough, Instead, OnConstraint, Tx};
use web::{Found, Problem, Replayed, problems};

use super::{
    books::Books,
    delegated::{self, Refused},
    draft::{JournalDraft, Layer},
    http::PostedJournalBody,
    journal::Journal,
    reading,
    reversals::already_reversed,
    store::{self, Named},
};
use crate::{
    commitments::{self, Drawn},
    controls::{self, Availability, OverAvailable},
};

/// Who posts.
pub(crate) struct Poster {
    pub(super) borough: BoroughId,
    pub(super) role: Role,
    pub(super) client_id: String,
}

impl Poster {
    pub(crate) fn of<P: Permission>(scope: &InBorough<P>) -> Self {
        let caller = scope.caller();
        Self { borough: scope.borough().id, role: caller.role, client_id: caller.client_id.clone() }
    }
}

/// A journal that may be posted, and what it leaves with less than nothing where that is only warned about.
pub(crate) struct Ready {
    pub(crate) journal: Journal,
    pub(crate) over: Vec<OverAvailable>,
    pub(crate) split_suspected: bool,
}

/// What becomes of a draft.
pub(super) enum Verdict {
    /// It is taken; its place among those that are.
    Taken(usize),
    /// It was posted before, under its reference.
    There(JournalId),
    Refused(Refused),
}

/// What books are opened for beside drafts.
#[derive(Clone, Copy, Default)]
pub(super) struct Also<'a> {
    pub(super) periods: &'a [(FinancialYear, Period)],
    pub(super) spends_of: &'a [(FinancialYear, SchemeId)],
}

/// Journals on their way into a fund's books: nothing is written until all of them were looked at.
pub(super) struct Posting<'p> {
    pub(super) tx: Tx<Borough>,
    poster: &'p Poster,
    pub(super) books: Books,
    availability: Availability,
    references: HashMap<String, (JournalId, Vec<u8>)>,
    decisions: HashSet<DecisionId>,
    ready: Vec<Ready>,
}

impl<'p> Posting<'p> {
    /// Opens the books for drafts, and for whatever else the periods and schemes are wanted for. Holds the periods open, the
    /// references and, in a fund that is held to its budget, what their schemes have.
    pub(super) async fn open(
        mut tx: Tx<Borough>,
        poster: &'p Poster,
        fund: FundId,
        drafts: &[JournalDraft],
        also: Also<'_>,
    ) -> Result<Self, Problem> {
        let sound: Vec<_> = drafts.iter().filter_map(|draft| Some((draft, draft.check().ok()?))).collect();
        let mut named = Named { periods: also.periods.to_vec(), ..Named::default() };
        let (mut references, mut commitments, mut spending) = (Vec::new(), Vec::new(), Vec::new());
        for (draft, year) in &sound {
            named.periods.push((*year, draft.period));
            references.extend(draft.external_reference.clone());
            for line in &draft.postings {
                named.accounts.push(line.account.clone());
                named.parties.extend(line.party.map(|id| id.0));
                commitments.extend(line.commitment.clone());
                if let Some(scheme) = &line.scheme {
                    named.schemes.push(scheme.clone());
                    if line.layer != Layer::Budget || line.amount_pence < Pence::ZERO {
                        spending.push((*year, scheme));
                    }
                }
            }
        }
        for list in [&mut named.accounts, &mut named.schemes] {
            list.sort_unstable();
            list.dedup();
        }
        store::hold_open(&mut tx, fund, &named.periods).await?;
        let references = match references.is_empty() {
            true => Default::default(),
            false => store::hold_references(&mut tx, fund, &references).await?,
        };
        let books = store::open_books(&mut tx, fund, &named, poster.role).await?;
        let mut books = books.ok_or_else(|| Problem::not_found("fund"))?;
        if !commitments.is_empty() {
            books.commitments = commitments::hold(&mut tx, fund, &commitments).await?;
        }
        let id_of = |(year, code): (FinancialYear, &String)| Some((year, books.schemes.get(code)?.id));
        let mut wanted: Vec<_> = spending.into_iter().filter_map(id_of).chain(also.spends_of.iter().copied()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let availability = match wanted.is_empty() {
            true => Availability::default(),
            false => controls::available(&mut tx, fund, books.control, &wanted).await?,
        };
        Ok(Self { tx, poster, books, availability, references, decisions: HashSet::new(), ready: Vec::new() })
    }

    /// Looks at a draft. `corrects` is the journal it puts right.
    pub(super) async fn add(&mut self, draft: &JournalDraft, corrects: Option<JournalId>) -> Result<Verdict, Problem> {
        let journal = match self.take(draft) {
            Ok(Some(journal)) => Journal { corrects, ..journal },
            Ok(None) => match self.there(draft)? {
                Ok(id) => return Ok(Verdict::There(id)),
                Err(taken) => return Ok(Verdict::Refused(Refused::Plain(taken))),
            },
            Err(problem) => return Ok(Verdict::Refused(Refused::Plain(problem))),
        };
        let subject = format!("funds/{}", journal.fund);
        Ok(match self.admit(journal, subject).await? {
            Ok(at) => Verdict::Taken(at),
            Err((refused, journal)) => {
                self.books.put_back(&journal);
                Verdict::Refused(refused)
            }
        })
    }

    /// The journal of a draft; none where its reference is of another.
    fn take(&mut self, draft: &JournalDraft) -> Result<Option<Journal>, Problem> {
        let year = draft.check()?;
        if draft.external_reference.as_ref().is_some_and(|reference| self.references.contains_key(reference)) {
            return Ok(None);
        }
        self.books.post(draft, year, self.tx.now()).map(Some)
    }

    /// The journal that is there under the draft's reference, or that it is another's.
    fn there(&self, draft: &JournalDraft) -> Result<Result<JournalId, Problem>, Problem> {
        let known = draft.external_reference.as_ref().and_then(|reference| self.references.get(reference));
        let (id, fingerprint) = known.ok_or_else(|| Problem::internal("a reference that was there is not"))?;
        if fingerprint.as_slice() == draft.fingerprint()? {
            return Ok(Ok(*id));
        }
        Ok(Err(taken_reference().with("journal", id.to_string())))
    }

    /// Takes a journal where its poster may move as much and its schemes have it (rules 30, 53 and 54).
    pub(super) async fn admit(
        &mut self,
        journal: Journal,
        subject: String,
    ) -> Result<Result<usize, (Refused, Journal)>, Problem> {
        if journal.decision.is_some_and(|id| self.decisions.contains(&id)) {
            let spent = crate::decisions::spent(None);
            return Ok(Err((Refused::Plain(spent), journal)));
        }
        if let Err(refused) = delegated::judge(&mut self.tx, self.poster, &self.books, &journal, subject).await? {
            return Ok(Err((refused, journal)));
        }
        let code_of = |scheme| {
            let line = journal.lines.iter().find(|line| line.scheme == Some(scheme));
            line.and_then(|line| line.scheme_code.clone()).unwrap_or_default()
        };
        let taken = self.availability.take(self.books.control, journal.year, &journal.takes(), code_of);
        let over = match taken {
            Ok(over) => over,
            Err(problem) => return Ok(Err((Refused::Plain(problem), journal))),
        };
        self.decisions.extend(journal.decision);
        if let Some((reference, fingerprint)) = &journal.reference {
            self.references.insert(reference.clone(), (journal.id, fingerprint.to_vec()));
        }
        self.ready.push(Ready { journal, over, split_suspected: false });
        Ok(Ok(self.ready.len() - 1))
    }

    /// Writes what was taken, and what follows of it.
    pub(super) async fn write(self) -> Result<(Tx<Borough>, Vec<Ready>), Instead> {
        let Self { mut tx, poster, books, mut ready, .. } = self;
        let written = store::insert(&mut tx, &ready, &poster.client_id).await;
        written.on_constraint("journal_reversed_once", already_reversed)?;
        let mut drawn = Vec::new();
        for one in &mut ready {
            let journal = &one.journal;
            one.split_suspected = delegated::settle(&mut tx, poster, &books, journal).await?;
            let (year, id) = (journal.year, journal.id);
            drawn.extend(journal.drawn.iter().map(|(commitment, amount)| Drawn {
                commitment: *commitment,
                year,
                amount: *amount,
                journal: id,
            }));
            let subject = format!("funds/{}/journals/{id}", books.fund);
            let act = match journal.reverses {
                Some(first) => Act::new("journal.reversed", subject).before(first.to_string()),
                None => Act::new("journal.posted", subject),
            };
            let firsts = journal.reverses.iter().chain(&journal.corrects);
            let firsts = firsts.map(|id| format!("funds/{}/journals/{id}", books.fund));
            let orders = journal.drawn.iter().map(|(id, _)| format!("funds/{}/commitments/{id}", books.fund));
            tx.record(firsts.chain(orders).fold(act, Act::bumping));
        }
        if !drawn.is_empty() {
            commitments::draw(&mut tx, books.fund, &drawn).await?;
        }
        Ok((tx, ready))
    }
}

/// A journal that is written, and the transaction it was written in.
pub(crate) struct Posted {
    pub(crate) tx: Tx<Borough>,
    pub(crate) journal: Journal,
    pub(crate) over: Vec<OverAvailable>,
    pub(crate) split_suspected: bool,
}

/// Posts a journal in the fund, or answers with the one that is there under its reference.
pub(crate) async fn post(
    tx: Tx<Borough>,
    poster: &Poster,
    fund: FundId,
    draft: &JournalDraft,
) -> Result<Posted, Instead> {
    draft.check()?;
    let mut posting = Posting::open(tx, poster, fund, slice::from_ref(draft), Also::default()).await?;
    match posting.add(draft, None).await? {
        Verdict::Taken(_) => {}
        Verdict::There(id) => {
            let first = reading::find(&mut posting.tx, fund, id).await?.ok_or_else(|| Problem::not_found("journal"))?;
            let body = PostedJournalBody { journal: first, over_available: Vec::new() };
            return Err(Instead::Again(Replayed { again: true, ..Replayed::first(Found::of(body)) }));
        }
        Verdict::Refused(refused) => return Err(refused.answer(posting.tx).await),
    }
    let (tx, mut ready) = posting.write().await?;
    let Ready { journal, over, split_suspected } =
        ready.pop().ok_or_else(|| Problem::internal("a journal got lost"))?;
    Ok(Posted { tx, journal, over, split_suspected })
}

/// Posts two journals that belong together, or neither.
pub(crate) async fn post_both(
    tx: Tx<Borough>,
    poster: &Poster,
    fund: FundId,
    drafts: [JournalDraft; 2],
) -> Result<(Tx<Borough>, [JournalId; 2]), Instead> {
    let mut posting = Posting::open(tx, poster, fund, &drafts, Also::default()).await?;
    for draft in &drafts {
        match posting.add(draft, None).await? {
            Verdict::Taken(_) => {}
            Verdict::There(_) => return Err(taken_reference().into()),
            Verdict::Refused(refused) => return Err(refused.answer(posting.tx).await),
        }
    }
    let (tx, ready) = posting.write().await?;
    let [first, second] = ready.as_slice() else { return Err(Problem::internal("two journals are two").into()) };
    Ok((tx, [first.journal.id, second.journal.id]))
}

pub(super) fn taken_reference() -> Problem {
    let detail = "Another journal of the fund was posted under this reference.";
    Problem::of_fault(&problems::REFERENCE_TAKEN, "/external_reference", detail)
}

pub(super) fn no_such_year(year: FinancialYear) -> Problem {
    Problem::of_fault(
        &problems::WRONG_YEAR,
        "/effective_on",
        format_args!("The fund has no year {year}. Open it first, or mend the date."),
    )
}
