//! Explaining every penny: which payment was for which instalment, and what is wrong where none was. Pure: no SQL, no
//! HTTP, no clock. What is certain is found first; each step works on what the ones before it left.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{Datelike, NaiveDate};
use domain::{ContributionId, InstalmentId, OrganisationId, Pence, ReceiptId};

use super::line::{Confirmed, Expected, Finding, Received, ReconciliationLine};

/// The fewest digits of an amount in which one that is wrong says anything.
const DIGITS_MIN: usize = 6;

/// What is to be explained.
pub(super) struct Evidence<'a> {
    pub(super) due: &'a [Expected],
    pub(super) paid: &'a [Received],
    pub(super) confirmed: &'a [Confirmed],
    pub(super) today: NaiveDate,
}

/// The work: what is not in a line yet.
struct Work<'a> {
    evidence: &'a Evidence<'a>,
    due: BTreeSet<usize>,
    paid: BTreeSet<usize>,
    lines: Vec<ReconciliationLine>,
}

type Month = (i32, u32);

fn month(day: NaiveDate) -> Month {
    (day.year(), day.month())
}

/// Every line, by day; `None` where a sum leaves the range of pence.
pub(super) fn explain(evidence: &Evidence<'_>) -> Option<Vec<ReconciliationLine>> {
    let mut work = Work {
        evidence,
        due: (0..evidence.due.len()).collect(),
        paid: (0..evidence.paid.len()).collect(),
        lines: Vec::new(),
    };
    work.confirmed()?;
    work.exact()?;
    work.in_parts()?;
    work.duplicates()?;
    work.earlier_rates()?;
    work.slips()?;
    work.near()?;
    work.misdated()?;
    work.what_is_left()?;
    let Work { mut lines, .. } = work;
    lines.sort_by_key(|line| (line.day(), line.payer, line.finding));
    Some(lines)
}

/// What each instalment was paid: what persons confirmed, and what agrees.
pub(super) fn paid_of(confirmed: &[Confirmed], lines: &[ReconciliationLine]) -> HashMap<InstalmentId, Pence> {
    let mut paid: HashMap<InstalmentId, Pence> = HashMap::new();
    for one in confirmed {
        let sum = paid.entry(one.instalment).or_default();
        *sum = Pence(sum.0.saturating_add(one.amount.0));
    }
    for line in lines.iter().filter(|line| matches!(line.finding, Finding::Agreed | Finding::TrueUp)) {
        paid.extend(line.instalments.iter().map(|one| (one.id, one.amount_pence)));
    }
    paid
}

