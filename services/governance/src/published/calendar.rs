//! A borough's meetings as an iCalendar (RFC 5545).

use chrono::{DateTime, Utc};

use super::{publication::PublicMeeting, store::Shown};

/// The calendar. `at` is the address of the borough's public meetings.
pub(super) fn render(name: &str, at: &str, meetings: &[Shown<PublicMeeting>]) -> String {
    let mut lines = Lines::default();
    lines.say("BEGIN", "VCALENDAR");
    lines.say("VERSION", "2.0");
    lines.say("PRODID", "-//Tenfold//Governance//EN");
    lines.say("METHOD", "PUBLISH");
    lines.text("NAME", &format!("{name}: public meetings"));
    for shown in meetings {
        let meeting = &shown.what;
        lines.say("BEGIN", "VEVENT");
        // The same meeting has the same name for good, so that a calendar that was fetched again moves it.
        lines.say("UID", &meeting.id.to_string());
        lines.say("SEQUENCE", &(shown.version - 1).to_string());
        lines.say("DTSTAMP", &instant(shown.updated_at));
        lines.say("DTSTART", &instant(meeting.starts_at));
        lines.text("SUMMARY", &format!("{}: {}", meeting.committee, meeting.title));
        lines.text("LOCATION", &meeting.place);
        lines.say("STATUS", if meeting.state == "cancelled" { "CANCELLED" } else { "CONFIRMED" });
        let agenda: Vec<String> = meeting.agenda.iter().map(ToString::to_string).collect();
        if !agenda.is_empty() {
            lines.text("DESCRIPTION", &agenda.join("\n"));
        }
        lines.say("URL", &format!("{at}/{}", meeting.id));
        lines.say("END", "VEVENT");
    }
    lines.say("END", "VCALENDAR");
    lines.0
}

fn instant(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// Content lines: each ends in CRLF and is folded after 75 bytes (§3.1).
#[derive(Default)]
struct Lines(String);

impl Lines {
    /// A value of our own making.
    fn say(&mut self, name: &str, value: &str) {
        let mut room: usize = 75;
        for letter in name.chars().chain([':']).chain(value.chars()) {
            if room < letter.len_utf8() {
                self.0.push_str("\r\n ");
                room = 74;
            }
            self.0.push(letter);
            room -= letter.len_utf8();
        }
        self.0.push_str("\r\n");
    }

    /// A text somebody wrote (§3.3.11): nothing in it can end the line or the value.
    fn text(&mut self, name: &str, text: &str) {
        let mut escaped = String::with_capacity(text.len());
        for letter in text.replace("\r\n", "\n").chars() {
            match letter {
                '\\' | ';' | ',' => escaped.extend(['\\', letter]),
                '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => escaped.push_str("\\n"),
                control if control.is_control() => {}
                other => escaped.push(other),
            }
        }
        self.say(name, &escaped);
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use domain::{CommitteeId, MeetingId};
    use uuid::Uuid;

    use super::*;
    use crate::published::{ExemptReason, PublicItem};

    fn meeting(title: &str) -> Shown<PublicMeeting> {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
        let id: Uuid = "01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("an id");
        let why = ExemptReason { paragraph: 3, public_interest_reason: "A tender".into() };
        let what = PublicMeeting {
            id: MeetingId(id),
            committee_id: CommitteeId(id),
            committee: "Integrated Commissioning Committee".into(),
            title: title.into(),
            starts_at: at("2027-01-14T18:00:00Z"),
            place: "Town Hall, room 2; upstairs".into(),
            state: "notified".into(),
            agenda: vec![PublicItem::open("1", "Budget", "decision", Vec::new()), PublicItem::exempt("2", why)],
            papers: Vec::new(),
        };
        let (published_at, updated_at) = (at("2027-01-05T09:00:00Z"), at("2027-01-06T09:00:00Z"));
        Shown { what, published_at, updated_at, version: 2, key: (NaiveDate::default(), id) }
    }

    #[test]
    fn a_meeting_is_an_event() {
        let text =
            render("Wigan", "https://x.example/v1/public/boroughs/wigan/meetings", &[meeting("Ordinary meeting")]);
        for line in [
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n",
            "UID:01890a5d-ac96-774b-bcce-b302099a8057\r\nSEQUENCE:1\r\nDTSTAMP:20270106T090000Z\r\nDTSTART:20270114T180000Z\r\n",
            "LOCATION:Town Hall\\, room 2\\; upstairs\r\n",
            "DESCRIPTION:1. Budget\\n2. Exempt item\r\n",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(text.ends_with("END:VEVENT\r\nEND:VCALENDAR\r\n"));
    }

    #[test]
    fn nothing_in_a_title_makes_a_line_of_its_own_and_long_lines_are_folded() {
        let text = render("Wigan", "https://x.example", &[meeting("A\r\nEND:VEVENT\nATTACH:\u{7}http://evil\\")]);
        assert_eq!(text.matches("END:VEVENT\r\n").count(), 1, "{text}");
        let unfolded = text.replace("\r\n ", "");
        assert!(unfolded.contains("A\\nEND:VEVENT\\nATTACH:http://evil\\\\\r\n"), "{unfolded}");
        let wide = render("Wigan", "https://x.example", &[meeting(&"Gwasanaeth iechyd – ü ".repeat(20))]);
        assert!(wide.split("\r\n").all(|line| line.len() <= 75), "{wide}");
        assert!(wide.replace("\r\n ", "").contains(&"Gwasanaeth iechyd – ü ".repeat(20)));
    }
}
