//! The rules of a schedule. No SQL, no HTTP, no clock.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::OrganisationId;
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, drafts, problems};

use crate::{
    code_lists::DISABLED_FACILITIES_GRANT,
    funds::FundKind,
    rules,
    schemes::{NamedFunction, Side, check_functions},
};

/// In whose books a scheme's money is (IFRS 10 and 11: control decides, the pool is no entity).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AccountingTreatment {
    /// Controlled jointly: each partner takes its share.
    JointOperation,
    /// Controlled by one partner: gross in its books.
    SoleControl,
    /// Spent for another: net.
    Agency,
}

/// A schedule to set.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "pooled", "functions": [
        {"function": "adult_social_care", "owner": "01890a5d-ac96-774b-bcce-b302099a8057"}],
    "client_group": "Adults who need equipment to live at home", "services": "Community equipment, delivered and fitted",
    "lead": "01890a5d-ac96-774b-bcce-b302099a8057", "delivering": "01890a5d-ac96-774b-bcce-b302099a8057",
    "accounting_treatment": "joint_operation", "capital": false, "recurrent": true}))]
pub(crate) struct ScheduleDraft {
    /// Whether the scheme's money is pooled, aligned or in view. Pooled only in a pooled fund.
    pub(super) kind: FundKind,
    /// What it is done under, and whose functions those are.
    #[schema(min_items = 1, max_items = 50)]
    pub(super) functions: Vec<NamedFunction>,
    /// The persons it is for.
    #[schema(min_length = 1, max_length = 500)]
    pub(super) client_group: String,
    /// The kinds of services.
    #[schema(min_length = 1, max_length = 1000)]
    pub(super) services: String,
    /// The partner that leads it.
    pub(super) lead: OrganisationId,
    /// The body that delivers it: VAT follows it.
    pub(super) delivering: OrganisationId,
    /// The contract it is delivered under.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub(super) delivered_under: Option<String>,
    /// Which staff moved, and how.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub(super) staff_transfer: Option<String>,
    pub(super) accounting_treatment: AccountingTreatment,
    /// Capital never funds revenue (Local Government Act 2003 s16).
    pub(super) capital: bool,
    /// The grant or purpose its money is held for; what is left of it stays with it.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub(super) ring_fence: Option<String>,
    /// Whether it goes on year after year.
    pub(super) recurrent: bool,
    /// The last day it runs; none where it has no end.
    #[serde(default)]
    pub(super) runs_to: Option<NaiveDate>,
    /// The neighbourhood or ward it is delivered in.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub(super) place: Option<String>,
}

impl ScheduleDraft {
    /// Holds it to rules 8 to 10. `sides` holds every body of the borough's that it names.
    pub(super) fn check(&self, fund: FundKind, sides: &HashMap<OrganisationId, Option<Side>>) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.optional_text("/delivered_under", self.delivered_under.as_deref(), 500);
        faults.optional_text("/staff_transfer", self.staff_transfer.as_deref(), 1000);
        faults.optional_text("/ring_fence", self.ring_fence.as_deref(), 100);
        faults.optional_text("/place", self.place.as_deref(), 200);
        if let Some(day) = self.runs_to {
            drafts::known_day(&mut faults, "/runs_to", day);
        }
        let inside = self.kind != FundKind::Pooled || fund == FundKind::Pooled;
        faults.unless(inside, "/kind", "The fund is not pooled, so none of its schemes is.");
        faults.none()?;
        for (pointer, text, most) in [("/client_group", &self.client_group, 500), ("/services", &self.services, 1000)] {
            let mut said = Faults::default();
            said.text(pointer, text, most);
            if said.none().is_err() {
                return Err(rules::CLIENT_GROUP.broken(pointer, format_args!("State it in 1 to {most} characters.")));
            }
        }
        for (pointer, body) in [("/lead", self.lead), ("/delivering", self.delivering)] {
            if !sides.contains_key(&body) {
                return Err(drafts::unknown(pointer, "organisation"));
            }
        }
        for (at, named) in self.functions.iter().enumerate() {
            if named.exercised_by.is_some_and(|body| !sides.contains_key(&body)) {
                return Err(drafts::unknown(&format!("/functions/{at}/exercised_by"), "organisation"));
            }
        }
        let pooled = self.kind == FundKind::Pooled;
        check_functions(&self.functions, pooled, |id| sides.get(&id).copied().flatten())
    }

    /// What cannot change once money has moved: whose it is and what it is held for. What was posted would tell
    /// another story than it did (rules 21, 26 and 29). Without a schedule a scheme is as its fund is, revenue, and free.
    pub(super) fn keeps(&self, before: Option<&ScheduleBody>, fund: FundKind) -> Result<(), Problem> {
        let was = before.map_or((fund, false, None), |was| (was.kind, was.capital, was.ring_fence.as_deref()));
        let is = (self.kind, self.capital, self.ring_fence.as_deref().map(str::trim));
        if was == is {
            return Ok(());
        }
        let detail = "Money has moved on this scheme. Whether it is pooled, capital or ring-fenced stays as it is: set up another scheme, and move what belongs there.";
        Err(Problem::of_fault(&problems::CONFLICT, if was.0 == is.0 { "/ring_fence" } else { "/kind" }, detail))
    }

    /// Every body it names.
    pub(super) fn bodies(&self) -> Vec<OrganisationId> {
        let functions = self.functions.iter().flat_map(|named| [Some(named.owner), named.exercised_by]);
        functions.flatten().chain([self.lead, self.delivering]).collect()
    }
}

