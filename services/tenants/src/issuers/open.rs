//! Where the people of an owner sign in: open to all, since an app has no token before somebody has signed in.

use auth::{Mode, OwnerKind};
use axum::extract::State;
use domain::Ods;
use serde::{Deserialize, Serialize};
use tenancy::Db;
use web::{Found, OpenToAll, Problem, Query, problems};

use super::store;

/// Whose people: one of the three, or the platform's officers where none is named.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Whose {
    /// A borough, by its slug or GSS code.
    #[param(example = "wigan", max_length = 60)]
    borough: Option<String>,
    /// A region, by its slug.
    #[param(max_length = 60)]
    region: Option<String>,
    /// A partner organisation, by its ODS code.
    #[param(max_length = 6)]
    partner: Option<String>,
}

impl Whose {
    fn check(&self) -> Result<(), Problem> {
        let named: Vec<&String> = [&self.borough, &self.region, &self.partner].into_iter().flatten().collect();
        if named.len() > 1 {
            return Err(wrong("Name one of borough, region and partner, or none for the platform."));
        }
        let fits = named.iter().all(|name| name.len() <= 60 && !name.contains('\0'))
            && self.partner.as_ref().is_none_or(|ods| ods.parse::<Ods>().is_ok());
        if fits { Ok(()) } else { Err(wrong("A slug, a GSS code or an ODS code.")) }
    }

    pub(super) fn asked(&self) -> (OwnerKind, Option<&str>) {
        match (&self.borough, &self.region, &self.partner) {
            (Some(borough), ..) => (OwnerKind::Borough, Some(borough)),
            (_, Some(region), _) => (OwnerKind::Region, Some(region)),
            (.., Some(ods)) => (OwnerKind::Partner, Some(ods)),
            _ => (OwnerKind::Platform, None),
        }
    }
}

fn wrong(why: &str) -> Problem {
    Problem::of_fault(&problems::QUERY_INVALID, "?borough", why)
}

/// A provider, as everybody may know it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PublicIssuer {
    /// Its discovery document lies below.
    #[schema(example = "https://login.wigan.example/tenant/v2.0")]
    pub(crate) issuer: String,
    /// The client id to ask it as.
    #[schema(example = "tenfold")]
    pub(crate) audience: String,
    /// Whether who signs in there is let into the live borough or its sandbox.
    pub(crate) mode: Mode,
}

/// Where people sign in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PublicIssuers {
    /// None where nobody of them signs in, and where there is no such owner: the two are not told apart.
    issuers: Vec<PublicIssuer>,
}

/// See where the people of a borough, region or partner sign in
///
/// For an app that signs somebody in: it sends them to the provider, as the audience named here, and exchanges the ID token it
/// is given at /oauth2/token.
#[utoipa::path(
    get, path = "/v1/public/sign-in", operation_id = "listPublicIssuers", tag = "public",
    params(Whose),
    responses((status = 200, body = PublicIssuers)),
)]
pub(crate) async fn list_public_issuers(
    State(db): State<Db>,
    Query(whose): Query<Whose>,
) -> Result<OpenToAll<Found<PublicIssuers>>, Problem> {
    whose.check()?;
    let mut tx = db.issuer().await?;
    let issuers = store::open(&mut tx, &whose).await?;
    tx.commit().await?;
    Ok(OpenToAll(Found::of(PublicIssuers { issuers })))
}
