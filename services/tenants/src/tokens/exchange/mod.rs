//! Exchanging the ID token of a person's provider for a token of ours (RFC 8693). Who they are is the provider's to say;
//! whom they act for is read off who registered the provider, and what they may do off the member they are here.

mod arrival;
mod store;

use std::sync::Arc;

use auth::{Caller, ClientSecret, ID_TOKEN_TYPE, IdToken, LIFETIME_SECONDS, Owner, Person, Role, Scopes};
use axum::http::{StatusCode, header, request::Parts};
use serde_json::json;
use sha2::{Digest, Sha256};
use tenancy::{Act, Db, KindOf, Refusal, Tx};
use web::{Problem, problems};

use self::{
    arrival::{Step, step},
    store::FoundIssuer,
};
use super::{
    Issuer,
    form::{Form, Refused, bad},
    http::{TokenBody, narrowed},
};
use crate::{
    clients::{ClientOwner, door::owner_of},
    invitations::Answer,
    issuers::ClaimMapping,
    members::RoleFrom,
};

/// What a request asks for (RFC 8693 §2.1).
pub(super) const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// What it is given.
const ACCESS_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";
/// The longest that whom a token is for may be called.
const LONGEST_NAME: usize = 120;

/// RFC 8693 §2.2.2: of a subject token that is not good, or not good here.
fn not_that_person(why: &str) -> Refused {
    bad("invalid_request", why)
}

fn check_form(parts: &Parts, form: &Form) -> Result<(), Refused> {
    let wrong = |why: &str| Err(bad("invalid_request", why));
    let secret = ["client_secret", "client_assertion"].iter().any(|name| form.get(name).is_some());
    if secret || parts.headers.contains_key(header::AUTHORIZATION) {
        return wrong("A person signs in with an ID token alone: leave out what a client says who it is with.");
    }
    if form.get("subject_token_type") != Some(ID_TOKEN_TYPE) {
        return wrong(&format!("The subject_token_type is {ID_TOKEN_TYPE}."));
    }
    if form.get("requested_token_type").is_some_and(|wanted| wanted != ACCESS_TOKEN_TYPE) {
        return wrong(&format!("The requested_token_type is {ACCESS_TOKEN_TYPE}, or left out."));
    }
    if form.get("actor_token").is_some() || form.get("resource").is_some() {
        return wrong("Nobody acts for another here, and there is one resource: leave out actor_token and resource.");
    }
    Ok(())
}

/// Gives a person a token.
pub(super) async fn exchange(db: &Db, issuer: &Issuer, parts: &Parts, form: &Form) -> Result<TokenBody, Refused> {
    check_form(parts, form)?;
    let token = form.get("subject_token").ok_or_else(|| bad("invalid_request", "Send the subject_token."))?;
    let token = IdToken::read(token).map_err(|why| not_that_person(&why.to_string()))?;
    let mut tx = db.issuer().await?;
    let found = store::find_issuer(&mut tx, token.issuer(), token.audience()).await?;
    tx.commit().await?;
    let Some(found) = found else {
        note(db, parts, None, "unknown", "no such provider is registered");
        return Err(not_that_person(
            "No provider is registered here under the iss and aud of this ID token. An administrator registers it, with the \
             client id that the app signs people in with.",
        ));
    };
    let keys = issuer.key_sets.find(&found.jwks_uri, token.kid()).await.map_err(|why| {
        let told = format!(
            "The keys of your organisation's sign-in cannot be had just now: {why}. Try again in half a minute."
        );
        Refused::from(Problem::new(&problems::UNAVAILABLE, told).retry_after(30))
    })?;
    let person = token.believe(&keys, db.now().timestamp()).map_err(|why| {
        note(db, parts, Some(&found.owner), "unknown", "an ID token of its provider's name was not believed");
        not_that_person(&why.to_string())
    })?;
    for_its_owner(db, parts, &found.owner, form.get("audience")).await?;
    let arriving = Arriving { db, issuer, parts, form, found: &found, person: &person };
    match &found.owner {
        Owner::Borough(own) => arriving.arrive(db.for_work_in(own.id).await?).await,
        _ => arriving.arrive(db.for_work_on_platform().await?).await,
    }
}

