//! Members over HTTP: the same operations for a borough's own and for those of each kind of office.

use auth::can;
use serde::Deserialize;
use tenancy::{Handled, InBorough, OnPlatform};
use web::{At, Found, IfMatch, MoveDraft, Page, PageRequest, Paging, Problem, Sent, SentOnce, Transitions, Versioned};

use super::{
    acts,
    member::{HandOverBody, HandOverDraft, MemberBody, MemberChange, MemberState},
};
use crate::clients::door::{NoPath, PartnerPath, RegionPath, of_borough, of_partner, of_platform, of_region};

/// A member in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct MemberIn {
    /// The member.
    #[param(example = "borough.salford.live.member-5f1c09ab2e")]
    member: String,
}

/// The operations on the members of one kind of owner.
macro_rules! members_of {
    (
        $module:ident, $name:literal, $whose:literal at $base:literal ($($owner:tt)*) $path:ty,
        $scope:ident by $owned:ident, $read:ident $reads:literal, $manage:ident $manages:literal
    ) => {
        #[doc = concat!("Who holds which office of ", $whose, ".")]
        pub(crate) mod $module {
            use super::*;

            #[utoipa::path(
                get, path = $base, operation_id = concat!("list", $name, "Members"), tag = "people",
                summary = concat!("List the members of ", $whose),
                description = "By office, and those who have left too. Names of people are kept nowhere.",
                params($($owner)* Paging),
                responses((status = 200, body = Page<MemberBody>)),
                security(("bearer" = [$reads])),
            )]
            pub(crate) async fn list(
                scope: $scope<can::$read>,
                path: $path,
                page: PageRequest,
            ) -> Result<Page<MemberBody>, Problem> {
                acts::list(&scope, $owned(&scope, path), page).await
            }

            #[utoipa::path(
                get, path = concat!($base, "/{member}"), operation_id = concat!("get", $name, "Member"), tag = "people",
                summary = concat!("Get a member of ", $whose),
                params($($owner)* MemberIn),
                responses((status = 200, body = MemberBody)),
                security(("bearer" = [$reads])),
            )]
            pub(crate) async fn get(
                scope: $scope<can::$read>,
                path: $path,
                At(of): At<MemberIn>,
            ) -> Result<Found<MemberBody>, Problem> {
                acts::get(&scope, $owned(&scope, path), &of.member).await
            }

            #[utoipa::path(
                patch, path = concat!($base, "/{member}"), operation_id = concat!("change", $name, "Member"), tag = "people",
                summary = concat!("Change the office or the role of a member of ", $whose),
                description = "With another role the tokens they have are cut off within a minute. Not where too few administrators \
                    would be left.",
                params($($owner)* MemberIn, Versioned),
                request_body = MemberChange,
                responses((status = 200, body = MemberBody)),
                security(("bearer" = [$manages])),
            )]
            pub(crate) async fn change(
                scope: $scope<can::$manage>,
                path: $path,
                At(of): At<MemberIn>,
                version: IfMatch,
                Sent(draft, request): Sent<MemberChange>,
            ) -> Handled {
                acts::change(&scope, $owned(&scope, path), (&of.member, version), (draft, &request)).await
            }

            #[utoipa::path(
                get, path = concat!($base, "/{member}/transitions"), tag = "people",
                operation_id = concat!("get", $name, "MemberTransitions"),
                summary = concat!("Get the history and the allowed moves of a member of ", $whose),
                params($($owner)* MemberIn),
                responses((status = 200, body = Transitions<MemberState>)),
                security(("bearer" = [$reads])),
            )]
            pub(crate) async fn transitions(
                scope: $scope<can::$read>,
                path: $path,
                At(of): At<MemberIn>,
            ) -> Result<Found<Transitions<MemberState>>, Problem> {
                acts::transitions(&scope, $owned(&scope, path), &of.member).await
            }

            #[utoipa::path(
                post, path = concat!($base, "/{member}/transitions"), operation_id = concat!("move", $name, "Member"),
                tag = "people",
                summary = concat!("Suspend, resume or remove a member of ", $whose),
                description = "Suspended or removed they do not sign in, and the tokens they have are cut off within a minute. Not where \
                    too few administrators would be left.",
                params($($owner)* MemberIn, Versioned),
                request_body(content = MoveDraft<MemberState>, example = json!({"to": "suspended", "reason": "Seconded elsewhere"})),
                responses((status = 200, body = Transitions<MemberState>)),
                security(("bearer" = [$manages])),
            )]
            pub(crate) async fn shift(
                scope: $scope<can::$manage>,
                path: $path,
                At(of): At<MemberIn>,
                version: IfMatch,
                Sent(draft, request): Sent<MoveDraft<MemberState>>,
            ) -> Handled {
                acts::shift(&scope, $owned(&scope, path), (&of.member, version), (draft, &request)).await
            }

            #[utoipa::path(
                post, path = concat!($base, "/{member}/hand-overs"), operation_id = concat!("handOver", $name, "Member"),
                tag = "people",
                summary = concat!("Pass the role of a member of ", $whose, " to another"),
                description = "In one step: the other has the role, and who had it leaves, or keeps another that is named. Not where too \
                    few administrators would be left.",
                params($($owner)* MemberIn, web::Keyed),
                request_body = HandOverDraft,
                responses((status = 201, body = HandOverBody)),
                security(("bearer" = [$manages])),
            )]
            pub(crate) async fn hand_over(
                scope: $scope<can::$manage>,
                path: $path,
                At(of): At<MemberIn>,
                SentOnce(draft, request): SentOnce<HandOverDraft>,
            ) -> Handled {
                acts::hand_over(&scope, $owned(&scope, path), &of.member, (draft, &request)).await
            }
        }
    };
}

members_of!(
    boroughs, "Borough", "a borough" at "/v1/boroughs/{borough}/members"
    (("borough" = String, Path, description = "Slug or GSS code", example = "salford"),) NoPath,
    InBorough by of_borough, ReadMembers "members:read", ManageMembers "members:manage"
);
members_of!(
    regions, "Region", "a region" at "/v1/regions/{region}/members"
    (("region" = String, Path, description = "The region's slug", example = "greater-manchester"),) At<RegionPath>,
    OnPlatform by of_region, ReadOfficeClients "office-clients:read", ManageOfficeClients "office-clients:manage"
);
members_of!(
    partners, "Partner", "a partner organisation" at "/v1/partners/{ods}/members"
    (("ods" = String, Path, description = "The organisation's ODS code", example = "QOP"),) At<PartnerPath>,
    OnPlatform by of_partner, ReadOfficeClients "office-clients:read", ManageOfficeClients "office-clients:manage"
);
members_of!(
    platform, "Platform", "the platform" at "/v1/platform/members"
    () NoPath,
    OnPlatform by of_platform, ReadOfficeClients "office-clients:read", ManageOfficeClients "office-clients:manage"
);
