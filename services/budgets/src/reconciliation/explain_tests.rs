//! What is found of payments, by Salford's and by made-up ones.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::reconciliation::line::LineFlag;

const OLD: i64 = 675_842_600;
const NEW: i64 = 1_352_012_767;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// An instalment of the body `payer`.
fn due(number: i16, payer: u128, on: &str, amount: i64) -> Expected {
    Expected {
        id: InstalmentId(id(payer * 1_000 + u128::from(number.unsigned_abs()))),
        contribution: ContributionId(id(payer)),
        payer: OrganisationId(id(payer)),
        payer_name: "Salford City Council".into(),
        number,
        due_on: day(on),
        amount: Pence(amount),
        true_up: Pence::ZERO,
        before: Vec::new(),
    }
}

fn paid(number: u128, payer: u128, on: &str, amount: i64, document: Option<&str>) -> Received {
    Received {
        id: ReceiptId(id(number)),
        payer: OrganisationId(id(payer)),
        payer_name: "Salford City Council".into(),
        paid_on: day(on),
        amount: Pence(amount),
        document_number: document.map(str::to_owned),
        directorate: Some("Public Health".into()),
    }
}

fn found(due: &[Expected], paid: &[Received], confirmed: &[Confirmed]) -> Vec<ReconciliationLine> {
    explain(&Evidence { due, paid, confirmed, today: day("2026-11-22") }).expect("in range")
}

fn findings(lines: &[ReconciliationLine]) -> Vec<Finding> {
    lines.iter().map(|line| line.finding).collect()
}

/// What the council owed in 2019/20, and what it published that it paid.
fn salford() -> (Vec<Expected>, Vec<Received>) {
    let months = [
        "2019-04", "2019-05", "2019-06", "2019-07", "2019-08", "2019-09", "2019-10", "2019-11", "2019-12", "2020-01",
        "2020-02", "2020-03",
    ];
    let mut owed: Vec<Expected> =
        (1..).zip(months).map(|(n, month)| due(n, 1, &format!("{month}-05"), if n < 4 { OLD } else { NEW })).collect();
    (owed[3].amount, owed[3].true_up) = (Pence(4 * NEW - 3 * OLD), Pence(3 * (NEW - OLD)));
    for one in &mut owed[3..] {
        one.before = vec![Pence(OLD)];
    }
    let seen = [
        ("2019-04-05", Some("2205234873"), OLD),
        ("2019-05-07", Some("2205260401"), OLD),
        ("2019-06-05", Some("2205277791"), OLD),
        ("2019-07-08", Some("2205295121"), 3_380_523_268),
        ("2019-07-22", Some("1600631637"), 20_000_000),
        ("2019-08-12", Some("2205321861"), NEW),
        ("2019-09-09", Some("2205337625"), NEW),
        ("2019-10-14", None, NEW),
        ("2019-11-11", Some("2205383189"), NEW),
        ("2019-12-09", Some("2205405367"), 1_386_989_242),
    ];
    let seen = (1..).zip(seen).map(|(n, (on, document, amount))| paid(n, 1, on, amount, document)).collect();
    (owed, seen)
}

#[test]
fn rule_19_salfords_year_is_explained_line_by_line() {
    use Finding::{Agreed, NotSeen, Over, TrueUp, Unmatched};
    let (owed, seen) = salford();
    let lines = found(&owed, &seen, &[]);
    assert_eq!(
        findings(&lines),
        [Agreed, Agreed, Agreed, TrueUp, Unmatched, Agreed, Agreed, Agreed, Agreed, Over, NotSeen, NotSeen, NotSeen]
    );
    assert_eq!(lines[3].arithmetic.as_deref(), Some("4 × £13,520,127.67 − 3 × £6,758,426.00 = £33,805,232.68"));
    assert_eq!((lines[4].expected_pence, lines[4].received_pence), (Pence::ZERO, Pence(20_000_000)));
    assert_eq!(lines[7].flags, [LineFlag::NoDocumentNumber, LineFlag::PaidLate], "October");
    assert_eq!((lines[9].month.as_str(), lines[9].difference_pence), ("2019-12", Pence(34_976_475)));
    assert!(lines[10].suggestion.starts_with("Not seen in published data"));
    let difference = Pence::sum(lines.iter().map(|line| line.difference_pence)).expect("in range");
    assert_eq!(difference, Pence(20_000_000 + 34_976_475 - 3 * NEW));
    let paid = paid_of(&[], &lines);
    assert_eq!((paid.len(), paid[&owed[3].id]), (8, Pence(3_380_523_268)), "December waits for a person");
}