/// Goes on where the app asks for a token of nobody else than whom the provider speaks for.
async fn for_its_owner(db: &Db, parts: &Parts, owner: &Owner, audience: Option<&str>) -> Result<(), Refused> {
    let Some(name) = audience else { return Ok(()) };
    let own = match owner {
        Owner::Borough(own) => own.slug.as_str() == name || own.gss.as_str() == name,
        Owner::Region(own) => own.slug.as_str() == name,
        Owner::Partner(own) => own.ods.as_str() == name,
        Owner::Platform => name == "platform",
    };
    if own {
        return Ok(());
    }
    note(db, parts, Some(owner), "unknown", "an ID token of its provider was sent for another tenant");
    if name.len() <= LONGEST_NAME && !name.contains('\0') {
        let mut tx = db.issuer().await?;
        let named = store::borough_named(&mut tx, name).await?;
        tx.commit().await?;
        if let Some(borough) = named {
            let why = "an ID token of another tenant's provider was sent for it";
            db.note_refusal(Refusal { borough: Some(borough), ..refusal(parts, "unknown", why) });
        }
    }
    Err(bad(
        "invalid_target",
        "The provider of this ID token does not speak for that audience. Sign in at one that does.",
    ))
}

fn refusal(parts: &Parts, who: &str, why: &'static str) -> Refusal {
    Refusal {
        borough: None,
        client_id: who.to_owned(),
        role: "unknown",
        request_id: tenancy::request_id(&parts.extensions),
        address: tenancy::address(&parts.headers),
        action: "sign-in.refused",
        subject: "oauth2/token".to_owned(),
        why,
    }
}

/// Notes that a person got no token: in their borough's trail, or the platform's for all others.
fn note(db: &Db, parts: &Parts, owner: Option<&Owner>, who: &str, why: &'static str) {
    tracing::info!(why, "a person was refused a token");
    let borough = match owner {
        Some(Owner::Borough(own)) => Some(own.id),
        _ => None,
    };
    db.note_refusal(Refusal { borough, ..refusal(parts, who, why) });
}

/// The owner as those who keep members know it.
fn keeper_of(owner: &Owner) -> ClientOwner {
    match owner {
        Owner::Borough(own) => owner_of(own),
        Owner::Region(own) => ClientOwner::Region(own.slug.clone()),
        Owner::Partner(own) => ClientOwner::Partner(own.ods.clone()),
        Owner::Platform => ClientOwner::Platform,
    }
}

/// A person at the door.
struct Arriving<'a> {
    db: &'a Db,
    issuer: &'a Issuer,
    parts: &'a Parts,
    form: &'a Form,
    found: &'a FoundIssuer,
    person: &'a Person,
}

