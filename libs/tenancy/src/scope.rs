//! The only doors to rows. A handler's signature names the door and the permission.

use std::{marker::PhantomData, sync::Arc};

use auth::{BoroughClaim, Caller, Gate, Owner, Permission};
use axum::{
    extract::{FromRef, FromRequestParts, MatchedPath, RawPathParams},
    http::{Extensions, HeaderMap, Method, request::Parts},
};
use chrono::{DateTime, Utc};
use domain::{Ods, Slug};
use web::{Problem, RequestId, WriteRequest};

use crate::{Borough, Db, Instead, Partner, Platform, Refusal, Region, Tx, context::Context};

/// What every scope holds: no connection, for a body still arriving must not keep one from others.
pub(crate) struct Scope {
    pub(crate) caller: Arc<Caller>,
    pub(crate) db: Db,
    pub(crate) context: Context,
    pub(crate) now: DateTime<Utc>,
    pub(crate) request_id: String,
    pub(crate) address: String,
    pub(crate) read_only: bool,
}

impl Scope {
    fn new(caller: Arc<Caller>, db: Db, context: Context, parts: &Parts) -> Self {
        caller.is_asking();
        Self {
            caller,
            context,
            now: db.now(),
            db,
            request_id: request_id(&parts.extensions),
            address: address(&parts.headers),
            read_only: parts.method == Method::GET || parts.method == Method::HEAD,
        }
    }
}

async fn caller<S>(parts: &Parts, state: &S) -> Result<Arc<Caller>, Problem>
where
    Gate: FromRef<S>,
{
    Gate::from_ref(state).caller(&parts.headers).await
}

/// Notes in the caller's own trail that it asked for what is another borough's.
fn note_elsewhere(caller: &Caller, db: &Db, parts: &Parts) {
    let template = parts.extensions.get::<MatchedPath>().map_or("an unknown path", MatchedPath::as_str);
    if matches!(caller.owner, Owner::Borough(_)) {
        db.note_refusal(refused_elsewhere(caller, &parts.headers, &parts.extensions, &parts.method, template));
    }
}

/// The refusal of a caller at another tenant's door: in its borough's trail, else in the platform's.
#[must_use]
pub fn refused_elsewhere(
    caller: &Caller,
    headers: &HeaderMap,
    extensions: &Extensions,
    method: &Method,
    template: &str,
) -> Refusal {
    Refusal {
        borough: match &caller.owner {
            Owner::Borough(own) => Some(own.id),
            _ => None,
        },
        client_id: caller.client_id.clone(),
        role: caller.role.as_str(),
        request_id: request_id(extensions),
        address: address(headers),
        action: "access.refused",
        subject: format!("{method} {template}"),
        why: "the path names another tenant",
    }
}

/// The id of a request.
#[must_use]
pub fn request_id(extensions: &Extensions) -> String {
    extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
}

/// The network address a request came from: set by the gateway, which strips what callers send under this name.
#[must_use]
pub fn address(headers: &HeaderMap) -> String {
    let told = headers.get("x-tenfold-address").and_then(|a| a.to_str().ok()).unwrap_or("unknown");
    told.chars().take(64).collect()
}

pub(crate) async fn in_path<S: Send + Sync>(parts: &mut Parts, state: &S, name: &str) -> Option<String> {
    let params = RawPathParams::from_request_parts(parts, state).await.ok()?;
    params.iter().find(|(one, _)| *one == name).map(|(_, value)| value.to_owned())
}

