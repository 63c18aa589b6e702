//! What the tenants service tells.

use chrono::NaiveDate;
use domain::{BoroughId, Gss, Ods, OrganisationId, Slug};
use serde::{Deserialize, Serialize};

use crate::Event;

/// A borough is in a region from a day on; or is a sandbox, and in none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoroughPlaced {
    /// The tenant.
    pub borough_id: BoroughId,
    /// Its name in paths.
    pub slug: Slug,
    /// Its code.
    pub gss: Gss,
    /// Its name.
    pub name: String,
    /// The region that expects its figures.
    pub region: Option<Slug>,
    /// The first day the region expects them.
    pub region_from: Option<NaiveDate>,
}

impl Event for BoroughPlaced {
    const KIND: &'static str = "borough-placed.v1";
    const CONSUMERS: &'static [&'static str] = &["budgets", "governance"];
    fn aggregate(&self) -> String {
        format!("borough/{}", self.borough_id)
    }
}

/// A borough recorded a body, or changed what it has recorded of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganisationRecorded {
    /// The body, as this borough records it.
    pub organisation_id: OrganisationId,
    /// `council`, `ccg`, `icb`, `nhs_trust` or `provider`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its NHS code.
    pub ods: Option<Ods>,
    /// Its geography code.
    pub gss: Option<Gss>,
    /// The first day it exists.
    pub valid_from: NaiveDate,
    /// The last day it exists.
    pub valid_to: Option<NaiveDate>,
    /// Other names it is printed under.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
}

impl Event for OrganisationRecorded {
    const KIND: &'static str = "organisation-recorded.v1";
    const CONSUMERS: &'static [&'static str] = &["budgets"];
    fn aggregate(&self) -> String {
        format!("organisation/{}", self.organisation_id)
    }
}

/// A borough's API client ends soon: 30, 7 or 1 days from now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientExpiring {
    /// The client.
    pub client_id: String,
    /// How many days are left at most: 30, 7 or 1.
    pub days: i16,
    /// The last day it gets tokens.
    pub expires_on: NaiveDate,
}

impl Event for ClientExpiring {
    const KIND: &'static str = "client-expiring.v1";
    // Of nobody's inside: for whoever the borough has told to hear of it.
    const CONSUMERS: &'static [&'static str] = &[];
    fn aggregate(&self) -> String {
        format!("client/{}", self.client_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden;

    #[test]
    fn shapes_stay_as_they_were_sent() {
        golden::<BoroughPlaced>(include_str!("../golden/borough-placed.v1.json"));
        golden::<ClientExpiring>(include_str!("../golden/client-expiring.v1.json"));
        golden::<OrganisationRecorded>(include_str!("../golden/organisation-recorded.v1.json"));
    }
}
