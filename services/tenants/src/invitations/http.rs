//! Invitations over HTTP: the same operations for a borough's own and for those of each kind of office.

use auth::can;
use domain::InvitationId;
use serde::Deserialize;
use tenancy::{Handled, InBorough, OnPlatform};
use web::{At, Found, IfMatch, MoveDraft, Page, PageRequest, Paging, Problem, Sent, SentOnce, Transitions, Versioned};

use super::{
    acts,
    invitation::{InvitationBody, InvitationDraft, InvitationState, SentInvitation},
};
use crate::clients::door::{NoPath, PartnerPath, RegionPath, of_borough, of_partner, of_platform, of_region};

/// An invitation in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct InvitationIn {
    /// The invitation.
    invitation: InvitationId,
}

/// The operations on the invitations of one kind of owner.
macro_rules! invitations_of {
    (
        $module:ident, $name:literal, $whose:literal at $base:literal ($($owner:tt)*) $path:ty,
        $scope:ident by $owned:ident, $read:ident $reads:literal, $manage:ident $manages:literal, $example:tt
    ) => {
        #[doc = concat!("Who is invited to hold an office of ", $whose, ".")]
        pub(crate) mod $module {
            use super::*;

            #[utoipa::path(
                get, path = $base, operation_id = concat!("list", $name, "Invitations"), tag = "people",
                summary = concat!("List the invitations of ", $whose),
                params($($owner)* Paging),
                responses((status = 200, body = Page<InvitationBody>)),
                security(("bearer" = [$reads])),
            )]
            pub(crate) async fn list(
                scope: $scope<can::$read>,
                path: $path,
                page: PageRequest,
            ) -> Result<Page<InvitationBody>, Problem> {
                acts::list(&scope, $owned(&scope, path), page).await
            }

            #[utoipa::path(
                post, path = $base, operation_id = concat!("invite", $name, "Member"), tag = "people",
                summary = concat!("Invite somebody to hold an office of ", $whose),
                description = "The code is in this answer and never again. Whoever signs in with it, at a provider of this owner, becomes a \
                    member, once; it lasts 7 days where nothing else is said.",
                params($($owner)* web::Keyed),
                request_body(content = InvitationDraft, example = json!($example)),
                responses((status = 201, body = SentInvitation)),
                security(("bearer" = [$manages])),
            )]
            pub(crate) async fn invite(
                scope: $scope<can::$manage>,
                path: $path,
                SentOnce(draft, request): SentOnce<InvitationDraft>,
            ) -> Handled {
                acts::invite(&scope, $owned(&scope, path), (draft, &request)).await
            }

            #[utoipa::path(
                get, path = concat!($base, "/{invitation}"), operation_id = concat!("get", $name, "Invitation"), tag = "people",
                summary = concat!("Get an invitation of ", $whose),
                params($($owner)* InvitationIn),
                responses((status = 200, body = InvitationBody)),
                security(("bearer" = [$reads])),
            )]
            pub(crate) async fn get(
                scope: $scope<can::$read>,
                path: $path,
                At(of): At<InvitationIn>,
            ) -> Result<Found<InvitationBody>, Problem> {
                acts::get(&scope, $owned(&scope, path), of.invitation).await
            }

            #[utoipa::path(
                get, path = concat!($base, "/{invitation}/transitions"), tag = "people",
                operation_id = concat!("get", $name, "InvitationTransitions"),
                summary = concat!("Get the history and the allowed moves of an invitation of ", $whose),
                params($($owner)* InvitationIn),
                responses((status = 200, body = Transitions<InvitationState>)),
                security(("bearer" = [$reads])),
            )]
            pub(crate) async fn transitions(
                scope: $scope<can::$read>,
                path: $path,
                At(of): At<InvitationIn>,
            ) -> Result<Found<Transitions<InvitationState>>, Problem> {
                acts::transitions(&scope, $owned(&scope, path), of.invitation).await
            }

            #[utoipa::path(
                post, path = concat!($base, "/{invitation}/transitions"), operation_id = concat!("move", $name, "Invitation"),
                tag = "people",
                summary = concat!("Withdraw an invitation of ", $whose),
                params($($owner)* InvitationIn, Versioned),
                request_body(content = MoveDraft<InvitationState>, example = json!({"to": "withdrawn", "reason": "Sent to the wrong office"})),
                responses((status = 200, body = Transitions<InvitationState>)),
                security(("bearer" = [$manages])),
            )]
            pub(crate) async fn shift(
                scope: $scope<can::$manage>,
                path: $path,
                At(of): At<InvitationIn>,
                version: IfMatch,
                Sent(draft, request): Sent<MoveDraft<InvitationState>>,
            ) -> Handled {
                acts::withdraw(&scope, $owned(&scope, path), (of.invitation, version), (draft, &request)).await
            }
        }
    };
}

invitations_of!(
    boroughs, "Borough", "a borough" at "/v1/boroughs/{borough}/invitations"
    (("borough" = String, Path, description = "Slug or GSS code", example = "salford"),) NoPath,
    InBorough by of_borough, ReadMembers "members:read", ManageMembers "members:manage",
    {"office": "Head of integrated finance", "role": "finance"}
);
invitations_of!(
    regions, "Region", "a region" at "/v1/regions/{region}/invitations"
    (("region" = String, Path, description = "The region's slug", example = "greater-manchester"),) At<RegionPath>,
    OnPlatform by of_region, ReadOfficeClients "office-clients:read", ManageOfficeClients "office-clients:manage",
    {"office": "Senior analyst", "role": "analyst"}
);
invitations_of!(
    partners, "Partner", "a partner organisation" at "/v1/partners/{ods}/invitations"
    (("ods" = String, Path, description = "The organisation's ODS code", example = "QOP"),) At<PartnerPath>,
    OnPlatform by of_partner, ReadOfficeClients "office-clients:read", ManageOfficeClients "office-clients:manage",
    {"office": "Head of financial planning", "role": "partner_finance"}
);
invitations_of!(
    platform, "Platform", "the platform" at "/v1/platform/invitations"
    () NoPath,
    OnPlatform by of_platform, ReadOfficeClients "office-clients:read", ManageOfficeClients "office-clients:manage",
    {"office": "Onboarding officer", "role": "officer"}
);
