//! Identity providers over HTTP: the same operations for a borough's own and for those of each kind of office.

use std::sync::Arc;

use auth::can;
use axum::extract::State;
use domain::IssuerId;
use serde::Deserialize;
use tenancy::{Handled, InBorough, OnPlatform};
use web::{At, Found, IfMatch, MoveDraft, Page, PageRequest, Paging, Problem, Sent, Transitions, Versioned};

use super::{
    acts,
    issuer::{IssuerBody, IssuerChange, IssuerDraft, IssuerState},
};
use crate::{
    clients::door::{NoPath, PartnerPath, RegionPath, of_borough, of_partner, of_platform, of_region},
    key_sets::KeySets,
};

/// A provider in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct IssuerIn {
    /// The provider.
    issuer: IssuerId,
}

/// The operations on the providers of one kind of owner.
macro_rules! issuers_of {
    (
        $module:ident, $name:literal, $whose:literal at $base:literal ($($owner:tt)*) $path:ty,
        $scope:ident by $owned:ident, $read:ident $reads:literal, $manage:ident $manages:literal
    ) => {
        #[doc = concat!("Where the people of ", $whose, " sign in.")]
        pub(crate) mod $module {
            use super::*;

            #[utoipa::path(
                get, path = $base, operation_id = concat!("list", $name, "Issuers"), tag = "people",
                summary = concat!("List the identity providers of ", $whose),
                params($($owner)* Paging),
                responses((status = 200, body = Page<IssuerBody>)),
                security(("bearer" = [$reads])),
            )]
            pub(crate) async fn list(
                scope: $scope<can::$read>,
                path: $path,
                page: PageRequest,
            ) -> Result<Page<IssuerBody>, Problem> {
                acts::list(&scope, $owned(&scope, path), page).await
            }

            #[utoipa::path(
                post, path = $base, operation_id = concat!("register", $name, "Issuer"), tag = "people",
                summary = concat!("Register an identity provider of ", $whose),
                description = "An OpenID provider. Its discovery document and its keys are read at once, and what is wrong with them is \
                    said. Its ID tokens speak for this owner only: issuer and audience together are registered once.",
                params($($owner)*),
                request_body = IssuerDraft,
                responses((status = 201, body = IssuerBody)),
                security(("bearer" = [$manages])),
            )]
            pub(crate) async fn register(
                scope: $scope<can::$manage>,
                path: $path,
                State(key_sets): State<Arc<KeySets>>,
                Sent(draft, request): Sent<IssuerDraft>,
            ) -> Handled {
                acts::register(&scope, $owned(&scope, path), &key_sets, (draft, &request)).await
            }

            #[utoipa::path(
                get, path = concat!($base, "/{issuer}"), operation_id = concat!("get", $name, "Issuer"), tag = "people",
                summary = concat!("Get an identity provider of ", $whose),
                params($($owner)* IssuerIn),
                responses((status = 200, body = IssuerBody)),
                security(("bearer" = [$reads])),
            )]
            pub(crate) async fn get(
                scope: $scope<can::$read>,
                path: $path,
                At(of): At<IssuerIn>,
            ) -> Result<Found<IssuerBody>, Problem> {
                acts::get(&scope, $owned(&scope, path), of.issuer).await
            }

            #[utoipa::path(
                patch, path = concat!($base, "/{issuer}"), operation_id = concat!("change", $name, "Issuer"), tag = "people",
                summary = concat!("Change an identity provider of ", $whose),
                description = "Its name, or whom it lets in without an invitation; with discover its discovery document is read again. \
                    What it is called and who we are to it does not change: register another.",
                params($($owner)* IssuerIn, Versioned),
                request_body = IssuerChange,
                responses((status = 200, body = IssuerBody)),
                security(("bearer" = [$manages])),
            )]
            pub(crate) async fn change(
                scope: $scope<can::$manage>,
                path: $path,
                At(of): At<IssuerIn>,
                version: IfMatch,
                State(key_sets): State<Arc<KeySets>>,
                Sent(draft, request): Sent<IssuerChange>,
            ) -> Handled {
                acts::change(&scope, $owned(&scope, path), &key_sets, (of.issuer, version), (draft, &request)).await
            }

            #[utoipa::path(
                get, path = concat!($base, "/{issuer}/transitions"), tag = "people",
                operation_id = concat!("get", $name, "IssuerTransitions"),
                summary = concat!("Get the history and the allowed moves of an identity provider of ", $whose),
                params($($owner)* IssuerIn),
                responses((status = 200, body = Transitions<IssuerState>)),
                security(("bearer" = [$reads])),
            )]
            pub(crate) async fn transitions(
                scope: $scope<can::$read>,
                path: $path,
                At(of): At<IssuerIn>,
            ) -> Result<Found<Transitions<IssuerState>>, Problem> {
                acts::transitions(&scope, $owned(&scope, path), of.issuer).await
            }

            #[utoipa::path(
                post, path = concat!($base, "/{issuer}/transitions"), operation_id = concat!("move", $name, "Issuer"),
                tag = "people",
                summary = concat!("Suspend, resume or remove an identity provider of ", $whose),
                description = "Suspended or removed, nobody signs in there, and the tokens of all who did are cut off within a minute. \
                    Not where too few administrators would be left.",
                params($($owner)* IssuerIn, Versioned),
                request_body(content = MoveDraft<IssuerState>, example = json!({"to": "suspended", "reason": "It was broken into"})),
                responses((status = 200, body = Transitions<IssuerState>)),
                security(("bearer" = [$manages])),
            )]
            pub(crate) async fn shift(
                scope: $scope<can::$manage>,
                path: $path,
                At(of): At<IssuerIn>,
                version: IfMatch,
                Sent(draft, request): Sent<MoveDraft<IssuerState>>,
            ) -> Handled {
                acts::shift(&scope, $owned(&scope, path), (of.issuer, version), (draft, &request)).await
            }
        }
    };
}

issuers_of!(
    boroughs, "", "a borough" at "/v1/boroughs/{borough}/issuers"
    (("borough" = String, Path, description = "Slug or GSS code", example = "salford"),) NoPath,
    InBorough by of_borough, ReadIssuers "issuers:read", ManageIssuers "issuers:manage"
);
issuers_of!(
    regions, "Region", "a region" at "/v1/regions/{region}/issuers"
    (("region" = String, Path, description = "The region's slug", example = "greater-manchester"),) At<RegionPath>,
    OnPlatform by of_region, ReadOfficeClients "office-clients:read", ManageOfficeClients "office-clients:manage"
);
issuers_of!(
    partners, "Partner", "a partner organisation" at "/v1/partners/{ods}/issuers"
    (("ods" = String, Path, description = "The organisation's ODS code", example = "QOP"),) At<PartnerPath>,
    OnPlatform by of_partner, ReadOfficeClients "office-clients:read", ManageOfficeClients "office-clients:manage"
);
issuers_of!(
    platform, "Platform", "the platform" at "/v1/platform/issuers"
    () NoPath,
    OnPlatform by of_platform, ReadOfficeClients "office-clients:read", ManageOfficeClients "office-clients:manage"
);
