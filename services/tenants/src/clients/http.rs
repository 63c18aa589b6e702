//! API clients and their keys over HTTP: the same operations for a borough's own and for those of each kind of office.

use std::sync::Arc;

use auth::can;
use axum::extract::State;
use domain::ClientKeyId;
use serde::Deserialize;
use tenancy::{Handled, InBorough, OnPlatform};
use web::{At, Found, IfMatch, MoveDraft, Page, PageRequest, Paging, Problem, Sent, Transitions, Versioned};

use super::{
    acts,
    client::{ClientBody, ClientChange, ClientDraft, ClientState, CreatedClient},
    door::{NoPath, PartnerPath, RegionPath, of_borough, of_partner, of_platform, of_region},
    keys::{
        acts as key_acts,
        key::{CreatedKey, KeyBody, KeyDraft, KeyState},
    },
};
use crate::key_sets::KeySets;

/// A client in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ClientIn {
    /// The `client_id`.
    #[param(example = "borough.salford.live.5f1c09ab2e")]
    client: String,
}

/// A key in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct KeyIn {
    /// The `client_id`.
    #[param(example = "borough.salford.live.5f1c09ab2e")]
    client: String,
    /// The key.
    key: ClientKeyId,
}

impl KeyIn {
    fn which(&self) -> (&str, ClientKeyId) {
        (&self.client, self.key)
    }
}