#[test]
fn what_was_written_wrongly_is_told_from_what_is_short() {
    // Salford, September 2021: £14,220,583.66 where £14,226,583.66 was due; December 2018, dated 3 January 2018.
    let one = |amount: i64, on: &str| {
        let lines = found(&[due(1, 1, "2021-09-06", 1_422_658_366)], &[paid(1, 1, on, amount, Some("A"))], &[]);
        findings(&lines)
    };
    assert_eq!(one(1_422_058_366, "2021-09-06"), [Finding::DigitChanged]);
    assert_eq!(one(142_258_366, "2021-09-06"), [Finding::DigitDropped]);
    assert_eq!(one(1_422_656_836, "2021-09-06"), [Finding::Short], "two digits that are no neighbours");
    assert_eq!(one(1_422_653_866, "2021-09-06"), [Finding::DigitsSwapped]);
    assert_eq!(one(1_422_685_366, "2021-09-06"), [Finding::DigitsSwapped]);
    assert_eq!(one(1_300_000_000, "2021-09-06"), [Finding::Short]);
    assert_eq!(one(1_500_000_000, "2021-09-06"), [Finding::Over]);
    assert_eq!(one(1_422_658_366, "2021-01-03"), [Finding::Misdated]);
    assert_eq!(one(5_000, "2021-09-06"), [Finding::Unmatched, Finding::Missing]);
    assert_eq!(one(-1_422_658_366, "2021-09-06"), [Finding::Unmatched, Finding::Missing], "paid back is no payment");
}

#[test]
fn the_old_rate_and_the_new_one_without_its_true_up_are_recognised() {
    let mut july = due(4, 1, "2019-07-05", 4 * NEW - 3 * OLD);
    (july.true_up, july.before) = (Pence(3 * (NEW - OLD)), vec![Pence(OLD)]);
    let one = |amount: i64| findings(&found(&[july.clone()], &[paid(1, 1, "2019-07-08", amount, Some("A"))], &[]));
    assert_eq!(one(OLD), [Finding::OldRate]);
    assert_eq!(one(NEW), [Finding::Short]);
}

#[test]
fn a_payment_seen_twice_is_one_and_one_in_parts_is_whole() {
    let owed = [due(1, 1, "2019-04-05", 100), due(2, 1, "2019-05-05", 100)];
    let twice = [paid(1, 1, "2019-04-05", 100, Some("A")), paid(2, 1, "2019-04-09", 100, Some("A"))];
    assert_eq!(findings(&found(&owed, &twice, &[])), [Finding::Agreed, Finding::Duplicate, Finding::NotSeen]);
    let other = [paid(1, 1, "2019-04-05", 100, Some("A")), paid(2, 1, "2019-04-09", 100, Some("B"))];
    assert_eq!(findings(&found(&owed, &other, &[])), [Finding::Agreed, Finding::Misdated], "paid early, or twice");
    // Two contributions of one amount, paid on one day under one document: both are right.
    let both = [due(1, 1, "2019-04-05", 100), due(2, 1, "2019-04-05", 100)];
    let split = [paid(1, 1, "2019-04-05", 100, Some("A")), paid(2, 1, "2019-04-05", 100, Some("A"))];
    assert_eq!(findings(&found(&both, &split, &[])), [Finding::Agreed; 2]);
    let parts = [paid(1, 1, "2019-04-05", 70, Some("A")), paid(2, 1, "2019-04-05", 30, Some("A"))];
    let lines = found(&owed[..1], &parts, &[]);
    assert_eq!((findings(&lines), lines[0].receipts.len()), (vec![Finding::Agreed], 2));
}

