//! The checklist. No SQL, no HTTP, no clock.

use chrono::NaiveDate;
use domain::BoroughId;
use serde::{Deserialize, Serialize};
use web::{Problem, Row, problems};

use super::waiver::WaiverBody;
use crate::boroughs::BoroughState;

/// What a borough does before it goes live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Task {
    /// A data-sharing agreement is signed.
    DataSharing,
    /// Somebody can be reached when something is wrong.
    SecurityContact,
    /// Two administrators can act.
    Administrators,
    /// The council and its NHS partner are recorded under valid codes.
    Organisations,
    /// A client of the borough's own systems has a working secret or key.
    Keys,
    /// Such a client has signed in.
    FirstCall,
    /// A section 75 agreement is recorded.
    Agreement,
    /// The constitution of a committee is entered.
    Constitution,
    /// The codes of the borough's ledger are mapped to schemes.
    SchemeCodes,
    /// A month was soft-closed with every payment explained.
    Reconciliation,
    /// A webhook took a delivery.
    Webhook,
}

impl Task {
    /// All of them, in the order they are best done.
    pub(crate) const ALL: [Self; 11] = [
        Self::DataSharing,
        Self::SecurityContact,
        Self::Administrators,
        Self::Organisations,
        Self::Keys,
        Self::FirstCall,
        Self::Agreement,
        Self::Constitution,
        Self::SchemeCodes,
        Self::Reconciliation,
        Self::Webhook,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::DataSharing => "Data-sharing agreement signed",
            Self::SecurityContact => "Security contact named",
            Self::Administrators => "Two administrators",
            Self::Organisations => "Council and NHS partner recorded",
            Self::Keys => "Secret or key of your systems set up",
            Self::FirstCall => "First call of your systems seen",
            Self::Agreement => "Section 75 agreement recorded",
            Self::Constitution => "Committee's constitution entered",
            Self::SchemeCodes => "Ledger codes mapped to schemes",
            Self::Reconciliation => "A month reconciled",
            Self::Webhook => "Webhook took a delivery",
        }
    }

    /// How it is done, with the path below the borough.
    fn how(self) -> &'static str {
        match self {
            Self::DataSharing => "POST data-sharing-agreements: its version, the office that signed, the day.",
            Self::SecurityContact => "POST security-contacts: an office and its mailbox.",
            Self::Administrators => {
                "POST clients with the role admin, or POST invitations to a second administrator, who signs in."
            }
            Self::Organisations => {
                "POST organisations: the council under the borough's own GSS code, and the integrated care board under its ODS code."
            }
            Self::Keys => "POST clients with the role system: with a secret, or with public keys or a jwks_uri.",
            Self::FirstCall => "Let your system get a token at /oauth2/token with that client.",
            Self::Agreement => "POST agreements: legal basis, parties, aims, functions.",
            Self::Constitution => "POST committees, then the committee's constitution.",
            Self::SchemeCodes => "POST funds/{fund}/ledger-sources with its codes mapped to accounts and schemes.",
            Self::Reconciliation => {
                "Record the payments of a month, match what GET funds/{fund}/years/{year}/reconciliation cannot explain, and soft-close the period."
            }
            Self::Webhook => "POST webhooks, then POST webhooks/{webhook}/tests, and answer it with 2xx.",
        }
    }
}

/// What is known of a borough.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    /// Whether its council is recorded for today, under its own GSS code.
    pub(super) council: bool,
    /// Whether an NHS body with an ODS code is recorded for today.
    pub(super) nhs_body: bool,
    /// Those who can administer it: people, and clients.
    pub(super) administrators: i64,
    pub(super) security_contact: Option<String>,
    pub(super) data_sharing: Option<String>,
    /// Clients of its systems with a working secret or key.
    pub(super) systems: i64,
    /// The last day on which one of them signed in.
    pub(super) called_on: Option<NaiveDate>,
    /// The paths of what other services say was done.
    pub(super) agreement: Option<String>,
    pub(super) constitution: Option<String>,
    pub(super) scheme_codes: Option<String>,
    pub(super) reconciliation: Option<String>,
    /// The address of a webhook that took a delivery.
    pub(super) webhook: Option<String>,
    pub(super) waivers: Vec<WaiverBody>,
}