impl Work<'_> {
    fn line(&mut self, finding: Finding, due: &[usize], paid: &[usize]) -> Option<()> {
        let evidence = self.evidence;
        let all_due: Vec<&Expected> = due.iter().map(|at| &evidence.due[*at]).collect();
        let all_paid: Vec<&Received> = paid.iter().map(|at| &evidence.paid[*at]).collect();
        let arithmetic =
            all_due.first().filter(|_| finding == Finding::TrueUp).map(|one| arithmetic(one, evidence.due));
        self.lines.push(ReconciliationLine::of(finding, &all_due, &all_paid, arithmetic)?);
        for at in due {
            self.due.remove(at);
        }
        for at in paid {
            self.paid.remove(at);
        }
        Some(())
    }

    /// Pairs left over that fit, nearest by day first, each of both once.
    fn pairs(&self, fits: impl Fn(&Expected, &Received) -> bool) -> Vec<(usize, usize)> {
        let mut by_payer: BTreeMap<OrganisationId, Vec<usize>> = BTreeMap::new();
        for at in &self.paid {
            by_payer.entry(self.evidence.paid[*at].payer).or_default().push(*at);
        }
        let mut all = Vec::new();
        for due in &self.due {
            let expected = &self.evidence.due[*due];
            for paid in by_payer.get(&expected.payer).into_iter().flatten() {
                let received = &self.evidence.paid[*paid];
                if fits(expected, received) {
                    let apart = (received.paid_on - expected.due_on).num_days().abs();
                    all.push((apart, *due, *paid));
                }
            }
        }
        all.sort_unstable();
        let (mut due_used, mut paid_used) = (BTreeSet::new(), BTreeSet::new());
        all.retain(|(_, due, paid)| {
            let free = !due_used.contains(due) && !paid_used.contains(paid);
            if free {
                due_used.insert(*due);
                paid_used.insert(*paid);
            }
            free
        });
        all.into_iter().map(|(_, due, paid)| (due, paid)).collect()
    }

    /// What a person has matched: everything that hangs together by matches is one line.
    fn confirmed(&mut self) -> Option<()> {
        let due_at: HashMap<InstalmentId, usize> =
            self.evidence.due.iter().enumerate().map(|(at, one)| (one.id, at)).collect();
        let paid_at: HashMap<ReceiptId, usize> =
            self.evidence.paid.iter().enumerate().map(|(at, one)| (one.id, at)).collect();
        let mut groups: Vec<(BTreeSet<usize>, BTreeSet<usize>)> = Vec::new();
        for one in self.evidence.confirmed {
            let Some((due, paid)) = due_at.get(&one.instalment).zip(paid_at.get(&one.receipt)) else { continue };
            let touched = groups.extract_if(.., |(all_due, all_paid)| all_due.contains(due) || all_paid.contains(paid));
            let mut joined = (BTreeSet::from([*due]), BTreeSet::from([*paid]));
            for (all_due, all_paid) in touched {
                joined.0.extend(all_due);
                joined.1.extend(all_paid);
            }
            groups.push(joined);
        }
        for (due, paid) in groups {
            let (due, paid): (Vec<_>, Vec<_>) = (due.into_iter().collect(), paid.into_iter().collect());
            self.line(Finding::Confirmed, &due, &paid)?;
        }
        Some(())
    }

    fn agreed(&self, due: usize) -> Finding {
        if self.evidence.due[due].true_up == Pence::ZERO { Finding::Agreed } else { Finding::TrueUp }
    }

    /// The amount, in the month it was due. Nil that is due is agreed without a payment.
    fn exact(&mut self) -> Option<()> {
        for (due, paid) in self.pairs(|due, paid| due.amount == paid.amount && month(due.due_on) == month(paid.paid_on))
        {
            self.line(self.agreed(due), &[due], &[paid])?;
        }
        let nil: Vec<usize> =
            self.due.iter().copied().filter(|at| self.evidence.due[*at].amount == Pence::ZERO).collect();
        for due in nil {
            self.line(self.agreed(due), &[due], &[])?;
        }
        Some(())
    }

    /// The amount in the parts of one document, or in all that was paid that month and not explained yet.
    fn in_parts(&mut self) -> Option<()> {
        for by_document in [true, false] {
            let mut groups: BTreeMap<(OrganisationId, Month, Option<&str>), Vec<usize>> = BTreeMap::new();
            for at in &self.paid {
                let one = &self.evidence.paid[*at];
                let document = one.document_number.as_deref().filter(|_| by_document);
                if by_document && document.is_none() {
                    continue;
                }
                groups.entry((one.payer, month(one.paid_on), document)).or_default().push(*at);
            }
            groups.retain(|_, parts| parts.len() > 1);
            for ((payer, of_month, _), parts) in groups {
                let Some(sum) = Pence::sum(parts.iter().map(|at| self.evidence.paid[*at].amount)) else { continue };
                let whole = self.due.iter().copied().find(|at| {
                    let one = &self.evidence.due[*at];
                    one.payer == payer && month(one.due_on) == of_month && one.amount == sum
                });
                if let Some(due) = whole {
                    self.line(self.agreed(due), &[due], &parts)?;
                }
            }
        }
        Some(())
    }

    /// A payment that is there already: the same body and amount, and the same document or the same day.
    fn duplicates(&mut self) -> Option<()> {
        let evidence = self.evidence;
        let mut order: Vec<usize> = self.paid.iter().copied().collect();
        order.sort_by_key(|at| (evidence.paid[*at].paid_on, evidence.paid[*at].id));
        let (mut documents, mut days) = (HashSet::new(), HashSet::new());
        // Whether one like it was there before; it is there from now on.
        let mut seen = |one: &Received| {
            let document = one.document_number.clone().map(|number| (one.payer, one.amount, number));
            let again = document.is_some_and(|document| !documents.insert(document));
            !days.insert((one.payer, one.amount, one.paid_on)) || again
        };
        for at in (0..evidence.paid.len()).filter(|at| !self.paid.contains(at)) {
            seen(&evidence.paid[at]);
        }
        let again: Vec<usize> = order.into_iter().filter(|at| seen(&evidence.paid[*at])).collect();
        for at in again {
            self.line(Finding::Duplicate, &[], &[at])?;
        }
        Some(())
    }

    /// What an earlier version of the contribution asked for that month.
    fn earlier_rates(&mut self) -> Option<()> {
        let earlier = |due: &Expected, paid: &Received| {
            due.before.contains(&paid.amount) && month(due.due_on) == month(paid.paid_on)
        };
        for (due, paid) in self.pairs(earlier) {
            self.line(Finding::OldRate, &[due], &[paid])?;
        }
        Some(())
    }

    /// An amount written wrongly: a digit changed, dropped, doubled or swapped with its neighbour, in its month.
    fn slips(&mut self) -> Option<()> {
        let in_month = |due: &Expected, paid: &Received| month(due.due_on) == month(paid.paid_on);
        for (due, paid) in self.pairs(|due, paid| in_month(due, paid) && slip(due.amount, paid.amount).is_some()) {
            let found = slip(self.evidence.due[due].amount, self.evidence.paid[paid].amount);
            self.line(found.unwrap_or(Finding::Short), &[due], &[paid])?;
        }
        Some(())
    }

    /// More or less than was due, in its month; not less than half of it, and not more than twice.
    fn near(&mut self) -> Option<()> {
        let near = |due: &Expected, paid: &Received| {
            let (wanted, got) = (due.amount.0.unsigned_abs(), paid.amount.0.unsigned_abs());
            let like = got <= wanted.saturating_mul(2) && wanted <= got.saturating_mul(2);
            // What was due but for its true-up is short by that, however little it is of the whole.
            let plain = due.amount.checked_sub(due.true_up) == Some(paid.amount);
            let side = due.amount.0.signum() == paid.amount.0.signum();
            month(due.due_on) == month(paid.paid_on) && (side && like || plain)
        };
        for (due, paid) in self.pairs(near) {
            let short = self.evidence.paid[paid].amount < self.evidence.due[due].amount;
            self.line(if short { Finding::Short } else { Finding::Over }, &[due], &[paid])?;
        }
        Some(())
    }

    /// The amount, dated in another month.
    fn misdated(&mut self) -> Option<()> {
        for (due, paid) in self.pairs(|due, paid| due.amount == paid.amount) {
            self.line(Finding::Misdated, &[due], &[paid])?;
        }
        Some(())
    }

    fn what_is_left(&mut self) -> Option<()> {
        let mut last_seen: BTreeMap<OrganisationId, Month> = BTreeMap::new();
        for one in self.evidence.paid {
            let seen = last_seen.entry(one.payer).or_insert(month(one.paid_on));
            *seen = (*seen).max(month(one.paid_on));
        }
        for at in self.due.clone() {
            let one = &self.evidence.due[at];
            let seen = last_seen.get(&one.payer).is_some_and(|last| month(one.due_on) <= *last);
            let finding = match (one.due_on > self.evidence.today, seen) {
                (true, _) => Finding::NotDue,
                (false, true) => Finding::Missing,
                (false, false) => Finding::NotSeen,
            };
            self.line(finding, &[at], &[])?;
        }
        for at in self.paid.clone() {
            self.line(Finding::Unmatched, &[], &[at])?;
        }
        Some(())
    }
}