#[test]
fn one_body_does_not_pay_for_another_and_what_is_to_come_is_not_missing() {
    let owed = [due(1, 1, "2026-10-05", 100), due(2, 1, "2026-12-05", 100)];
    let lines = found(&owed, &[paid(1, 2, "2026-10-05", 100, Some("A"))], &[]);
    assert_eq!(findings(&lines), [Finding::NotSeen, Finding::Unmatched, Finding::NotDue]);
}

#[test]
fn what_a_person_matched_stays_together() {
    let (owed, seen) = salford();
    let word = |receipt: usize, instalment: usize, amount: i64| Confirmed {
        receipt: seen[receipt].id,
        instalment: owed[instalment].id,
        amount: Pence(amount),
    };
    let lines = found(&owed, &seen, &[word(9, 8, NEW), word(9, 9, 34_976_475), word(4, 9, 20_000_000)]);
    let confirmed: Vec<_> = lines.iter().filter(|line| line.finding == Finding::Confirmed).collect();
    assert_eq!(confirmed.len(), 1, "they hang together");
    assert_eq!((confirmed[0].instalments.len(), confirmed[0].receipts.len()), (2, 2));
    assert_eq!(confirmed[0].difference_pence, Pence(1_386_989_242 + 20_000_000 - 2 * NEW));
    assert!(lines.iter().all(|line| line.finding != Finding::Unmatched && line.finding != Finding::Over));
}

fn some_amount() -> impl Strategy<Value = i64> {
    prop_oneof![Just(OLD), Just(NEW), Just(100), Just(60), Just(40), Just(0), -3_000i64..3_000, Just(1_352_012_776)]
}

proptest! {
    #[test]
    fn rule_18_every_penny_is_in_exactly_one_line(
        owed in prop::collection::vec((1u128..3, 0u64..365, some_amount(), prop::option::of(some_amount())), 0..14),
        seen in prop::collection::vec((1u128..3, 0u64..365, some_amount(), 0u8..4), 0..14),
        words in prop::collection::vec((0usize..14, 0usize..14, some_amount()), 0..5)
    ) {
        let on = |ahead: u64| (day("2019-04-01") + chrono::Days::new(ahead)).to_string();
        let owed: Vec<_> = (1..).zip(owed).map(|(number, (payer, ahead, amount, before))| {
            let mut one = due(number, payer, &on(ahead), amount);
            one.before = before.map(Pence).into_iter().collect();
            one
        }).collect();
        let seen: Vec<_> = (1..).zip(seen).filter(|(_, one)| one.2 != 0).map(|(number, (payer, ahead, amount, document))| {
            paid(number, payer, &on(ahead), amount, ["A", "B", "C"].get(usize::from(document)).copied())
        }).collect();
        let words: Vec<_> = words.into_iter().filter_map(|(receipt, instalment, amount)| {
            let (receipt, instalment) = (seen.get(receipt)?.id, owed.get(instalment)?.id);
            Some(Confirmed { receipt, instalment, amount: Pence(amount) })
        }).collect();
        let lines = explain(&Evidence { due: &owed, paid: &seen, confirmed: &words, today: day("2019-12-01") }).expect("in range");
        let mut all_due: Vec<_> = lines.iter().flat_map(|line| line.instalments.iter().map(|one| one.id)).collect();
        let mut all_paid: Vec<_> = lines.iter().flat_map(|line| line.receipts.iter().map(|one| one.id)).collect();
        all_due.sort_unstable();
        all_paid.sort_unstable();
        let mut wanted_due: Vec<_> = owed.iter().map(|one| one.id).collect();
        let mut wanted_paid: Vec<_> = seen.iter().map(|one| one.id).collect();
        wanted_due.sort_unstable();
        wanted_paid.sort_unstable();
        prop_assert_eq!(all_due, wanted_due);
        prop_assert_eq!(all_paid, wanted_paid);
        let expected: i64 = owed.iter().map(|one| one.amount.0).sum();
        let received: i64 = seen.iter().map(|one| one.amount.0).sum();
        let difference: i64 = lines.iter().map(|line| line.difference_pence.0).sum();
        prop_assert_eq!(expected - received, -difference);
        for line in lines.iter().filter(|line| matches!(line.finding, Finding::Agreed | Finding::TrueUp)) {
            prop_assert_eq!(line.difference_pence, Pence::ZERO);
        }
        prop_assert!(lines.iter().all(|line| !line.suggestion.is_empty()));
    }
}

