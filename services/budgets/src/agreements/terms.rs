//! What a section 75 agreement must say (SI 2000/617 reg 7(3), 8 and 9). No SQL, no HTTP, no clock.

use serde::{Deserialize, Serialize};
use web::Faults;

use crate::{
    funds::LegalBasis,
    schemes::{FUNCTIONS_MAX, NamedFunction},
};

/// What the partners agreed to do under section 75.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Flexibility {
    /// A fund both pay into and spend from (SI 2000/617 reg 7).
    PooledFund,
    /// One exercises the other's functions (reg 8, reg 9).
    LeadCommissioning,
    /// One provides what both are to provide (reg 8, reg 9).
    IntegratedProvision,
}

/// What an agreement says, by the items of SI 2000/617 reg 7(3). A draft may leave some out; its checks name them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Terms {
    /// Reg 7(3)(a): the agreed aims and outcomes.
    #[schema(max_length = 5000)]
    pub(crate) aims: Option<String>,
    /// Reg 7(3)(b): what each partner contributes; for a lead arrangement, what it pays (reg 8, reg 9).
    #[schema(max_length = 5000)]
    pub(crate) contributions: Option<String>,
    /// Reg 7(3)(b): how contributions may be varied.
    #[schema(max_length = 5000)]
    pub(crate) contributions_varied: Option<String>,
    /// Reg 7(3)(c): the NHS functions and the health-related functions it is about.
    #[schema(max_items = 50)]
    pub(crate) functions: Vec<NamedFunction>,
    /// Reg 7(3)(d): the persons for whom services are provided.
    #[schema(max_length = 5000)]
    pub(crate) client_groups: Option<String>,
    /// Reg 7(3)(d): the kinds of services.
    #[schema(max_length = 5000)]
    pub(crate) services: Option<String>,
    /// Reg 7(3)(e): staff, goods, services and accommodation provided by the partners.
    #[schema(max_length = 5000)]
    pub(crate) resources: Option<String>,
    /// Reg 7(3)(f): how long it lasts.
    #[schema(max_length = 5000)]
    pub(crate) duration: Option<String>,
    /// Reg 7(3)(f): how it is reviewed.
    #[schema(max_length = 5000)]
    pub(crate) review: Option<String>,
    /// Reg 7(3)(f): how it is varied.
    #[schema(max_length = 5000)]
    pub(crate) variation: Option<String>,
    /// Reg 7(3)(f): how it is terminated.
    #[schema(max_length = 5000)]
    pub(crate) termination: Option<String>,
    /// Reg 7(3)(g): how the fund, or what is done with the payments, is managed and monitored.
    #[schema(max_length = 5000)]
    pub(crate) management: Option<String>,
    /// Reg 4(1): how the arrangement is likely to improve the way the functions are exercised.
    #[schema(max_length = 5000)]
    pub(crate) improvement: Option<String>,
    /// How VAT is treated.
    #[schema(max_length = 1000)]
    pub(crate) vat_regime: Option<String>,
    /// How a dispute is settled.
    #[schema(max_length = 1000)]
    pub(crate) dispute_route: Option<String>,
    /// Months of notice a partner gives.
    #[schema(minimum = 0, maximum = 60)]
    pub(crate) notice_months: Option<u32>,
}