/// The operations on the clients of one kind of owner.
macro_rules! clients_of {
    (
        $module:ident, $name:literal, $whose:literal at $base:literal ($($owner:tt)*) $path:ty,
        $scope:ident by $owned:ident, $read:ident $reads:literal, $manage:ident $manages:literal, $example:tt
    ) => {
        #[doc = concat!("The API clients of ", $whose, ".")]
        pub(crate) mod $module {
            use super::*;

            #[utoipa::path(
                get, path = $base, operation_id = concat!("list", $name, "Clients"), tag = "clients",
                summary = concat!("List the API clients of ", $whose),
                params($($owner)* Paging),
                responses((status = 200, body = Page<ClientBody>)),
                security(("bearer" = [$reads])),
            )]
            pub(crate) async fn list(
                scope: $scope<can::$read>,
                path: $path,
                page: PageRequest,
            ) -> Result<Page<ClientBody>, Problem> {
                acts::list(&scope, $owned(&scope, path), page).await
            }

            #[utoipa::path(
                post, path = $base, operation_id = concat!("create", $name, "Client"), tag = "clients",
                summary = concat!("Create an API client of ", $whose),
                description = "It may do no more than its role. A secret is in this answer and never again; a client that signs \
                    (private_key_jwt) sends its public keys, or the address at which it publishes them, which is asked at once.",
                params($($owner)*),
                request_body(content = ClientDraft, example = json!($example)),
                responses((status = 201, body = CreatedClient)),
                security(("bearer" = [$manages])),
            )]
            pub(crate) async fn create(
                scope: $scope<can::$manage>,
                path: $path,
                State(key_sets): State<Arc<KeySets>>,
                Sent(draft, request): Sent<ClientDraft>,
            ) -> Handled {
                acts::create(&scope, $owned(&scope, path), &key_sets, draft, &request).await
            }

            #[utoipa::path(
                get, path = concat!($base, "/{client}"), operation_id = concat!("get", $name, "Client"), tag = "clients",
                summary = concat!("Get an API client of ", $whose),
                params($($owner)* ClientIn),
                responses((status = 200, body = ClientBody)),
                security(("bearer" = [$reads])),
            )]
            pub(crate) async fn get(
                scope: $scope<can::$read>,
                path: $path,
                At(of): At<ClientIn>,
            ) -> Result<Found<ClientBody>, Problem> {
                acts::get(&scope, $owned(&scope, path), &of.client).await
            }

            #[utoipa::path(
                patch, path = concat!($base, "/{client}"), operation_id = concat!("change", $name, "Client"), tag = "clients",
                summary = concat!("Change an API client of ", $whose),
                description = "Its name, its last day, or where it publishes its keys. What it may do does not change: make another.",
                params($($owner)* ClientIn, Versioned),
                request_body = ClientChange,
                responses((status = 200, body = ClientBody)),
                security(("bearer" = [$manages])),
            )]
            pub(crate) async fn change(
                scope: $scope<can::$manage>,
                path: $path,
                At(of): At<ClientIn>,
                version: IfMatch,
                State(key_sets): State<Arc<KeySets>>,
                Sent(draft, request): Sent<ClientChange>,
            ) -> Handled {
                let owned = $owned(&scope, path);
                acts::change(&scope, owned, &key_sets, (&of.client, version), (draft, &request)).await
            }

            #[utoipa::path(
                get, path = concat!($base, "/{client}/transitions"), tag = "clients",
                operation_id = concat!("get", $name, "ClientTransitions"),
                summary = concat!("Get the state and the allowed moves of an API client of ", $whose),
                params($($owner)* ClientIn),
                responses((status = 200, body = Transitions<ClientState>)),
                security(("bearer" = [$reads])),
            )]
            pub(crate) async fn transitions(
                scope: $scope<can::$read>,
                path: $path,
                At(of): At<ClientIn>,
            ) -> Result<Found<Transitions<ClientState>>, Problem> {
                acts::transitions(&scope, $owned(&scope, path), &of.client).await
            }

            #[utoipa::path(
                post, path = concat!($base, "/{client}/transitions"), operation_id = concat!("move", $name, "Client"),
                tag = "clients",
                summary = concat!("Revoke an API client of ", $whose),
                description = "It gets no more tokens, and those it has are cut off within a minute. The last one that may make others stays.",
                params($($owner)* ClientIn, Versioned),
                request_body(content = MoveDraft<ClientState>, example = json!({"to": "revoked", "reason": "No longer used"})),
                responses((status = 200, body = Transitions<ClientState>)),
                security(("bearer" = [$manages])),
            )]
            pub(crate) async fn shift(
                scope: $scope<can::$manage>,
                path: $path,
                At(of): At<ClientIn>,
                version: IfMatch,
                Sent(draft, request): Sent<MoveDraft<ClientState>>,
            ) -> Handled {
                acts::revoke(&scope, $owned(&scope, path), (&of.client, version), (draft, &request)).await
            }

            #[utoipa::path(
                get, path = concat!($base, "/{client}/keys"), operation_id = concat!("list", $name, "ClientKeys"),
                tag = "clients",
                summary = concat!("List the keys of an API client of ", $whose),
                description = "Secrets by how they begin, public keys as they are. A client that publishes its keys has none here.",
                params($($owner)* ClientIn, Paging),
                responses((status = 200, body = Page<KeyBody>)),
                security(("bearer" = [$reads])),
            )]
            pub(crate) async fn list_keys(
                scope: $scope<can::$read>,
                path: $path,
                At(of): At<ClientIn>,
                page: PageRequest,
            ) -> Result<Page<KeyBody>, Problem> {
                key_acts::list(&scope, $owned(&scope, path), &of.client, page).await
            }

            #[utoipa::path(
                post, path = concat!($base, "/{client}/keys"), operation_id = concat!("rotate", $name, "ClientKey"),
                tag = "clients",
                summary = concat!("Rotate the key of an API client of ", $whose),
                description = "Makes a new secret, shown once, or takes a new public key. Those there are work on beside it for the \
                    overlap, 24 hours if not said otherwise, and then retire: time to change over without a failed call.",
                params($($owner)* ClientIn),
                request_body = KeyDraft,
                responses((status = 201, body = CreatedKey)),
                security(("bearer" = [$manages])),
            )]
            pub(crate) async fn rotate(
                scope: $scope<can::$manage>,
                path: $path,
                At(of): At<ClientIn>,
                Sent(draft, request): Sent<KeyDraft>,
            ) -> Handled {
                key_acts::rotate(&scope, $owned(&scope, path), &of.client, (draft, &request)).await
            }

            #[utoipa::path(
                get, path = concat!($base, "/{client}/keys/{key}"), operation_id = concat!("get", $name, "ClientKey"),
                tag = "clients",
                summary = concat!("Get a key of an API client of ", $whose),
                params($($owner)* KeyIn),
                responses((status = 200, body = KeyBody)),
                security(("bearer" = [$reads])),
            )]
            pub(crate) async fn get_key(
                scope: $scope<can::$read>,
                path: $path,
                At(of): At<KeyIn>,
            ) -> Result<Found<KeyBody>, Problem> {
                key_acts::get(&scope, $owned(&scope, path), of.which()).await
            }

            #[utoipa::path(
                get, path = concat!($base, "/{client}/keys/{key}/transitions"), tag = "clients",
                operation_id = concat!("get", $name, "ClientKeyTransitions"),
                summary = concat!("Get the history and the allowed moves of a key of an API client of ", $whose),
                description = "The moves that were asked for. Those that time makes, by starts_at and retires_at, are not among them.",
                params($($owner)* KeyIn),
                responses((status = 200, body = Transitions<KeyState>)),
                security(("bearer" = [$reads])),
            )]
            pub(crate) async fn key_transitions(
                scope: $scope<can::$read>,
                path: $path,
                At(of): At<KeyIn>,
            ) -> Result<Found<Transitions<KeyState>>, Problem> {
                key_acts::transitions(&scope, $owned(&scope, path), of.which()).await
            }

            #[utoipa::path(
                post, path = concat!($base, "/{client}/keys/{key}/transitions"), tag = "clients",
                operation_id = concat!("move", $name, "ClientKey"),
                summary = concat!("Retire or revoke a key of an API client of ", $whose),
                description = "Retiring ends it in 24 hours, then at once. Revoking is for one that others may know: it ends now, and the \
                    tokens of the client are cut off within a minute, so that it asks for new ones.",
                params($($owner)* KeyIn, Versioned),
                request_body(content = MoveDraft<KeyState>, example = json!({"to": "revoked", "reason": "Found in a log"})),
                responses((status = 200, body = Transitions<KeyState>)),
                security(("bearer" = [$manages])),
            )]
            pub(crate) async fn shift_key(
                scope: $scope<can::$manage>,
                path: $path,
                At(of): At<KeyIn>,
                version: IfMatch,
                Sent(draft, request): Sent<MoveDraft<KeyState>>,
            ) -> Handled {
                key_acts::shift(&scope, $owned(&scope, path), (of.which(), version), (draft, &request)).await
            }
        }
    };
}