macro_rules! door {
    ($(#[$doc:meta])* $name:ident in $kind:ident) => {
        $(#[$doc])*
        pub struct $name<P> {
            pub(crate) scope: Scope,
            permission: PhantomData<P>,
        }

        impl<P: Permission> $name<P> {
            fn open(caller: Arc<Caller>, db: Db, context: Context, parts: &Parts) -> Result<Self, Problem> {
                caller.require(P::OF)?;
                Ok(Self { scope: Scope::new(caller, db, context, parts), permission: PhantomData })
            }

            /// Who is asking.
            #[must_use]
            pub fn caller(&self) -> &Caller {
                &self.scope.caller
            }

            /// When the request arrived.
            #[must_use]
            pub fn now(&self) -> DateTime<Utc> {
                self.scope.now
            }

            /// Opens a READ ONLY transaction.
            ///
            /// # Errors
            /// 503 when the database is out of reach.
            pub async fn read(&self) -> Result<Tx<$kind>, Problem> {
                Tx::read(&self.scope).await
            }
        }
    };
}

macro_rules! writes {
    ($name:ident in $kind:ident) => {
        impl<P: Permission> $name<P> {
            /// Opens a transaction to write in, unless the request's key was used before.
            ///
            /// # Errors
            /// Instead of a transaction: the answer given the first time, or a problem.
            pub async fn write(&self, request: &WriteRequest) -> Result<Tx<$kind>, Instead> {
                Tx::write(&self.scope, request).await
            }
        }
    };
}

door! {
    /// Proof that the caller may do `P` in the borough named in the path, which is its own.
    InBorough in Borough
}
door! {
    /// Proof that the caller may do `P` as the organisation named in the path, which is its own.
    AsPartner in Partner
}
door! {
    /// Proof that the caller may do `P` in the region named in the path, which is its own.
    InRegion in Region
}
door! {
    /// Proof that the caller is the platform, and may do `P`.
    OnPlatform in Platform
}
writes!(InBorough in Borough);
writes!(InRegion in Region);
writes!(OnPlatform in Platform);

impl<P> InBorough<P> {
    /// The borough.
    #[must_use]
    pub fn borough(&self) -> &BoroughClaim {
        match &self.scope.caller.owner {
            Owner::Borough(own) => own,
            _ => unreachable!("the extractor lets only boroughs in"),
        }
    }
}

impl<P> AsPartner<P> {
    /// The organisation's code.
    #[must_use]
    pub fn ods(&self) -> &Ods {
        match &self.scope.context {
            Context::Partner(ods) => ods,
            _ => unreachable!("the extractor sets the partner"),
        }
    }
}

impl<P> InRegion<P> {
    /// The region.
    #[must_use]
    pub fn region(&self) -> &Slug {
        match &self.scope.context {
            Context::Region(slug) => slug,
            _ => unreachable!("the extractor sets the region"),
        }
    }
}

impl<P, S> FromRequestParts<S> for InBorough<P>
where
    P: Permission,
    S: Send + Sync,
    Db: FromRef<S>,
    Gate: FromRef<S>,
{
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = caller(parts, state).await?;
        let own = match in_path(parts, state, "borough").await {
            Some(named) => match caller.is_borough(&named) {
                Some(own) => own.id,
                None => {
                    note_elsewhere(&caller, &Db::from_ref(state), parts);
                    return Err(Problem::not_found("borough"));
                }
            },
            // A path that names no tenant means the token's own.
            None => match &caller.owner {
                Owner::Borough(own) => own.id,
                _ => return Err(caller.require(P::OF).err().unwrap_or_else(|| Problem::not_found("borough"))),
            },
        };
        Self::open(caller, Db::from_ref(state), Context::Borough(own), parts)
    }
}

impl<P, S> FromRequestParts<S> for AsPartner<P>
where
    P: Permission,
    S: Send + Sync,
    Db: FromRef<S>,
    Gate: FromRef<S>,
{
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = caller(parts, state).await?;
        let named = in_path(parts, state, "ods").await.unwrap_or_default();
        let own = match &caller.owner {
            Owner::Partner(own) if own.ods.as_str() == named => own.ods.clone(),
            _ => return Err(Problem::not_found("organisation")),
        };
        Self::open(caller, Db::from_ref(state), Context::Partner(own), parts)
    }
}

impl<P, S> FromRequestParts<S> for InRegion<P>
where
    P: Permission,
    S: Send + Sync,
    Db: FromRef<S>,
    Gate: FromRef<S>,
{
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = caller(parts, state).await?;
        let named = in_path(parts, state, "region").await.unwrap_or_default();
        let own = match &caller.owner {
            Owner::Region(own) if own.slug.as_str() == named => own.slug.clone(),
            _ => return Err(Problem::not_found("region")),
        };
        Self::open(caller, Db::from_ref(state), Context::Region(own), parts)
    }
}

impl<P, S> FromRequestParts<S> for OnPlatform<P>
where
    P: Permission,
    S: Send + Sync,
    Db: FromRef<S>,
    Gate: FromRef<S>,
{
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = caller(parts, state).await?;
        if caller.owner != Owner::Platform {
            for (tenant, what) in [("borough", "borough"), ("region", "region"), ("ods", "organisation")] {
                let Some(named) = in_path(parts, state, tenant).await else { continue };
                let own = match &caller.owner {
                    Owner::Borough(_) => caller.is_borough(&named).is_some(),
                    Owner::Region(own) => tenant == "region" && own.slug.as_str() == named,
                    Owner::Partner(own) => tenant == "ods" && own.ods.as_str() == named,
                    Owner::Platform => false,
                };
                if !own {
                    return Err(Problem::not_found(what));
                }
            }
            return Err(caller.require(P::OF).err().unwrap_or_else(|| Problem::not_found("resource")));
        }
        Self::open(caller, Db::from_ref(state), Context::None, parts)
    }
}

/// The `{borough}` of a path as the platform names it: a slug or GSS code, meaning the live tenant.
#[derive(Debug, Clone)]
pub struct BoroughInPath(pub String);

impl<S: Send + Sync> FromRequestParts<S> for BoroughInPath {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        in_path(parts, state, "borough").await.map(Self).ok_or_else(|| Problem::not_found("borough"))
    }
}

/// For the few paths two kinds of caller share.
pub enum Either<A, B> {
    /// The first kind.
    One(A),
    /// The second.
    Other(B),
}

impl<A, B, S> FromRequestParts<S> for Either<A, B>
where
    A: FromRequestParts<S, Rejection = Problem> + Send,
    B: FromRequestParts<S, Rejection = Problem> + Send,
    S: Send + Sync,
{
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let refused = match A::from_request_parts(parts, state).await {
            Ok(one) => return Ok(Self::One(one)),
            Err(refused) => refused,
        };
        match B::from_request_parts(parts, state).await {
            Ok(other) => Ok(Self::Other(other)),
            // Of two refusals the one that says more: yours but not permitted, over not yours to know.
            Err(also) if also.status().as_u16() == 403 => Err(also),
            Err(_) => Err(refused),
        }
    }
}