/// How a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TaskState {
    Done,
    /// Not done, and a platform officer let it pass.
    Waived,
    Missing,
}

/// A task of the checklist.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct TaskBody {
    pub(crate) task: Task,
    #[schema(example = "Two administrators")]
    pub(crate) title: &'static str,
    pub(crate) state: TaskState,
    /// What fulfils it, or what is missing.
    #[schema(example = "There is one administrator; if they are away, nobody can act.")]
    pub(crate) finding: String,
    /// How it is done; paths are below the borough's.
    #[schema(
        example = "POST clients with the role admin, or POST invitations to a second administrator, who signs in."
    )]
    pub(crate) how: &'static str,
    /// Why it may be missing.
    pub(crate) waiver: Option<WaiverBody>,
}

impl Row for TaskBody {
    const COLUMNS: &'static [&'static str] = &["task", "title", "state", "finding", "how"];
}

/// What a borough still lacks before it can go live.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ChecklistBody {
    pub(crate) borough: BoroughId,
    pub(crate) state: BoroughState,
    /// Whether nothing is missing.
    pub(crate) ready: bool,
    /// How many tasks are done or waived.
    #[schema(example = 9)]
    pub(crate) settled: usize,
    #[schema(example = 11)]
    pub(crate) of: usize,
    pub(crate) data: Vec<TaskBody>,
    pub(crate) next_cursor: Option<String>,
}

impl Facts {
    /// What fulfils a task, or what is missing.
    fn finding(&self, task: Task) -> Result<String, String> {
        let there = |what: &Option<String>, missing: &str| what.clone().ok_or_else(|| missing.to_owned());
        match task {
            Task::DataSharing => there(&self.data_sharing, "No signed agreement is recorded."),
            Task::SecurityContact => there(&self.security_contact, "Nobody is named to be reached."),
            Task::Administrators => match self.administrators {
                ..=0 => Err("There is no administrator.".into()),
                1 => Err("There is one administrator; if they are away, nobody can act.".into()),
                many => Ok(format!("{many} administrators")),
            },
            Task::Organisations => match (self.council, self.nhs_body) {
                (true, true) => Ok("The council and an NHS body".into()),
                (false, true) => Err("The council is not recorded for today under the borough's GSS code.".into()),
                (true, false) => Err("No NHS body with an ODS code is recorded for today.".into()),
                (false, false) => Err("Neither the council nor an NHS body is recorded for today.".into()),
            },
            Task::Keys if self.systems > 0 => Ok(format!("{} working", self.systems)),
            Task::Keys => Err("No client of the role system has a working secret or key.".into()),
            Task::FirstCall => {
                let day = self.called_on.ok_or("No client of the role system has got a token yet.")?;
                Ok(format!("Last on {day}"))
            }
            Task::Agreement => there(&self.agreement, "No section 75 agreement is recorded."),
            Task::Constitution => there(&self.constitution, "No committee has a constitution."),
            Task::SchemeCodes => there(&self.scheme_codes, "No ledger source maps codes to schemes."),
            Task::Reconciliation => {
                there(&self.reconciliation, "No period was soft-closed with every payment explained.")
            }
            Task::Webhook => there(&self.webhook, "No webhook has taken a delivery."),
        }
    }

    /// Every task, and how it stands.
    pub(super) fn tasks(&self) -> Vec<TaskBody> {
        let told = |task: Task| {
            let waiver = self.waivers.iter().find(|waiver| waiver.task == task).cloned();
            let (state, finding) = match self.finding(task) {
                Ok(done) => (TaskState::Done, done),
                Err(missing) if waiver.is_some() => (TaskState::Waived, missing),
                Err(missing) => (TaskState::Missing, missing),
            };
            let waiver = waiver.filter(|_| state == TaskState::Waived);
            TaskBody { task, title: task.title(), state, finding, how: task.how(), waiver }
        };
        Task::ALL.into_iter().map(told).collect()
    }
}