proptest! {
    #[test]
    fn the_nearest_are_paired_first_as_if_each_were_laid_beside_each(
        owed in prop::collection::vec((1u128..3, 0u64..60, some_amount()), 0..12),
        seen in prop::collection::vec((1u128..3, 0u64..60, some_amount()), 0..12)
    ) {
        let on = |ahead: u64| (day("2019-04-01") + chrono::Days::new(ahead)).to_string();
        let owed: Vec<_> = (1..).zip(owed).map(|(number, (payer, ahead, amount))| due(number, payer, &on(ahead), amount)).collect();
        let seen: Vec<_> =
            (1..).zip(seen).map(|(number, (payer, ahead, amount))| paid(number, payer, &on(ahead), amount, None)).collect();
        let (all_due, all_paid) = ((0..owed.len()).collect(), (0..seen.len()).collect());
        let left = Left { all_due: &owed, all_paid: &seen, due: &all_due, paid: &all_paid };
        let beside = |fits: &dyn Fn(&Expected, &Received) -> bool| {
            let mut all: Vec<_> = (0..owed.len()).flat_map(|due| (0..seen.len()).map(move |paid| (due, paid)))
                .filter(|(due, paid)| owed[*due].payer == seen[*paid].payer && fits(&owed[*due], &seen[*paid]))
                .map(|(due, paid)| ((seen[paid].paid_on - owed[due].due_on).num_days().abs(), due, paid)).collect();
            all.sort_unstable();
            let (mut of_due, mut of_paid) = (HashSet::new(), HashSet::new());
            all.retain(|(_, due, paid)| !of_due.contains(due) && !of_paid.contains(paid) && of_due.insert(*due) && of_paid.insert(*paid));
            all.into_iter().map(|(_, due, paid)| (due, paid)).collect::<Vec<_>>()
        };
        let same_month = |due: &Expected, paid: &Received| month(due.due_on) == month(paid.paid_on);
        prop_assert_eq!(left.of_amounts(false, |due| vec![due.amount]), beside(&|due, paid| due.amount == paid.amount));
        prop_assert_eq!(left.of_amounts(true, |due| slips_of(due.amount)),
            beside(&|due, paid| same_month(due, paid) && slip(due.amount, paid.amount).is_some()));
        let more = |due: &Expected, paid: &Received| paid.amount > due.amount;
        prop_assert_eq!(left.in_month(more), beside(&|due, paid| same_month(due, paid) && more(due, paid)));
    }
}

/// As many instalments and payments as a fund-year takes, none of which agree.
#[test]
fn the_largest_year_there_may_be_is_explained() {
    let on = |ahead: u64| (day("2019-04-01") + chrono::Days::new(ahead)).to_string();
    let owed: Vec<_> = (0..1_200i16).map(|n| due(n, 1, &on(u64::from(n.unsigned_abs()) % 30), 1_000_000_000)).collect();
    let seen: Vec<_> = (0..20_000i64)
        .map(|n| {
            let number = u128::from(n.unsigned_abs());
            paid(number, 1, &on(n.unsigned_abs() % 30), 7_000_000 + n * 1_003, Some(&number.to_string()))
        })
        .collect();
    let words: Vec<_> =
        (0..1_000).map(|at| Confirmed { receipt: seen[at].id, instalment: owed[at].id, amount: Pence(1) }).collect();
    assert_eq!(found(&owed, &seen, &words).len(), 1_000 + 19_000 + 200);
    let alike: Vec<_> =
        (0..20_000u128).map(|n| paid(n, 1, "2019-04-03", 1_000_000_000, Some(&n.to_string()))).collect();
    let lines = found(&owed, &alike, &[]);
    assert_eq!(lines.iter().filter(|line| line.finding == Finding::Agreed).count(), 1_200);
}
