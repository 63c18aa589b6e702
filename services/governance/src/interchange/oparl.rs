//! Our committees as OParl 1.1 says them (<https://dev.oparl.org/spezifikation>). Pure: plain values in, shapes out.
//!
//! An OParl id is an address: ours is the list with that one object in it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use uuid::Uuid;
use web::Row;

use super::store::{Item, Meeting, Membership, Organization, Paper, Person};

/// What stands where the name of an exempt item would.
const EXEMPT: &str = "Exempt item";

/// Where the borough's OParl objects are: `https://…/v1/boroughs/wigan/interchange/oparl`.
pub(super) struct Addresses<'a>(pub(super) &'a str);

impl Addresses<'_> {
    fn list(&self, kind: &str) -> String {
        format!("{}?type={kind}", self.0)
    }

    fn one(&self, kind: &str, id: Uuid) -> String {
        format!("{}?type={kind}&id={id}", self.0)
    }

    /// Of an object that comes only within another.
    fn within(&self, kind: &str, whole: Uuid, part: Uuid) -> String {
        format!("{}#{part}", self.one(kind, whole))
    }
}

fn schema(object: &str) -> String {
    format!("https://schema.oparl.org/1.1/{object}")
}

/// An object of OParl 1.1.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub(crate) enum OparlObject {
    Body(OparlBody),
    Organization(OparlOrganization),
    Person(OparlPerson),
    Meeting(OparlMeeting),
    Paper(OparlPaper),
}

impl Row for OparlObject {
    const COLUMNS: &'static [&'static str] = &["id", "type", "name"];
}

/// The borough's council.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OparlBody {
    id: String,
    r#type: String,
    name: String,
    short_name: String,
    /// Where each kind of object is listed.
    organization: String,
    person: String,
    meeting: String,
    paper: String,
    /// Empty: terms are not kept.
    legislative_term: Vec<String>,
}

/// The borough, by slug, GSS code and name.
pub(super) fn body(at: &Addresses<'_>, slug: &str, name: &str) -> OparlObject {
    OparlObject::Body(OparlBody {
        id: at.list("body"),
        r#type: schema("Body"),
        name: name.to_owned(),
        short_name: slug.to_owned(),
        organization: at.list("organization"),
        person: at.list("person"),
        meeting: at.list("meeting"),
        paper: at.list("paper"),
        legislative_term: Vec::new(),
    })
}

/// A committee.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OparlOrganization {
    id: String,
    r#type: String,
    body: String,
    name: String,
    /// Always `Gremium`, the word OParl recommends for a committee.
    organization_type: String,
    #[schema(example = "joint_committee")]
    classification: String,
    membership: Vec<String>,
    created: DateTime<Utc>,
}

pub(super) fn organization(at: &Addresses<'_>, of: Organization, memberships: &[Membership]) -> OparlObject {
    let own = memberships.iter().filter(|membership| membership.committee_id == of.committee_id);
    OparlObject::Organization(OparlOrganization {
        id: at.one("organization", of.committee_id),
        r#type: schema("Organization"),
        body: at.list("body"),
        membership: own.map(|m| at.within("person", m.person_id, m.membership_id)).collect(),
        name: of.name,
        organization_type: "Gremium".to_owned(),
        classification: of.basis,
        created: of.created_at,
    })
}

/// A member of a committee.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct OparlPerson {
    id: String,
    r#type: String,
    body: String,
    name: String,
    membership: Vec<OparlMembership>,
    created: DateTime<Utc>,
}

/// A person's place on a committee.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OparlMembership {
    id: String,
    r#type: String,
    organization: String,
    role: String,
    voting_right: bool,
    start_date: NaiveDate,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date: Option<NaiveDate>,
}

pub(super) fn person(at: &Addresses<'_>, of: Person, memberships: &[Membership]) -> OparlObject {
    let own = memberships.iter().filter(|membership| membership.person_id == of.person_id);
    let membership = own.map(|m| OparlMembership {
        id: at.within("person", m.person_id, m.membership_id),
        r#type: schema("Membership"),
        organization: at.one("organization", m.committee_id),
        role: m.role(),
        voting_right: m.voting,
        start_date: m.valid_from,
        end_date: m.valid_to,
    });
    OparlObject::Person(OparlPerson {
        id: at.one("person", of.person_id),
        r#type: schema("Person"),
        body: at.list("body"),
        membership: membership.collect(),
        name: of.name,
        created: of.created_at,
    })
}

