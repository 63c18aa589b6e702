//! A chain of ten, altered in every way there is.

use auth::SealKey;
use chrono::DateTime;

use super::{AuditFault::*, *};

struct Chain {
    key: SealKey,
    links: Vec<(AuditLink, Option<ChainedEntry>)>,
    heads: Vec<AuditHead>,
}

fn id(at: i64) -> AuditId {
    AuditId(Uuid::from_u128(u128::try_from(at).expect("small") + 1))
}

fn entry(at: i64) -> ChainedEntry {
    ChainedEntry {
        done_at: DateTime::UNIX_EPOCH,
        by: format!("client {at}"),
        role: "finance".into(),
        request_id: String::new(),
        address: String::new(),
        action: "journal.posted".into(),
        subject: format!("funds/{at}"),
        before: None,
        after: None,
    }
}

fn link(position: i64, previous: &Hash) -> AuditLink {
    let entry_hash = entry(position).hash(Uuid::nil(), id(position));
    AuditLink { position, id: id(position), entry_hash, head: head(Uuid::nil(), position, previous, &entry_hash) }
}

/// Ten links, with heads signed at 4, 8 and 10.
fn chain() -> Chain {
    let key = SealKey::from_pem(&SealKey::new_pem()).expect("ours");
    let (mut previous, mut links, mut heads) = (Hash::NONE, Vec::new(), Vec::new());
    for position in 1..=10 {
        let link = link(position, &previous);
        previous = link.head;
        if [4, 8, 10].contains(&position) {
            heads.push(AuditHead::sign(Uuid::nil(), (position, previous), DateTime::UNIX_EPOCH, &key));
        }
        links.push((link, Some(entry(position))));
    }
    Chain { key, links, heads }
}

impl Chain {
    fn found(&self) -> Vec<(AuditFault, i64)> {
        let mut check = Check::after(Uuid::nil(), 0, None, vec![self.key.public().clone()]);
        self.heads.iter().for_each(|head| check.signed(head.clone()));
        self.links.iter().for_each(|(link, entry)| check.link(link, entry.as_ref()));
        check.end(self.heads.last().map_or(0, |head| head.position));
        check.findings.iter().map(|one| (one.fault, one.position.expect("of a place"))).collect()
    }

    /// Makes every head from a place on anew, as somebody without the key would.
    fn rebuilt_from(&mut self, from: usize) {
        let mut previous = from.checked_sub(1).map_or(Hash::NONE, |before| self.links[before].0.head);
        for (link, _) in &mut self.links[from..] {
            link.head = head(Uuid::nil(), link.position, &previous, &link.entry_hash);
            previous = link.head;
        }
    }
}

#[test]
fn a_chain_that_was_left_alone_holds() {
    assert_eq!(chain().found(), []);
    assert_eq!(Chain { links: Vec::new(), heads: Vec::new(), ..chain() }.found(), []);
}

#[test]
fn every_alteration_is_found_and_named() {
    fn altered(change: impl Fn(&mut Chain)) -> Vec<(AuditFault, i64)> {
        let mut chain = chain();
        change(&mut chain);
        chain.found()
    }
    assert_eq!(altered(|c| c.links[4].1.as_mut().expect("there").by.push('x')), [(EntryAltered, 5)]);
    assert_eq!(altered(|c| c.links[4].1 = None), [(EntryMissing, 5)]);
    assert_eq!(altered(|c| (c.links[4].0.head) = Hash([9; 32])), [(LinkAltered, 5)]);
    // An entry's hash in the link, made to fit the altered entry.
    let fitted = |c: &mut Chain| {
        let (link, entry) = &mut c.links[4];
        let entry = entry.as_mut().expect("there");
        entry.by.push('x');
        link.entry_hash = entry.hash(Uuid::nil(), link.id);
    };
    assert_eq!(altered(fitted), [(LinkAltered, 5)]);
    // Every head after it made to fit too: what was signed tells.
    let mut rebuilt = chain();
    fitted(&mut rebuilt);
    rebuilt.rebuilt_from(4);
    assert_eq!(rebuilt.found(), [(HeadDisagrees, 8), (HeadDisagrees, 10)]);
    // Two swapped: their entries, or their links.
    let swapped = |c: &mut Chain| {
        let (one, other) = (c.links[1].1.clone(), c.links[5].1.clone());
        (c.links[1].1, c.links[5].1) = (other, one);
    };
    assert_eq!(altered(swapped), [(EntryAltered, 2), (EntryAltered, 6)]);
    let swapped = |c: &mut Chain| {
        c.links.swap(4, 5);
        (c.links[4].0.position, c.links[5].0.position) = (5, 6);
    };
    assert!(altered(swapped).starts_with(&[(LinkAltered, 5), (LinkAltered, 6)]));
    assert_eq!(altered(|c| drop(c.links.remove(4)))[0], (LinkMissing, 5));
    // The end cut off, with what was signed of it or without.
    assert_eq!(altered(|c| c.links.truncate(6)), [(EndCut, 8)]);
    let extended = |c: &mut Chain| {
        let (last, at) = (c.links[9].0.head, 11);
        c.links.push((link(at, &last), Some(entry(at))));
    };
    assert_eq!(altered(extended), [(LinkUnsigned, 11)]);
    // A link put at the end, and the chain carried on from what was signed.
    let inserted = |c: &mut Chain| {
        extended(c);
        let mut next = link(12, &c.heads[2].head);
        next.head = head(Uuid::nil(), 12, &c.heads[2].head, &next.entry_hash);
        c.heads.push(AuditHead::sign(Uuid::nil(), (12, next.head), DateTime::UNIX_EPOCH, &c.key));
        c.links.push((next, Some(entry(12))));
    };
    assert_eq!(altered(inserted), [(LinkUnsigned, 11)]);
}

#[test]
fn a_head_of_another_key_is_not_believed() {
    let mut forged = chain();
    let other = SealKey::from_pem(&SealKey::new_pem()).expect("ours");
    let link = forged.links[9].0.clone();
    forged.heads[2] = AuditHead::sign(Uuid::nil(), (10, link.head), DateTime::UNIX_EPOCH, &other);
    assert_eq!(forged.found(), [(HeadUnsigned, 10)]);
    let mut altered = chain();
    altered.heads[1].position = 7;
    assert_eq!(altered.found(), [(HeadUnsigned, 7)]);
}

#[test]
fn a_check_goes_on_where_another_ended() {
    let chain = chain();
    let known = vec![chain.key.public().clone()];
    let before = chain.links[5].0.head;
    let mut check = Check::after(Uuid::nil(), 6, Some(before), known.clone());
    chain.heads[1..].iter().for_each(|head| check.signed(head.clone()));
    chain.links[6..].iter().for_each(|(link, entry)| check.link(link, entry.as_ref()));
    check.end(10);
    assert_eq!((check.found, check.entries, check.position), (0, 4, 10));
    let mut check = Check::after(Uuid::nil(), 6, Some(Hash([1; 32])), known);
    check.link(&chain.links[6].0, chain.links[6].1.as_ref());
    assert_eq!(check.findings[0].fault, LinkAltered);
}