impl Terms {
    fn texts(&self) -> [(&'static str, Option<&str>, usize); 14] {
        [
            ("aims", self.aims.as_deref(), 5000),
            ("contributions", self.contributions.as_deref(), 5000),
            ("contributions_varied", self.contributions_varied.as_deref(), 5000),
            ("client_groups", self.client_groups.as_deref(), 5000),
            ("services", self.services.as_deref(), 5000),
            ("resources", self.resources.as_deref(), 5000),
            ("duration", self.duration.as_deref(), 5000),
            ("review", self.review.as_deref(), 5000),
            ("variation", self.variation.as_deref(), 5000),
            ("termination", self.termination.as_deref(), 5000),
            ("management", self.management.as_deref(), 5000),
            ("improvement", self.improvement.as_deref(), 5000),
            ("vat_regime", self.vat_regime.as_deref(), 1000),
            ("dispute_route", self.dispute_route.as_deref(), 1000),
        ]
    }

    /// Notes what is wrong with what is there. What is not there is no fault of a draft.
    pub(super) fn check(&self, faults: &mut Faults) {
        for (field, text, most) in self.texts() {
            faults.optional_text(format!("/terms/{field}"), text, most);
        }
        let months = self.notice_months.is_none_or(|months| months <= 60);
        faults.unless(months, "/terms/notice_months", "From 0 to 60 months.");
        let few = self.functions.len() <= FUNCTIONS_MAX;
        faults.unless(few, "/terms/functions", format_args!("At most {FUNCTIONS_MAX} functions."));
    }

    /// The statutory items it leaves out, each as the regulation names it.
    pub(super) fn missing(&self, basis: LegalBasis) -> Vec<Missing> {
        let pays = matches!(basis, LegalBasis::S75Reg8 | LegalBasis::S75Reg9);
        let money = if pays { "what is paid" } else { "what each partner contributes" };
        let needed = [
            ("7(3)(a)", "the agreed aims and outcomes", self.aims.is_some()),
            ("7(3)(b)", money, self.contributions.is_some()),
            ("7(3)(b)", "how that may be varied", self.contributions_varied.is_some()),
            ("7(3)(c)", "the functions of both sides", !self.functions.is_empty()),
            ("7(3)(d)", "the persons services are provided for", self.client_groups.is_some()),
            ("7(3)(d)", "the kinds of services", self.services.is_some()),
            ("7(3)(e)", "staff, goods, services and accommodation", self.resources.is_some()),
            ("7(3)(f)", "its duration", self.duration.is_some()),
            ("7(3)(f)", "how it is reviewed", self.review.is_some()),
            ("7(3)(f)", "how it is varied", self.variation.is_some()),
            ("7(3)(f)", "how it is terminated", self.termination.is_some()),
            ("7(3)(g)", "how the money is managed and monitored", self.management.is_some()),
        ];
        needed.into_iter().filter(|(_, _, there)| !there).map(|(item, what, _)| Missing { item, what }).collect()
    }

    /// The first field that another version states and these leave out or, of functions and notice, change.
    pub(super) fn takes_out_of(&self, before: &Self) -> Option<&'static str> {
        let texts = self.texts().into_iter().zip(before.texts());
        let mut gone = texts.filter(|((_, now, _), (_, was, _))| was.is_some() && now.is_none());
        let functions = (self.functions != before.functions).then_some("functions");
        let notice = (self.notice_months != before.notice_months).then_some("notice_months");
        gone.next().map(|((field, ..), _)| field).or(functions).or(notice)
    }
}

/// A statutory item that an agreement leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) item: &'static str,
    pub(super) what: &'static str,
}

#[cfg(test)]
pub(super) fn whole() -> Terms {
    use domain::OrganisationId;
    use uuid::Uuid;

    use crate::schemes::Function;
    let says = || Some("As agreed".to_owned());
    let named =
        |function, owner| NamedFunction { function, owner: OrganisationId(Uuid::from_u128(owner)), exercised_by: None };
    Terms {
        aims: says(),
        contributions: says(),
        contributions_varied: says(),
        functions: vec![named(Function::AdultSocialCare, 1), named(Function::CommunityHealth, 2)],
        client_groups: says(),
        services: says(),
        resources: says(),
        duration: says(),
        review: says(),
        variation: says(),
        termination: says(),
        management: says(),
        improvement: says(),
        vat_regime: None,
        dispute_route: None,
        notice_months: Some(6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_01_all_seven_statutory_items_are_asked_for() {
        let missing = Terms::default().missing(LegalBasis::S75Reg7);
        let mut items: Vec<&str> = missing.iter().map(|one| one.item).collect();
        items.dedup();
        assert_eq!(items, ["7(3)(a)", "7(3)(b)", "7(3)(c)", "7(3)(d)", "7(3)(e)", "7(3)(f)", "7(3)(g)"]);
        assert!(whole().missing(LegalBasis::S75Reg7).is_empty());
        let lead = Terms { contributions: None, ..whole() };
        assert_eq!(lead.missing(LegalBasis::S75Reg9), [Missing { item: "7(3)(b)", what: "what is paid" }]);
    }

    #[test]
    fn rule_02_an_item_that_is_blank_is_refused() {
        let mut faults = Faults::default();
        Terms { aims: Some("  ".into()), ..whole() }.check(&mut faults);
        assert!(faults.none().is_err());
        let mut faults = Faults::default();
        whole().check(&mut faults);
        assert!(faults.none().is_ok());
    }
}