/// A meeting and its agenda.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OparlMeeting {
    id: String,
    r#type: String,
    name: String,
    #[schema(example = "notified")]
    meeting_state: String,
    cancelled: bool,
    start: DateTime<Utc>,
    location: OparlLocation,
    organization: Vec<String>,
    agenda_item: Vec<OparlAgendaItem>,
    created: DateTime<Utc>,
}

/// A place, in words.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct OparlLocation {
    id: String,
    r#type: String,
    description: String,
}

/// An item of an agenda. Of an exempt one there is its number.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct OparlAgendaItem {
    id: String,
    r#type: String,
    number: String,
    order: usize,
    name: String,
    public: bool,
}

pub(super) fn meeting(at: &Addresses<'_>, of: Meeting, items: &[Item]) -> OparlObject {
    let id = of.meeting_id;
    let own = items.iter().filter(|item| item.meeting_id == id).enumerate();
    let agenda_item = own.map(|(order, item)| OparlAgendaItem {
        id: at.within("meeting", id, item.item_id),
        r#type: schema("AgendaItem"),
        number: item.label.clone(),
        order,
        name: item.open_title.clone().unwrap_or_else(|| EXEMPT.to_owned()),
        public: item.open_title.is_some(),
    });
    OparlObject::Meeting(OparlMeeting {
        id: at.one("meeting", id),
        r#type: schema("Meeting"),
        agenda_item: agenda_item.collect(),
        name: of.title,
        cancelled: of.state == "cancelled",
        meeting_state: of.state,
        start: of.starts_at,
        location: OparlLocation {
            id: format!("{}#location", at.one("meeting", id)),
            r#type: schema("Location"),
            description: of.place,
        },
        organization: vec![at.one("organization", of.committee_id)],
        created: of.created_at,
    })
}

/// A paper that is not exempt.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct OparlPaper {
    id: String,
    r#type: String,
    body: String,
    name: String,
    date: NaiveDate,
    created: DateTime<Utc>,
}

pub(super) fn paper(at: &Addresses<'_>, of: Paper) -> OparlObject {
    OparlObject::Paper(OparlPaper {
        id: at.one("paper", of.paper_id),
        r#type: schema("Paper"),
        body: at.list("body"),
        name: of.title,
        date: domain::day_in_england(of.added_at),
        created: of.added_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exempt_item_has_its_number_and_no_name() {
        let (meeting_id, item_id) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let of = Meeting {
            meeting_id,
            committee_id: Uuid::from_u128(3),
            title: "Ordinary meeting".into(),
            starts_at: DateTime::UNIX_EPOCH,
            place: "Town Hall".into(),
            state: "cancelled".into(),
            created_at: DateTime::UNIX_EPOCH,
        };
        let item = |item_id, label: &str, open_title: Option<&str>| Item {
            meeting_id,
            item_id,
            label: label.into(),
            open_title: open_title.map(str::to_owned),
        };
        let items = [item(item_id, "1", Some("Budget")), item(Uuid::from_u128(4), "2", None)];
        let shown = serde_json::json!(meeting(&Addresses("https://x.example/oparl"), of, &items));
        assert_eq!(shown["type"], "https://schema.oparl.org/1.1/Meeting");
        assert_eq!(shown["id"], format!("https://x.example/oparl?type=meeting&id={meeting_id}"));
        assert_eq!((&shown["cancelled"], &shown["agendaItem"][0]["name"]), (&true.into(), &"Budget".into()));
        let exempt = &shown["agendaItem"][1];
        assert_eq!(
            (&exempt["number"], &exempt["name"], &exempt["public"]),
            (&"2".into(), &EXEMPT.into(), &false.into())
        );
        assert_eq!(exempt["order"], 1);
    }
}
