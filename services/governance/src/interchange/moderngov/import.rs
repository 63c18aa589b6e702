//! What a record of ModernGov is to us, and whether it says anything new. No SQL, no HTTP, no clock.

use std::collections::{BTreeMap, btree_map::Entry};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use domain::{FinancialYear, instant_in_england};
use serde::{Deserialize, Serialize};

use super::xml::Record;

/// What is taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImportKind {
    /// What `GetCouncillorsByWard` answers.
    Members,
    /// What `GetCommittees` answers.
    Committees,
    /// What `GetMeetings` answers for a committee.
    Meetings,
}

impl ImportKind {
    /// The element of one record.
    pub(super) fn element(self) -> &'static str {
        match self {
            Self::Members => "councillor",
            Self::Committees => "committee",
            Self::Meetings => "meeting",
        }
    }

    /// The element that holds a record's id in the council's system.
    pub(super) fn id_field(self) -> &'static str {
        match self {
            Self::Members => "councillorid",
            Self::Committees => "committeeid",
            Self::Meetings => "meetingid",
        }
    }
}

/// A record that was left aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct Skipped {
    /// Its id in the council's system; empty where it has none.
    #[schema(example = "142")]
    pub(super) external_id: String,
    /// Why, and what to do.
    #[schema(example = "It has no date.")]
    pub(super) why: String,
}

/// What came of it.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub(crate) struct ImportBody {
    pub(super) created: usize,
    pub(super) updated: usize,
    /// Known already, and as they were.
    pub(super) unchanged: usize,
    pub(super) skipped: Vec<Skipped>,
}

impl ImportBody {
    pub(super) fn skip(&mut self, external_id: &str, why: impl Into<String>) {
        self.skipped.push(Skipped { external_id: external_id.to_owned(), why: why.into() });
    }
}

/// Records by their id there, in the order of their ids; those without one, or with one seen before, are left aside.
pub(super) fn by_id(kind: ImportKind, records: Vec<Record>, told: &mut ImportBody) -> BTreeMap<String, Record> {
    let mut all = BTreeMap::new();
    for record in records {
        let id = record.get(kind.id_field()).map(String::as_str).unwrap_or_default().to_owned();
        if !(1..=100).contains(&id.chars().count()) || id.chars().any(char::is_control) {
            told.skip("", format!("It has no {}.", kind.id_field()));
            continue;
        }
        match all.entry(id) {
            Entry::Occupied(there) => told.skip(there.key(), "It comes twice; the first was taken."),
            Entry::Vacant(free) => {
                free.insert(record);
            }
        }
    }
    all
}

/// A text of a record, where it has one of up to `most` characters.
pub(super) fn text<'a>(record: &'a Record, field: &str, most: usize) -> Option<&'a str> {
    let text = record.get(field)?.as_str();
    let fits = (1..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    fits.then_some(text)
}

/// A committee of theirs.
pub(super) fn committee_name(record: &Record) -> Result<&str, String> {
    for gone in ["committeedeleted", "committeeexpired"] {
        if record.get(gone).is_some_and(|said| said.eq_ignore_ascii_case("true")) {
            return Err("It is no longer there.".to_owned());
        }
    }
    text(record, "committeetitle", 200).ok_or_else(|| "It has no committeetitle of 1 to 200 characters.".to_owned())
}

/// A meeting of theirs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TheirMeeting {
    pub(super) committee: String,
    /// None where it has none of its own.
    pub(super) title: Option<String>,
    pub(super) starts_at: DateTime<Utc>,
    pub(super) place: String,
    pub(super) cancelled: bool,
}

/// Reads a meeting: its day as `14/01/2027`, its time as `18:00`, both in England.
pub(super) fn meeting(record: &Record) -> Result<TheirMeeting, String> {
    let committee =
        text(record, "committeeid", 100).ok_or("It does not say of which committee it is: no committeeid.")?;
    let day = text(record, "meetingdate", 40)
        .and_then(|day| NaiveDate::parse_from_str(day.get(..10)?, "%d/%m/%Y").ok())
        .filter(|day| FinancialYear::of(*day).is_ok())
        .ok_or("It has no meetingdate such as 14/01/2027.")?;
    // Without a time nothing is made up: notice is of a day and an hour.
    let time = text(record, "meetingtime", 40)
        .and_then(|time| {
            let time = time.replace('.', ":");
            ["%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M%p"]
                .iter()
                .find_map(|form| NaiveTime::parse_from_str(&time, form).ok())
        })
        .ok_or("It has no meetingtime such as 18:00.")?;
    let starts_at = instant_in_england(day, time).ok_or("The clocks skip that hour on that day.")?;
    let place = text(record, "meetinglocation", 300).or_else(|| text(record, "meetingvenue", 300));
    Ok(TheirMeeting {
        committee: committee.to_owned(),
        title: text(record, "meetingtitle", 200).map(str::to_owned),
        starts_at,
        place: place.unwrap_or("Not stated").to_owned(),
        cancelled: record.get("meetingstatus").is_some_and(|said| said.to_ascii_lowercase().starts_with("cancel")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(fields: &[(&str, &str)]) -> Record {
        fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_meeting_begins_at_an_english_hour() {
        let on = |day: &str, time: &str| {
            meeting(&record(&[("committeeid", "142"), ("meetingdate", day), ("meetingtime", time)]))
                .map(|m| m.starts_at)
        };
        let at = |text: &str| Ok(text.parse().expect("an instant"));
        assert_eq!(on("14/01/2027", "18:00"), at("2027-01-14T18:00:00Z"));
        assert_eq!(on("14/07/2027 00:00:00", "6.30 pm"), at("2027-07-14T17:30:00Z"));
        assert_eq!(on("14/07/2027", "18:00:00"), at("2027-07-14T17:00:00Z"));
        for (day, time) in
            [("2027-01-14", "18:00"), ("14/01/2027", ""), ("29/03/2026", "01:30"), ("14/01/1997", "18:00")]
        {
            assert!(on(day, time).is_err(), "{day} {time}");
        }
    }

    #[test]
    fn what_is_gone_or_comes_twice_is_left_aside() {
        assert!(committee_name(&record(&[("committeetitle", "Cabinet"), ("committeedeleted", "True")])).is_err());
        assert_eq!(
            committee_name(&record(&[("committeetitle", "Cabinet"), ("committeedeleted", "False")])),
            Ok("Cabinet")
        );
        let mut told = ImportBody::default();
        let one = record(&[("councillorid", "7")]);
        let all = by_id(ImportKind::Members, vec![one.clone(), one, Record::new()], &mut told);
        assert_eq!((all.len(), told.skipped.len()), (1, 2));
    }
}
