//! Whether a caller may pass: the gateway decides the tenant, the service everything again.

use auth::{Caller, Owner, OwnerKind};
use web::{Problem, problems};

use crate::routes::{Operation, Route};

/// Goes on only where the tenant the path names is the caller's own, or is the platform's to see.
///
/// # Errors
/// 404 where the path names another's; 403 where it names the caller's own, or none, but is not for its kind.
pub(crate) fn may_pass(
    caller: &Caller,
    route: &Route,
    operation: &Operation,
    named: Option<&str>,
) -> Result<(), Problem> {
    let kind = caller.owner.kind();
    if let (Some(tenant), Some(named)) = (route.tenant, named) {
        let of_platform = kind == OwnerKind::Platform && operation.is_for(OwnerKind::Platform);
        if !of_platform && !is_own(caller, tenant, named) {
            tracing::warn!(
                client.id = caller.client_id,
                client.tenant = name(&caller.owner),
                http.route = &*route.template,
                "a request for what belongs to another tenant was refused"
            );
            return Err(Problem::not_found(match tenant {
                OwnerKind::Region => "region",
                OwnerKind::Partner => "organisation",
                OwnerKind::Borough | OwnerKind::Platform => "borough",
            }));
        }
    }
    if operation.is_for(kind) {
        return Ok(());
    }
    Err(Problem::new(&problems::FORBIDDEN, format_args!("This is not for callers of the kind `{}`.", kind.as_str())))
}

fn is_own(caller: &Caller, tenant: OwnerKind, named: &str) -> bool {
    match (&caller.owner, tenant) {
        (Owner::Borough(_), OwnerKind::Borough) => caller.is_borough(named).is_some(),
        (Owner::Region(own), OwnerKind::Region) => own.slug.as_str() == named,
        (Owner::Partner(own), OwnerKind::Partner) => own.ods.as_str() == named,
        _ => false,
    }
}

/// The tenant's name in the log.
fn name(owner: &Owner) -> &str {
    match owner {
        Owner::Borough(own) => own.slug.as_str(),
        Owner::Partner(own) => own.ods.as_str(),
        Owner::Region(own) => own.slug.as_str(),
        Owner::Platform => "platform",
    }
}