/// What an agreement says of a scheme.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ScheduleBody {
    pub(crate) kind: FundKind,
    pub(crate) functions: Vec<NamedFunction>,
    pub(crate) client_group: String,
    pub(crate) services: String,
    pub(crate) lead: OrganisationId,
    pub(crate) delivering: OrganisationId,
    pub(crate) delivered_under: Option<String>,
    pub(crate) staff_transfer: Option<String>,
    pub(crate) accounting_treatment: AccountingTreatment,
    pub(crate) capital: bool,
    pub(crate) ring_fence: Option<String>,
    pub(crate) recurrent: bool,
    pub(crate) runs_to: Option<NaiveDate>,
    pub(crate) place: Option<String>,
    pub(crate) set_at: DateTime<Utc>,
    #[serde(skip)]
    pub(crate) version: i64,
}

/// How a scheme's money is held. Budget does not cross from one way to another (rule 29).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) capital: bool,
    pub(crate) ring_fence: Option<String>,
}

impl Held {
    /// Goes on where budget held this way may be given to what is held the other way; `pointer` names who takes it.
    pub(crate) fn may_give(&self, to: &Self, pointer: impl Into<String>) -> Result<(), Problem> {
        if self.capital != to.capital {
            let detail = "One scheme is capital and the other revenue. Neither's budget goes to the other.";
            return Err(rules::VIREMENT_WALLS.broken(pointer, detail));
        }
        if self.ring_fence != to.ring_fence {
            let name = |held: &Self| held.ring_fence.clone().unwrap_or_else(|| "no ring-fence".into());
            let detail = format!("It would cross a ring-fence: from {} to {}.", name(self), name(to));
            return Err(rules::VIREMENT_WALLS.broken(pointer, detail));
        }
        Ok(())
    }
}

