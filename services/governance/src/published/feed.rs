//! A borough's decisions as an Atom feed (RFC 4287).

use std::fmt::Write;

use chrono::{DateTime, SecondsFormat, Utc};

use super::{
    publication::PublicDecision,
    store::{Publisher, Shown},
};

/// The feed. `at` is the address of the borough's public decisions.
pub(super) fn render(publisher: &Publisher, at: &str, decisions: &[Shown<PublicDecision>]) -> String {
    let name = text(&publisher.name);
    let updated = decisions.iter().map(|shown| shown.updated_at).max().unwrap_or(DateTime::UNIX_EPOCH);
    let mut feed = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n<id>{at}.atom</id>\n\
         <title>{name}: decisions</title>\n<updated>{}</updated>\n<author><name>{name}</name></author>\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{at}.atom\"/>\n\
         <link rel=\"alternate\" type=\"application/json\" href=\"{at}\"/>\n",
        instant(updated),
        at = text(at),
    );
    for shown in decisions {
        entry(&mut feed, at, shown);
    }
    feed.push_str("</feed>\n");
    feed
}

fn entry(feed: &mut String, at: &str, shown: &Shown<PublicDecision>) {
    let (decision, facts) = (&shown.what, shown.what.facts());
    let mut summary = format!("{}: {}, {}", facts.committee, facts.outcome, facts.decided_on);
    if facts.key_decision {
        summary.push_str(", key decision");
    }
    if let Some(day) = facts.call_in_ends_on {
        // Writing to a String does not fail.
        write!(summary, ", to be called in by {day}").ok();
    }
    let resolution = decision.record().map(|record| record.resolution.as_str()).unwrap_or_default();
    write!(
        feed,
        "<entry>\n<id>urn:uuid:{}</id>\n<title>{}</title>\n<published>{}</published>\n<updated>{}</updated>\n\
         <link rel=\"alternate\" type=\"application/json\" href=\"{}/{}\"/>\n<category term=\"{}\"/>\n\
         <summary>{}</summary>\n<content type=\"text\">{}</content>\n</entry>\n",
        decision.id(),
        text(decision.title()),
        instant(shown.published_at),
        instant(shown.updated_at),
        text(at),
        decision.id(),
        text(&facts.outcome),
        text(&summary),
        text(resolution),
    )
    .ok();
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A text within an element or attribute: markup is escaped, and what XML 1.0 cannot hold is left out (§2.2).
fn text(raw: &str) -> String {
    let mut escaped = String::with_capacity(raw.len());
    for letter in raw.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' | '\r' => escaped.push(letter),
            '\u{fffe}' | '\u{ffff}' => {}
            control if control < ' ' => {}
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use domain::{CommitteeId, DecisionId, MeetingId};
    use uuid::Uuid;

    use super::*;
    use crate::published::{DecisionFacts, PublicRecord};

    #[test]
    fn a_decision_is_an_entry_and_its_words_are_only_words() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
        let id: Uuid = "01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("an id");
        let facts = DecisionFacts {
            id: DecisionId(id),
            committee_id: CommitteeId(id),
            committee: "Health & Care".into(),
            meeting_id: MeetingId(id),
            outcome: "approved".into(),
            key_decision: true,
            decided_on: "2026-12-17".parse().expect("a day"),
            published_on: "2026-12-22".parse().expect("a day"),
            call_in_ends_on: Some("2026-12-31".parse().expect("a day")),
            effective_on: None,
            state: "in_call_in".into(),
            votes: None,
        };
        let record = PublicRecord {
            resolution: "That </content><script>x</script>\u{1} be noted".into(),
            reasons: String::new(),
            options_rejected: String::new(),
            conflicts: String::new(),
            dispensations: String::new(),
            call_in_waiver: None,
        };
        let shown = Shown {
            what: PublicDecision::open(facts, "Equipment & \"beds\"", record),
            published_at: at("2026-12-22T09:00:00Z"),
            updated_at: at("2026-12-23T09:00:00Z"),
            version: 1,
            key: (NaiveDate::default(), id),
        };
        let wigan = Publisher { slug: "wigan".into(), name: "Wigan".into() };
        let feed = render(&wigan, "https://x.example/decisions", &[shown]);
        for part in [
            "<updated>2026-12-23T09:00:00Z</updated>\n<author>",
            "<id>urn:uuid:01890a5d-ac96-774b-bcce-b302099a8057</id>\n<title>Equipment &amp; &quot;beds&quot;</title>",
            "<summary>Health &amp; Care: approved, 2026-12-17, key decision, to be called in by 2026-12-31</summary>",
            "That &lt;/content&gt;&lt;script&gt;x&lt;/script&gt; be noted",
        ] {
            assert!(feed.contains(part), "{part} in {feed}");
        }
        assert!(render(&wigan, "https://x.example/decisions", &[]).contains("<updated>1970-01-01T00:00:00Z</updated>"));
    }
}
