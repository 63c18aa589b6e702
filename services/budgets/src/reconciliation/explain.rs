//! Explaining every penny: which payment was for which instalment, and what is wrong where none was. Pure: no SQL, no
//! HTTP, no clock. What is certain is found first; each step works on what the ones before it left.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;
use domain::{ContributionId, InstalmentId, OrganisationId, Pence, ReceiptId};

use super::{
    line::{Confirmed, Expected, Finding, Received, ReconciliationLine},
    pairing::{Left, Month, month},
};

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

    fn left(&self) -> Left<'_> {
        Left { all_due: self.evidence.due, all_paid: self.evidence.paid, due: &self.due, paid: &self.paid }
    }

    /// What a person has matched: everything that hangs together by matches is one line.
    fn confirmed(&mut self) -> Option<()> {
        let due_at: HashMap<InstalmentId, usize> =
            self.evidence.due.iter().enumerate().map(|(at, one)| (one.id, at)).collect();
        let paid_at: HashMap<ReceiptId, usize> =
            self.evidence.paid.iter().enumerate().map(|(at, one)| (one.id, at)).collect();
        // By where an instalment or a payment is: the number of its group. Joined, the smaller moves into the larger.
        let (mut of_due, mut of_paid): (HashMap<usize, usize>, HashMap<usize, usize>) = Default::default();
        let mut groups: Vec<(usize, Vec<usize>, Vec<usize>)> = Vec::new();
        for (number, one) in self.evidence.confirmed.iter().enumerate() {
            let Some((due, paid)) = due_at.get(&one.instalment).zip(paid_at.get(&one.receipt)) else { continue };
            let mut into = match (of_due.get(due).copied(), of_paid.get(paid).copied()) {
                (Some(one), Some(other)) if one != other => {
                    let size = |at: usize| groups[at].1.len() + groups[at].2.len();
                    let (into, from) = if size(one) < size(other) { (other, one) } else { (one, other) };
                    let (_, all_due, all_paid) = std::mem::take(&mut groups[from]);
                    of_due.extend(all_due.iter().map(|at| (*at, into)));
                    of_paid.extend(all_paid.iter().map(|at| (*at, into)));
                    groups[into].1.extend(all_due);
                    groups[into].2.extend(all_paid);
                    Some(into)
                }
                (one, other) => one.or(other),
            };
            let into = *into.get_or_insert_with(|| {
                groups.push(Default::default());
                groups.len() - 1
            });
            groups[into].0 = number;
            if of_due.insert(*due, into).is_none() {
                groups[into].1.push(*due);
            }
            if of_paid.insert(*paid, into).is_none() {
                groups[into].2.push(*paid);
            }
        }
        groups.retain(|(_, all_due, _)| !all_due.is_empty());
        groups.sort_by_key(|(last, ..)| *last);
        for (_, mut due, mut paid) in groups {
            due.sort_unstable();
            paid.sort_unstable();
            self.line(Finding::Confirmed, &due, &paid)?;
        }
        Some(())
    }

    fn agreed(&self, due: usize) -> Finding {
        if self.evidence.due[due].true_up == Pence::ZERO { Finding::Agreed } else { Finding::TrueUp }
    }

    /// The amount, in the month it was due. Nil that is due is agreed without a payment.
    fn exact(&mut self) -> Option<()> {
        for (due, paid) in self.left().of_amounts(true, |due| vec![due.amount]) {
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
            let mut wholes: HashMap<(OrganisationId, Month, Pence), BTreeSet<usize>> = HashMap::new();
            for at in &self.due {
                let one = &self.evidence.due[*at];
                wholes.entry((one.payer, month(one.due_on), one.amount)).or_default().insert(*at);
            }
            for ((payer, of_month, _), parts) in groups {
                let Some(sum) = Pence::sum(parts.iter().map(|at| self.evidence.paid[*at].amount)) else { continue };
                let whole = wholes.get_mut(&(payer, of_month, sum)).and_then(BTreeSet::pop_first);
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
        for (due, paid) in self.left().of_amounts(true, |due| due.before.clone()) {
            self.line(Finding::OldRate, &[due], &[paid])?;
        }
        Some(())
    }

    /// An amount written wrongly: a digit changed, dropped, doubled or swapped with its neighbour, in its month.
    fn slips(&mut self) -> Option<()> {
        for (due, paid) in self.left().of_amounts(true, |due| slips_of(due.amount)) {
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
            side && like || plain
        };
        for (due, paid) in self.left().in_month(near) {
            let short = self.evidence.paid[paid].amount < self.evidence.due[due].amount;
            self.line(if short { Finding::Short } else { Finding::Over }, &[due], &[paid])?;
        }
        Some(())
    }

    /// The amount, dated in another month.
    fn misdated(&mut self) -> Option<()> {
        for (due, paid) in self.left().of_amounts(false, |due| vec![due.amount]) {
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

/// Every amount that looks as if it were `due`, written wrongly.
fn slips_of(due: Pence) -> Vec<Pence> {
    let digits = due.0.unsigned_abs().to_string().into_bytes();
    let mut written: Vec<Vec<u8>> = Vec::new();
    for at in 0..=digits.len() {
        let (before, after) = digits.split_at(at);
        written.extend((b'0'..=b'9').map(|more| [before, &[more], after].concat()));
        if let [first, rest @ ..] = after {
            written.push([before, rest].concat());
            written.extend((b'0'..=b'9').map(|other| [before, &[other], rest].concat()));
            if let [second, rest @ ..] = rest {
                written.push([before, &[*second, *first], rest].concat());
            }
        }
    }
    let amount = |text: Vec<u8>| Some(Pence(due.0.signum() * String::from_utf8(text).ok()?.parse::<i64>().ok()?));
    let mut all: Vec<Pence> =
        written.into_iter().filter_map(amount).filter(|paid| slip(due, *paid).is_some()).collect();
    all.sort_unstable();
    all.dedup();
    all
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