/// Whether a scheme may be paid for from a source of the Better Care Fund: the Disabled Facilities Grant is capital
/// (rule 29). Without a schedule nothing is known against it.
pub(crate) fn may_be_paid_from(schedule: Option<&ScheduleBody>, bcf_source: Option<&str>) -> Result<(), Problem> {
    let revenue = schedule.is_some_and(|schedule| !schedule.capital);
    if revenue && bcf_source == Some(DISABLED_FACILITIES_GRANT) {
        let detail = "The Disabled Facilities Grant is capital, and the scheme's schedule says that it is revenue.";
        return Err(rules::VIREMENT_WALLS.broken("/bcf_source", detail));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::schemes::Function;

    const COUNCIL: OrganisationId = OrganisationId(Uuid::from_u128(1));
    const GROUP: OrganisationId = OrganisationId(Uuid::from_u128(2));

    fn plain() -> ScheduleDraft {
        ScheduleDraft {
            kind: FundKind::Pooled,
            functions: vec![NamedFunction {
                function: Function::CommunityHealth,
                owner: GROUP,
                exercised_by: Some(COUNCIL),
            }],
            client_group: "Adults".into(),
            services: "Community nursing".into(),
            lead: COUNCIL,
            delivering: COUNCIL,
            delivered_under: None,
            staff_transfer: None,
            accounting_treatment: AccountingTreatment::JointOperation,
            capital: false,
            ring_fence: None,
            recurrent: true,
            runs_to: None,
            place: Some("Scholes".into()),
        }
    }

    fn refused(change: impl FnOnce(&mut ScheduleDraft), fund: FundKind) -> Option<&'static str> {
        let mut draft = plain();
        change(&mut draft);
        let sides = HashMap::from([(COUNCIL, Some(Side::LocalAuthority)), (GROUP, Some(Side::Nhs))]);
        draft.check(fund, &sides).err().map(|problem| problem.kind().slug)
    }

    #[test]
    fn stockports_surgery_is_not_pooled_but_may_stand_beside() {
        let surgery = |draft: &mut ScheduleDraft| draft.functions[0].function = Function::Surgery;
        assert_eq!(refused(surgery, FundKind::Pooled), Some("rule-broken"));
        let aligned = |draft: &mut ScheduleDraft| {
            surgery(draft);
            draft.kind = FundKind::Aligned;
        };
        assert_eq!(refused(aligned, FundKind::Pooled), None);
    }

    #[test]
    fn rule_29_how_money_is_held_stays_once_it_has_moved() {
        let mut draft = plain();
        assert!(draft.keeps(None, FundKind::Pooled).is_ok(), "as a scheme without a schedule is");
        draft.ring_fence = Some("A grant".into());
        assert!(draft.keeps(None, FundKind::Pooled).is_err());
        draft.ring_fence = None;
        draft.capital = true;
        assert!(draft.keeps(None, FundKind::Pooled).is_err());
        draft.capital = false;
        draft.kind = FundKind::Aligned;
        assert!(draft.keeps(None, FundKind::Pooled).is_err());
    }

    #[test]
    fn rule_29_the_disabled_facilities_grant_pays_for_no_revenue() {
        let schedule = |capital| ScheduleBody {
            kind: FundKind::Pooled,
            functions: Vec::new(),
            client_group: "Adults".into(),
            services: "Adaptations".into(),
            lead: COUNCIL,
            delivering: COUNCIL,
            delivered_under: None,
            staff_transfer: None,
            accounting_treatment: AccountingTreatment::SoleControl,
            capital,
            ring_fence: None,
            recurrent: true,
            runs_to: None,
            place: None,
            set_at: DateTime::UNIX_EPOCH,
            version: 1,
        };
        let may = |capital, source| may_be_paid_from(Some(&schedule(capital)), Some(source)).is_ok();
        assert!(may(true, "dfg") && !may(false, "dfg") && may(false, "nhs-minimum-contribution"));
        assert!(may_be_paid_from(None, Some("dfg")).is_ok() && may_be_paid_from(Some(&schedule(false)), None).is_ok());
    }

    #[test]
    fn rule_10_client_group_and_services_are_stated() {
        assert_eq!(refused(|_| {}, FundKind::Pooled), None);
        assert_eq!(refused(|draft| draft.client_group = " ".into(), FundKind::Pooled), Some("rule-broken"));
        assert_eq!(refused(|draft| draft.services = String::new(), FundKind::Pooled), Some("rule-broken"));
        assert_eq!(refused(|_| {}, FundKind::Aligned), Some("content-invalid"), "nothing is pooled in an aligned fund");
        let nobody = OrganisationId(Uuid::nil());
        assert_eq!(refused(|draft| draft.delivering = nobody, FundKind::Pooled), Some("unknown-reference"));
        assert_eq!(
            refused(|draft| draft.functions[0].exercised_by = Some(nobody), FundKind::Pooled),
            Some("unknown-reference")
        );
    }
}