impl Arriving<'_> {
    fn refused(&self, who: &str, note_why: &'static str, why: &str) -> Refused {
        note(self.db, self.parts, Some(&self.found.owner), who, note_why);
        not_that_person(why)
    }

    /// In one transaction of the owner's: the ID token is spent, the person is a member, or becomes one, and gets a token.
    async fn arrive<K: KindOf>(&self, mut tx: Tx<K>) -> Result<TokenBody, Refused> {
        let owner = keeper_of(&self.found.owner);
        store::hold(&mut tx, self.found, &owner, self.person).await?;
        let standing = store::standing(&mut tx, self.found).await?;
        if !standing.active {
            let why = "Signing in at this provider is suspended here. Ask an administrator of yours.";
            return Err(self.refused("unknown", "its provider is suspended", why));
        }
        if standing.suspended_borough {
            let why = "The borough is suspended, closed, or not open yet: its people get no tokens.";
            return Err(self.refused("unknown", "its borough is not open", why));
        }
        if !store::spend(&mut tx, &owner, self.person).await? {
            let why = "This ID token was exchanged before. Each is exchanged once: sign in again.";
            return Err(self.refused("unknown", "its ID token was exchanged before", why));
        }
        let (known, member) = store::find_person(&mut tx, self.found, self.person).await?;
        let mapped = standing.mappings.iter().find(|one| self.person.claims(&one.claim, &one.value));
        let code = self.form.get("invitation");
        let (member, role) = match (step(known, mapped, code.is_some()), member) {
            (Step::Act, Some(known)) => known,
            (Step::ActAs(mapping), Some((id, role))) => self.follow(&mut tx, &owner, (id, role), mapping).await?,
            (Step::Join(mapping), _) => {
                let said = (mapping.office.as_str(), mapping.role.as_str(), RoleFrom::Claim);
                let member = self.join(&mut tx, &owner, said).await?;
                let after = json!({"office": mapping.office, "role": mapping.role, "by": "a claim of their provider"});
                tx.record(Act::new("member.joined", format!("members/{member}")).after(after));
                (member, mapping.role.as_str().to_owned())
            }
            (Step::Accept, _) => self.accept(&mut tx, &owner, code.unwrap_or_default()).await?,
            (Step::Refuse(why), member) => {
                let who = member.map_or_else(|| "unknown".to_owned(), |(id, _)| id);
                return Err(self.refused(&who, "they are no member who may act", why));
            }
            (Step::Act | Step::ActAs(_), None) => return Err(Problem::internal("a member without a row").into()),
        };
        store::note_sign_in(&mut tx, &member).await?;
        self.give(tx, member, &role).await
    }

    async fn follow<K: KindOf>(
        &self,
        tx: &mut Tx<K>,
        owner: &ClientOwner,
        (id, role): (String, String),
        mapping: &ClaimMapping,
    ) -> Result<(String, String), Refused> {
        let said = mapping.role.as_str();
        if role != said {
            store::follow_claim(tx, owner, &id, said).await?;
            let act = Act::new("member.changed", format!("members/{id}")).before(json!({"role": role}));
            tx.record(act.after(json!({"role": said, "by": "a claim of their provider"})));
        }
        Ok((id, said.to_owned()))
    }

    async fn join<K: KindOf>(
        &self,
        tx: &mut Tx<K>,
        owner: &ClientOwner,
        (office, role, from): (&str, &str, RoleFrom),
    ) -> Result<String, Refused> {
        let member = owner.member_id();
        store::join(tx, (self.found, owner), self.person, (&member, office, role, from)).await?;
        Ok(member)
    }

    async fn accept<K: KindOf>(
        &self,
        tx: &mut Tx<K>,
        owner: &ClientOwner,
        code: &str,
    ) -> Result<(String, String), Refused> {
        let refused = |why: &str| {
            note(self.db, self.parts, Some(&self.found.owner), "unknown", "its invitation was not good");
            Refused::Oauth(StatusCode::BAD_REQUEST, "invalid_grant", why.to_owned())
        };
        if ClientSecret::is_mistyped(code) {
            return Err(refused(
                "That is no invitation as it was shown: some of it was lost or changed when it was copied.",
            ));
        }
        let invited = store::find_invitation(tx, owner, &Sha256::digest(code)).await?;
        let invited = invited.ok_or_else(|| {
            refused("There is no such invitation where you signed in. Sign in at the provider of whoever invited you.")
        })?;
        if let Answer::No(why) = invited.times.answer(tx.clock_now()) {
            return Err(refused(why));
        }
        let member = self.join(tx, owner, (&invited.office, &invited.role, RoleFrom::Given)).await?;
        store::accept(tx, invited.id, &member).await?;
        let path = format!("invitations/{}", invited.id);
        let after = json!({"office": invited.office, "role": invited.role, "by": path});
        tx.record(Act::new("member.joined", format!("members/{member}")).after(after).bumping(path));
        Ok((member, invited.role))
    }

    async fn give<K: KindOf>(&self, mut tx: Tx<K>, member: String, role: &str) -> Result<TokenBody, Refused> {
        let role: Role = role.parse().map_err(|_| Problem::internal("a member has a role there is not"))?;
        let scopes: Scopes = narrowed(self.form, role.scopes())?;
        let now = tx.clock_now();
        let caller = Caller {
            client_id: member,
            owner: self.found.owner.clone(),
            role,
            scopes,
            token_id: domain::EventId::at(now).to_string(),
            issued_at: now.timestamp(),
            expires_at: now.timestamp() + LIFETIME_SECONDS,
        };
        let access_token = self.issuer.sign(&caller, now)?;
        let parts = self.parts;
        tx.put_down_to(Arc::new(caller), &parts.extensions, &parts.headers);
        tx.commit().await?;
        Ok(TokenBody::of(access_token, LIFETIME_SECONDS, scopes, Some(ACCESS_TOKEN_TYPE)))
    }
}
