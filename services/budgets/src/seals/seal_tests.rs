//! Tests of seals: what was altered is found, whatever it is.

use chrono::Duration;
use domain::{JournalId, OrganisationId};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    journals::Layer,
    postings::LedgerLine,
    seals::{proof::SealProof, tally::Entry, verify_proof, verify_seal},
};

const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

fn key() -> SealKey {
    SealKey::from_pem(&SealKey::new_pem()).expect("ours")
}

fn line(number: u128, account: &str, pence: i64) -> LedgerLine {
    LedgerLine {
        journal: JournalId(Uuid::from_u128(number / 2 + 1)),
        line: i16::try_from(number % 2 + 1).expect("1 or 2"),
        year: "2026-27".parse().expect("a year"),
        period: Period::new(6).expect("a period"),
        posted_at: NOW,
        effective_on: "2026-09-30".parse().expect("a day"),
        account: account.into(),
        scheme: Some("ICES".into()),
        layer: Layer::Actual,
        amount_pence: Pence(pence),
        party: None,
        category: Some("community_health".into()),
        source: Some("nhs".into()),
        nature: None,
        narrative: "Community equipment".into(),
        journal_source: None,
        external_reference: Some("INV-1".into()),
        metadata: None,
        posted_by: "a client".into(),
        reverses: None,
        corrects: None,
        import: None,
    }
}

/// A period of journals of two lines, on a few accounts.
fn period() -> Vec<LedgerLine> {
    let amounts =
        [(0, "5100", 10), (1, "9000", -10), (2, "5200", 25), (3, "9000", -25), (4, "5100", 10), (5, "9100", -10)];
    amounts.into_iter().map(|(number, account, pence)| line(number, account, pence)).collect()
}

fn closed() -> Closed {
    Closed {
        borough: BoroughId(Uuid::from_u128(1)),
        fund: FundId(Uuid::from_u128(2)),
        year: "2026-27".parse().expect("a year"),
        period: Period::new(6).expect("a period"),
        closing: 2,
    }
}

fn sealed(lines: &[LedgerLine], end: ChainEnd, key: &SealKey) -> SealBody {
    let tally = Tally::of(lines.iter().map(Entry::of).collect()).expect("in order");
    seal(closed(), tally, end, NOW, key).expect("sums that fit")
}

fn root_of(lines: &[LedgerLine]) -> Option<Hash> {
    Tally::of(lines.iter().map(Entry::of).collect()).ok().map(|tally| root(&tally.accounts()))
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("JSON")
}

fn export(lines: &[LedgerLine]) -> String {
    lines.iter().map(|line| json(line) + "\n").collect()
}

/// What disagrees between a seal and an export, by a set of keys and the seal before.
fn disagrees(body: &SealBody, lines: &[LedgerLine], keys: &[&SealKey], before: Option<&SealBody>) -> Vec<String> {
    let keys = serde_json::json!({"keys": keys.iter().map(|key| key.public()).collect::<Vec<_>>()}).to_string();
    let report = verify_seal(&json(body), export(lines).as_bytes(), Some(&keys), before.map(json).as_deref());
    report.expect("readable").disagrees
}

#[test]
fn a_seal_holds_and_needs_nothing_but_itself_and_the_lines() {
    let (key, lines) = (key(), period());
    let first = sealed(&lines, ChainEnd::NONE, &key);
    assert_eq!(disagrees(&first, &lines, &[&key], None), [""; 0]);
    let second = sealed(&lines[..2], first.seal.end(), &key);
    assert_eq!(disagrees(&second, &lines[..2], &[&key], Some(&first)), [""; 0]);
    assert_eq!((second.seal.position, second.seal.previous), (2, first.seal.head));
    let nothing = sealed(&[], ChainEnd::NONE, &key);
    assert_eq!(disagrees(&nothing, &[], &[&key], None), [""; 0], "a period without lines is sealed too");
}

#[test]
fn one_altered_penny_is_found_and_its_account_named() {
    let (key, mut lines) = (key(), period());
    let body = sealed(&lines, ChainEnd::NONE, &key);
    lines[2].amount_pence = Pence(26);
    assert_eq!(
        disagrees(&body, &lines, &[&key], None),
        ["account 5200: actual debits of £0.25 were sealed, there are £0.26"]
    );
}

#[test]
fn one_line_left_out_is_found() {
    let (key, mut lines) = (key(), period());
    let body = sealed(&lines, ChainEnd::NONE, &key);
    lines.remove(4);
    let found = disagrees(&body, &lines, &[&key], None);
    assert!(found.len() == 1 && found[0].starts_with("account 5100: 2 lines were sealed, there are 1"), "{found:?}");
    lines.push(period().remove(4));
    assert_eq!(disagrees(&body, &lines, &[&key], None), [""; 0], "the order of lines does not matter");
    lines.push(period().remove(4));
    assert!(disagrees(&body, &lines, &[&key], None)[0].contains("twice"));
}

#[test]
fn two_lines_swapped_between_accounts_are_found() {
    let (key, mut lines) = (key(), period());
    let body = sealed(&lines, ChainEnd::NONE, &key);
    // Counts and sums of both accounts stay what they were.
    lines[4].account = "5200".into();
    lines[2].account = "5100".into();
    (lines[4].amount_pence, lines[2].amount_pence) = (Pence(25), Pence(10));
    let found = disagrees(&body, &lines, &[&key], None);
    assert!(
        found[0].contains("account 5100: a line says something else") && found[0].contains("account 5200"),
        "{found:?}"
    );
}

