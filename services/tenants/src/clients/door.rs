//! The doors an owner's clients and people can be reached through: its borough's, or the platform's for an office. What is
//! done behind them is written once.

use std::future::Future;

use auth::{BoroughClaim, Caller, Permission};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use domain::{Ods, Slug};
use serde::Deserialize;
use tenancy::{Borough, InBorough, Instead, KindOf, OnPlatform, Platform, Tx};
use web::{At, Problem, WriteRequest};

use super::client::ClientOwner;

/// A way to what an owner has.
pub(crate) trait Door: Send + Sync {
    type Kind: KindOf;
    fn read(&self) -> impl Future<Output = Result<Tx<Self::Kind>, Problem>> + Send;
    fn write(&self, request: &WriteRequest) -> impl Future<Output = Result<Tx<Self::Kind>, Instead>> + Send;
    fn caller(&self) -> &Caller;
    fn now(&self) -> DateTime<Utc>;
}

macro_rules! door {
    ($scope:ident to $kind:ident) => {
        impl<P: Permission> Door for $scope<P> {
            type Kind = $kind;
            fn read(&self) -> impl Future<Output = Result<Tx<$kind>, Problem>> + Send {
                $scope::read(self)
            }
            fn write(&self, request: &WriteRequest) -> impl Future<Output = Result<Tx<$kind>, Instead>> + Send {
                $scope::write(self, request)
            }
            fn caller(&self) -> &Caller {
                $scope::caller(self)
            }
            fn now(&self) -> DateTime<Utc> {
                $scope::now(self)
            }
        }
    };
}
door!(InBorough to Borough);
door!(OnPlatform to Platform);

/// Whose, and where it is: `/v1/boroughs/salford`.
pub(crate) struct Owned {
    pub(crate) owner: ClientOwner,
    home: String,
}

impl Owned {
    /// Where one of a list of the owner's is.
    pub(crate) fn location(&self, list: &str, id: impl std::fmt::Display) -> String {
        format!("{}/{list}/{id}", self.home)
    }
}

/// A region in a path.
#[derive(Debug, Deserialize)]
pub(crate) struct RegionPath {
    region: Slug,
}

/// A partner in a path.
#[derive(Debug, Deserialize)]
pub(crate) struct PartnerPath {
    ods: Ods,
}

/// Nobody in a path: the platform, or a borough, which the scope knows.
pub(crate) struct NoPath;

impl<S: Send + Sync> FromRequestParts<S> for NoPath {
    type Rejection = Problem;
    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self)
    }
}

pub(crate) fn owner_of(own: &BoroughClaim) -> ClientOwner {
    ClientOwner::Borough { id: own.id, slug: own.slug.clone(), mode: own.mode }
}

pub(crate) fn of_borough<P: Permission>(scope: &InBorough<P>, _: NoPath) -> Owned {
    let own = scope.borough();
    Owned { owner: owner_of(own), home: format!("/v1/boroughs/{}", own.slug) }
}

pub(crate) fn of_region<P: Permission>(_: &OnPlatform<P>, At(path): At<RegionPath>) -> Owned {
    Owned { home: format!("/v1/regions/{}", path.region), owner: ClientOwner::Region(path.region) }
}

pub(crate) fn of_partner<P: Permission>(_: &OnPlatform<P>, At(path): At<PartnerPath>) -> Owned {
    Owned { home: format!("/v1/partners/{}", path.ods), owner: ClientOwner::Partner(path.ods) }
}

pub(crate) fn of_platform<P: Permission>(_: &OnPlatform<P>, _: NoPath) -> Owned {
    Owned { owner: ClientOwner::Platform, home: "/v1/platform".into() }
}