/// Goes on where nothing is missing.
///
/// # Errors
/// 409 that names everything missing, and how it is done.
pub(crate) fn unmet(facts: &Facts) -> Result<(), Problem> {
    let missing: Vec<TaskBody> = facts.tasks().into_iter().filter(|task| task.state == TaskState::Missing).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let told: Vec<String> = missing.iter().map(|task| format!("{}: {}", task.title, task.finding)).collect();
    let detail = format!(
        "{} of {} tasks are missing, and none of these is waived. {}",
        missing.len(),
        Task::ALL.len(),
        told.join(" ")
    );
    Err(Problem::new(&problems::ONBOARDING_INCOMPLETE, detail).with("missing", serde_json::json!(missing)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Facts {
        let some = || Some("there".to_owned());
        Facts {
            council: true,
            nhs_body: true,
            administrators: 2,
            security_contact: some(),
            data_sharing: some(),
            systems: 1,
            called_on: NaiveDate::from_ymd_opt(2026, 4, 1),
            agreement: some(),
            constitution: some(),
            scheme_codes: some(),
            reconciliation: some(),
            webhook: some(),
            waivers: Vec::new(),
        }
    }

    fn waiver(task: Task) -> WaiverBody {
        WaiverBody {
            task,
            reason: "A test".into(),
            illustrative: true,
            waived_by: "an officer".into(),
            waived_at: chrono::DateTime::UNIX_EPOCH,
        }
    }

    fn missing(facts: &Facts) -> Vec<Task> {
        facts.tasks().into_iter().filter(|task| task.state == TaskState::Missing).map(|task| task.task).collect()
    }

    #[test]
    fn each_fact_is_asked_for_by_its_own_task() {
        assert!(unmet(&all()).is_ok());
        assert_eq!(missing(&Facts::default()), Task::ALL);
        type Lacks = fn(&mut Facts);
        let lacks: [(Task, Lacks); 12] = [
            (Task::Organisations, |facts| facts.council = false),
            (Task::Organisations, |facts| facts.nhs_body = false),
            (Task::Administrators, |facts| facts.administrators = 1),
            (Task::SecurityContact, |facts| facts.security_contact = None),
            (Task::DataSharing, |facts| facts.data_sharing = None),
            (Task::Keys, |facts| facts.systems = 0),
            (Task::FirstCall, |facts| facts.called_on = None),
            (Task::Agreement, |facts| facts.agreement = None),
            (Task::Constitution, |facts| facts.constitution = None),
            (Task::SchemeCodes, |facts| facts.scheme_codes = None),
            (Task::Reconciliation, |facts| facts.reconciliation = None),
            (Task::Webhook, |facts| facts.webhook = None),
        ];
        for (task, lack) in lacks {
            let mut facts = all();
            lack(&mut facts);
            assert_eq!(missing(&facts), [task]);
            let problem = unmet(&facts).expect_err("it is missing");
            assert_eq!(problem.status().as_u16(), 409);
            facts.waivers = vec![waiver(task)];
            assert!(unmet(&facts).is_ok(), "{task:?} may be waived");
        }
    }

    #[test]
    fn a_waiver_is_not_shown_of_what_is_done() {
        let facts = Facts { waivers: vec![waiver(Task::Webhook)], ..all() };
        assert!(facts.tasks().iter().all(|task| task.state == TaskState::Done && task.waiver.is_none()));
        let facts = Facts { webhook: None, ..facts };
        let shown: Vec<_> = facts.tasks().into_iter().filter(|task| task.waiver.is_some()).collect();
        assert_eq!(shown.len(), 1);
        assert_eq!((shown[0].task, shown[0].state), (Task::Webhook, TaskState::Waived));
    }
}