#[test]
fn a_broken_chain_is_found() {
    let (key, lines) = (key(), period());
    let first = sealed(&lines, ChainEnd::NONE, &key);
    let other = sealed(&lines[..4], ChainEnd::NONE, &key);
    let second = sealed(&lines, first.seal.end(), &key);
    let found = disagrees(&second, &lines, &[&key], Some(&other));
    assert_eq!(found, ["the chain is broken: it does not follow the seal at position 1"]);
    let mut altered = first.clone();
    altered.seal.actual_pence = Pence(44);
    let found = disagrees(&second, &lines, &[&key], Some(&altered));
    assert_eq!(found, ["the seal before it, of period 6 of 2026-27: its counts, sums or root were altered"]);
}

#[test]
fn a_signature_by_another_key_is_found() {
    let (key, other, lines) = (key(), self::key(), period());
    let body = sealed(&lines, ChainEnd::NONE, &other);
    let found = disagrees(&body, &lines, &[&key], None);
    assert!(
        found.len() == 1 && found[0].starts_with("it was signed by a key that is not among the published"),
        "{found:?}"
    );
    // Under the name of the published key it does not hold in itself.
    let mut renamed = body;
    renamed.seal.key = key.public().clone();
    assert!(disagrees(&renamed, &lines, &[&key], None)[0].contains("its signature is not of its key"));
}

#[test]
fn a_proof_shows_one_account_and_holds_only_as_it_was_made() {
    let (key, lines) = (key(), period());
    let body = sealed(&lines, ChainEnd::NONE, &key);
    let keys = serde_json::json!({"keys": [key.public()]}).to_string();
    for account in ["5100", "5200", "9000", "9100"] {
        let proof = SealProof::of(&body, account).expect("it has lines");
        assert!(verify_proof(&json(&proof), Some(&keys)).expect("readable").is_clean());
        for other in ["5100", "5200", "9000", "9100"].iter().filter(|other| **other != account) {
            assert!(!json(&proof).contains(other), "it says nothing of another account");
        }
        let mut altered = vec![proof.clone(); 6];
        altered[0].account.actual.debits_pence.0 += 1;
        altered[1].account.postings += 1;
        altered[2].place = (altered[2].place + 1) % altered[2].accounts;
        altered[3].sealed_at += Duration::microseconds(1);
        altered[4].closing += 1;
        altered[5].path.reverse();
        for wrong in altered {
            assert!(!verify_proof(&json(&wrong), Some(&keys)).expect("readable").is_clean(), "{wrong:?}");
        }
    }
    assert_eq!(SealProof::of(&body, "4000"), None);
}

/// Every field of a line, each changed by itself.
fn changed(line: &LedgerLine, by: u128) -> Vec<LedgerLine> {
    let id = Uuid::from_u128(by + 1_000);
    let text = format!("x{by}");
    let some = || Some(text.clone());
    let mut all = vec![line.clone(); 22];
    all[0].journal = JournalId(id);
    all[1].line += 2;
    all[2].year = "2025-26".parse().expect("a year");
    all[3].period = Period::new(7).expect("a period");
    all[4].posted_at += Duration::microseconds(1);
    all[5].effective_on = all[5].effective_on.pred_opt().expect("a day");
    all[6].account = text.clone();
    all[7].scheme = some();
    all[8].layer = Layer::Budget;
    all[9].amount_pence.0 += 1;
    all[10].party = Some(OrganisationId(id));
    all[11].category = some();
    all[12].source = some();
    all[13].nature = some();
    all[14].narrative += "!";
    all[15].journal_source = some();
    all[16].external_reference = some();
    all[17].metadata = some();
    all[18].posted_by = text.clone();
    all[19].reverses = Some(JournalId(id));
    all[20].corrects = Some(JournalId(id));
    all[21].import = Some(id);
    all
}

proptest! {
    #[test]
    fn any_field_of_any_line_changes_the_root_and_the_order_of_reading_does_not(
        accounts in prop::collection::vec((0u8..6, -1_000i64..1_000), 1..30), at in any::<prop::sample::Index>(), by in any::<u32>()
    ) {
        let numbered = accounts.iter().enumerate();
        let lines: Vec<LedgerLine> = numbered
            .map(|(number, (account, pence))| line(number as u128, &format!("5{account}00"), *pence))
            .collect();
        let whole = root_of(&lines);
        let reversed: Vec<_> = lines.iter().rev().cloned().collect();
        prop_assert_eq!(root_of(&reversed), whole);
        let at = at.index(lines.len());
        for other in changed(&lines[at], by.into()) {
            let mut lines = lines.clone();
            prop_assert_ne!(&lines[at], &other);
            lines[at] = other;
            prop_assert_ne!(root_of(&lines), whole);
        }
        prop_assert_ne!(root_of(&[&lines[..at], &lines[at + 1..]].concat()), whole);
    }

    #[test]
    fn what_is_in_one_text_does_not_run_into_the_next(category in "[a-z]{0,6}", source in "[a-z]{0,6}", cut in 0usize..6) {
        let with = |category: &str, source: &str| {
            let line = LedgerLine { category: Some(category.into()), source: Some(source.into()), ..line(0, "5100", 1) };
            root_of(&[line])
        };
        let both = format!("{category}{source}");
        let cut = cut.min(both.len());
        let same = cut == category.len();
        prop_assert_eq!(with(&category, &source) == with(&both[..cut], &both[cut..]), same);
    }
}
