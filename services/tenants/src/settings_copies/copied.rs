//! What is copied from a sandbox. No SQL, no HTTP, no clock.

use auth::Mode;
use serde::{Deserialize, Serialize};
use web::{Problem, problems};

use crate::{organisations::OrganisationBody, security_contacts::SecurityContactBody};

/// What a new sandbox is filled with says that it is made up: that stays there.
const MADE_UP: &str = "Made up, for trying things out";

/// Nothing to say yet: all that is new is copied.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub(crate) struct SettingsCopyDraft {}

/// What was copied, and what was not.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
#[schema(as = SettingsCopy)]
pub(crate) struct SettingsCopyBody {
    /// The bodies that are recorded now, by name.
    pub(crate) organisations: Vec<String>,
    /// How many other names of bodies are.
    pub(crate) aliases: usize,
    /// Whether the security contact is.
    pub(crate) security_contact: bool,
    /// What was left, and why.
    pub(crate) left: Vec<LeftThere>,
}

/// Something of the sandbox that was not copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct LeftThere {
    #[schema(example = "Sefton Council (sandbox)")]
    pub(crate) name: String,
    #[schema(example = "It is made up.")]
    pub(crate) why: &'static str,
}

/// Goes on for the live borough: nothing is copied the other way.
///
/// # Errors
/// 409 for a sandbox.
pub(crate) fn only_to_live(mode: Mode) -> Result<(), Problem> {
    match mode {
        Mode::Live => Ok(()),
        Mode::Sandbox => {
            let detail = "Settings are copied from the sandbox to the live borough: ask with a token of the live one.";
            Err(Problem::new(&problems::CONFLICT, detail))
        }
    }
}

/// Why a body of the sandbox is not copied; `None` where it is.
pub(crate) fn stays(body: &OrganisationBody, live: &[OrganisationBody]) -> Option<&'static str> {
    if body.source == MADE_UP {
        return Some("It is made up.");
    }
    there_already(body, live).map(|_| "The live borough has recorded it already.")
}

/// Why the security contact of the sandbox is not copied; `None` where it is.
pub(crate) fn contact_stays(contact: &SecurityContactBody, live_has_named_one: bool) -> Option<&'static str> {
    if contact.recorded_by == tenancy::SEEDER {
        return Some("It is made up.");
    }
    live_has_named_one.then_some("The live borough has named a security contact.")
}

/// The body of the live borough that it is: of the same kind and code, or of the same name where it has none, on some of the
/// same days.
pub(crate) fn there_already<'a>(body: &OrganisationBody, live: &'a [OrganisationBody]) -> Option<&'a OrganisationBody> {
    let same = |other: &&OrganisationBody| {
        let named = || body.name.eq_ignore_ascii_case(&other.name);
        let known = match (&body.ods, &body.gss) {
            (Some(ods), _) => other.ods.as_ref() == Some(ods),
            (None, Some(gss)) => other.gss.as_ref() == Some(gss),
            (None, None) => named(),
        };
        let ends = |one: &OrganisationBody, begins| one.valid_to.is_none_or(|last| last >= begins);
        known && body.kind == other.kind && ends(body, other.valid_from) && ends(other, body.valid_from)
    };
    live.iter().find(same)
}

#[cfg(test)]
mod tests {
    use domain::OrganisationId;

    use super::*;

    fn body(name: &str, ods: Option<&str>, days: (&str, Option<&str>)) -> OrganisationBody {
        let day = |text: &str| text.parse().expect("a day");
        OrganisationBody {
            id: OrganisationId(uuid::Uuid::nil()),
            kind: serde_json::from_value("provider".into()).expect("a kind"),
            name: name.into(),
            ods: ods.map(|code| code.parse().expect("a code")),
            gss: None,
            valid_from: day(days.0),
            valid_to: days.1.map(day),
            aliases: vec![],
            predecessors: vec![],
            successors: vec![],
            source: "A register".into(),
        }
    }

    #[test]
    fn a_new_sandbox_says_of_its_bodies_that_they_are_made_up() {
        let steps: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../../data/sandbox.json")).expect("a list of steps");
        let bodies = steps.iter().filter(|step| step["post"].as_str().is_some_and(|to| to.ends_with("/organisations")));
        let sources: Vec<_> = bodies.map(|step| step["body"]["source"].as_str()).collect();
        assert!(!sources.is_empty() && sources.iter().all(|source| *source == Some(MADE_UP)));
    }

    #[test]
    fn the_contact_somebody_named_is_copied_once() {
        let contact = |by: &str| SecurityContactBody {
            id: domain::SecurityContactId(uuid::Uuid::nil()),
            office: "Information security".into(),
            email: "security@council.example".into(),
            telephone: None,
            recorded_at: chrono::DateTime::UNIX_EPOCH,
            recorded_by: by.into(),
        };
        assert_eq!(contact_stays(&contact("borough.sefton.sandbox.1"), false), None);
        assert!(contact_stays(&contact("borough.sefton.sandbox.1"), true).is_some());
        assert!(contact_stays(&contact(tenancy::SEEDER), false).is_some());
    }

    #[test]
    fn what_is_made_up_or_there_already_stays_in_the_sandbox() {
        let trust = body("A trust", Some("RM3"), ("2021-10-01", None));
        assert_eq!(stays(&trust, &[]), None);
        assert!(stays(&trust, std::slice::from_ref(&trust)).is_some());
        let earlier = body("Another", Some("RM3"), ("2010-01-01", Some("2021-09-30")));
        assert_eq!(stays(&trust, &[earlier]), None, "a code lives on after a body ends");
        let made_up = OrganisationBody { source: MADE_UP.into(), ..trust.clone() };
        assert!(stays(&made_up, &[]).is_some());
        let home = body("A care home", None, ("2015-04-01", None));
        assert!(stays(&home, &[body("a CARE home", None, ("2016-04-01", None))]).is_some());
        assert_eq!(stays(&home, &[body("Another home", None, ("2016-04-01", None))]), None);
        assert!(only_to_live(Mode::Sandbox).is_err() && only_to_live(Mode::Live).is_ok());
    }
}