/// How an amount was written wrongly, where it looks as if it was.
fn slip(due: Pence, paid: Pence) -> Option<Finding> {
    if due.0.signum() != paid.0.signum() || due == paid {
        return None;
    }
    let digits = |sum: Pence| sum.0.unsigned_abs().to_string().into_bytes();
    let (due, paid) = (digits(due), digits(paid));
    if due.len().min(paid.len()) < DIGITS_MIN {
        return None;
    }
    if due.len() != paid.len() {
        let (long, short) = if due.len() > paid.len() { (&due, &paid) } else { (&paid, &due) };
        let dropped = |at: usize| long[..at] == short[..at] && long[at + 1..] == short[at..];
        return (long.len() == short.len() + 1 && (0..long.len()).any(dropped)).then_some(Finding::DigitDropped);
    }
    let wrong: Vec<usize> = (0..due.len()).filter(|at| due[*at] != paid[*at]).collect();
    match wrong[..] {
        [_] => Some(Finding::DigitChanged),
        [one, next] if next == one + 1 && due[one] == paid[next] && due[next] == paid[one] => {
            Some(Finding::DigitsSwapped)
        }
        _ => None,
    }
}

/// How a true-up comes to its amount: `4 × new − 3 × old`, where the earlier instalments were all the same.
fn arithmetic(of: &Expected, all: &[Expected]) -> String {
    let earlier: Vec<Pence> =
        sames(of.contribution, all).filter(|one| one.number < of.number).map(|one| one.amount).collect();
    let regular = of.amount.checked_sub(of.true_up);
    let count = i64::try_from(earlier.len()).unwrap_or_default();
    if let (Some(new), Some(old)) = (regular, earlier.first().copied()) {
        let alike = earlier.iter().all(|amount| *amount == old);
        let sum =
            new.0.checked_mul(count + 1).zip(old.0.checked_mul(count)).and_then(|(new, old)| new.checked_sub(old));
        if alike && sum == Some(of.amount.0) {
            return format!("{} × {new} − {count} × {old} = {}", count + 1, of.amount);
        }
        return format!("{new} + {} that makes good {count} before it = {}", of.true_up, of.amount);
    }
    of.amount.to_string()
}

fn sames(contribution: ContributionId, all: &[Expected]) -> impl Iterator<Item = &Expected> {
    all.iter().filter(move |one| one.contribution == contribution)
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