clients_of!(
    boroughs, "", "a borough" at "/v1/boroughs/{borough}/clients"
    (("borough" = String, Path, description = "Slug or GSS code", example = "salford"),) NoPath,
    InBorough by of_borough, ReadClients "clients:read", ManageClients "clients:manage",
    {"name": "Month end posting", "role": "system"}
);
clients_of!(
    regions, "Region", "a region" at "/v1/regions/{region}/clients"
    (("region" = String, Path, description = "The region's slug", example = "greater-manchester"),) At<RegionPath>,
    OnPlatform by of_region, ReadOfficeClients "office-clients:read", ManageOfficeClients "office-clients:manage",
    {"name": "Dashboard", "role": "analyst"}
);
clients_of!(
    partners, "Partner", "a partner organisation" at "/v1/partners/{ods}/clients"
    (("ods" = String, Path, description = "The organisation's ODS code", example = "QOP"),) At<PartnerPath>,
    OnPlatform by of_partner, ReadOfficeClients "office-clients:read", ManageOfficeClients "office-clients:manage",
    {"name": "Finance reports", "role": "partner_finance"}
);
clients_of!(
    platform, "Platform", "the platform" at "/v1/platform/clients"
    () NoPath,
    OnPlatform by of_platform, ReadOfficeClients "office-clients:read", ManageOfficeClients "office-clients:manage",
    {"name": "Second officer", "role": "officer"}
);
