//! Verifying a trail over HTTP: the whole chain in pieces, or one entry.

use std::time::{Duration, Instant};

use auth::{Hash, can};
use axum::extract::State;
use domain::AuditId;
use serde::{Deserialize, Serialize};
use tenancy::{InBorough, KindOf};
use uuid::Uuid;
use web::{At, Found, Problem, Query, problems};

use super::{
    AuditKeys,
    chain::{AuditHead, AuditLink, ChainedEntry},
    check::{AuditFault, AuditFinding, Check},
    http::{AuditEntryPath, Trail},
    store,
};

/// How many links are in memory at once.
const PIECE: i64 = 2_000;
/// How many ids are looked at in one statement, for entries without a place.
const IDS: i64 = 50_000;
/// An answer is given within this; what is left is the next one's.
const WITHIN: Duration = Duration::from_secs(10);
/// An entry gets its place in a second or so; after this long, what waits is told of.
const LATE_MINUTES: i64 = 5;
/// The largest whole number that every reader of JSON takes exactly.
const POSITION_MAX: i64 = 9_007_199_254_740_991;

/// Which part of a chain is verified.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProofQuery {
    /// The place to go on from: `next_after` of the answer before. Left out, from the beginning.
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    after: Option<i64>,
    /// A head you kept, to be compared with the chain's at `kept_position`.
    #[param(value_type = Option<String>, min_length = 64, max_length = 64)]
    kept_head: Option<String>,
    /// The place of the head you kept.
    #[param(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    kept_position: Option<i64>,
}

impl ProofQuery {
    fn read(&self) -> Result<(i64, Option<(i64, Hash)>), Problem> {
        let wrong =
            |name: &str, why: &str| Problem::of_fault(&problems::QUERY_INVALID, name.to_owned(), why.to_owned());
        let after = self.after.unwrap_or(0);
        if !(0..=POSITION_MAX).contains(&after) {
            return Err(wrong("?after", "It is a place in the chain, or 0."));
        }
        let kept = match (self.kept_position, self.kept_head.as_deref()) {
            (None, None) => None,
            (Some(position), Some(head)) if (1..=POSITION_MAX).contains(&position) => {
                Some((position, head.parse().map_err(|why| wrong("?kept_head", why))?))
            }
            _ => return Err(wrong("?kept_position", "A head you kept and its place, from 1, go together.")),
        };
        Ok((after, kept))
    }
}

/// What a verification came to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AuditProof {
    /// Nothing disagrees, in what was looked at.
    verified: bool,
    /// How many places were looked at.
    #[schema(minimum = 0)]
    entries: i64,
    /// The place this part began after.
    #[schema(minimum = 0)]
    after: i64,
    /// The last place looked at.
    #[schema(minimum = 0)]
    position: i64,
    /// Its head.
    head: Option<Hash>,
    /// The last signed head at or before it.
    signed: Option<AuditHead>,
    /// How many disagreements there are.
    #[schema(minimum = 0)]
    found: u64,
    /// The first hundred of them.
    #[schema(max_items = 100)]
    findings: Vec<AuditFinding>,
    /// Where to go on; null when the end was reached.
    next_after: Option<i64>,
}

/// Verify a borough's audit trail
///
/// Every entry, link and signed head is computed again; each disagreement is named by its entry and its place. An answer
/// takes ten seconds at most, which is enough for some hundred thousand entries: where it says `next_after`, go on from
/// there. What the owner of the database cut off together with what was signed of it shows only against a head that somebody
/// kept: give it as `kept_head`.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/audit/proof", operation_id = "proveAudit", tag = "audit",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford"), ProofQuery),
    responses((status = 200, body = AuditProof)),
    security(("bearer" = ["audit:read"])),
)]
pub(crate) async fn prove_audit(
    scope: InBorough<can::ReadAudit>,
    State(keys): State<AuditKeys>,
    Query(query): Query<ProofQuery>,
) -> Result<Found<AuditProof>, Problem> {
    Ok(Found::of(prove(&scope, &keys, &query).await?))
}

/// Verifies a part of a trail, for as long as an answer may take.
pub(super) async fn prove<K: KindOf>(
    trail: &impl Trail<K>,
    keys: &AuditKeys,
    query: &ProofQuery,
) -> Result<AuditProof, Problem> {
    let (after, kept) = query.read()?;
    let began = Instant::now();
    let mut check = begin(trail, keys, after).await?;
    let mut ended = false;
    while !ended && began.elapsed() < WITHIN {
        ended = look(trail, &mut check).await?;
    }
    if ended {
        look_for_unplaced(trail, &mut check).await?;
    }
    if let Some((position, head)) = kept {
        let mut tx = trail.open().await?;
        let there = store::links(&mut tx, position - 1, 1).await?.pop().filter(|link| link.position == position);
        if there.is_none_or(|link| link.head != head) {
            let told = format!("The head you kept is not the chain's at place {position}.");
            check.say(AuditFault::HeadDisagrees, Some(position), None, told);
        }
    }
    Ok(AuditProof {
        verified: check.found == 0,
        entries: check.entries,
        after,
        position: check.position,
        head: check.head().filter(|_| check.position > 0),
        next_after: (!ended).then_some(check.position),
        found: check.found,
        signed: check.signed,
        findings: check.findings,
    })
}

async fn begin<K: KindOf>(trail: &impl Trail<K>, keys: &AuditKeys, after: i64) -> Result<Check, Problem> {
    let known = keys.known();
    if after == 0 {
        return Ok(Check::after(trail.chain(), 0, None, known));
    }
    let mut tx = trail.open().await?;
    let before = store::links(&mut tx, after - 1, 1).await?.pop().filter(|link| link.position == after);
    Ok(Check::after(trail.chain(), after, before.map(|link| link.head), known))
}

/// Looks at the next piece, in one moment; whether it was the last.
async fn look<K: KindOf>(trail: &impl Trail<K>, check: &mut Check) -> Result<bool, Problem> {
    let mut tx = trail.open().await?;
    let links = store::links(&mut tx, check.position, PIECE).await?;
    let ended = i64::try_from(links.len()).is_ok_and(|count| count < PIECE);
    let ids: Vec<AuditId> = links.iter().map(|link| link.id).collect();
    let entries = store::entries(&mut tx, &ids).await?;
    let up_to = links.last().filter(|_| !ended).map(|link| link.position);
    let heads = store::heads(&mut tx, check.position, up_to, PIECE + 1).await?;
    let signed = heads.last().map(|head| head.position);
    let before = check.signed.as_ref().map(|head| head.position);
    heads.into_iter().for_each(|head| check.signed(head));
    links.iter().for_each(|link| check.link(link, entries.get(&link.id)));
    if ended {
        // A part that begins at the very end has no signed head in it: the one before counts.
        let last = signed.or(before).unwrap_or(if check.entries == 0 { check.position } else { 0 });
        check.end(last);
    }
    Ok(ended)
}

/// Entries that no place was given to, though they wait for none, or have waited for long.
async fn look_for_unplaced<K: KindOf>(trail: &impl Trail<K>, check: &mut Check) -> Result<(), Problem> {
    let mut after = Uuid::nil();
    loop {
        let mut tx = trail.open().await?;
        let late = tx.now() - chrono::Duration::minutes(LATE_MINUTES);
        let (last, unplaced) = store::unplaced(&mut tx, after, late, IDS).await?;
        for id in unplaced {
            let told =
                format!("The entry {id} has no place in the chain: nothing waits to give it one, or has for long.");
            check.say(AuditFault::EntryUnplaced, None, Some(AuditId(id)), told);
        }
        match last {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}

/// One entry, and the way from it to a signed head. It shows nothing of other entries.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AuditEntryProof {
    /// The chain's id: the borough's.
    #[schema(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    chain: Uuid,
    id: AuditId,
    /// The place of the entry.
    #[schema(minimum = 1)]
    position: i64,
    /// As it is hashed; null where it is gone.
    entry: Option<ChainedEntry>,
    /// The head before it; zeros for the first.
    previous: Hash,
    /// From its own link to that of the signed head.
    #[schema(max_items = 1000)]
    links: Vec<AuditLink>,
    /// The next signed head; null where none covers it.
    signed: Option<AuditHead>,
}

/// Prove one entry of a borough's audit trail
///
/// Its fields as they are hashed, its place, and the links from there to the next signed head: with the published keys
/// anybody can compute them again. An entry gets its place about a second after it was written: 404 until then.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/audit/proof/{entry}", operation_id = "proveAuditEntry", tag = "audit",
    params(AuditEntryPath),
    responses((status = 200, body = AuditEntryProof)),
    security(("bearer" = ["audit:read"])),
)]
pub(crate) async fn prove_audit_entry(
    scope: InBorough<can::ReadAudit>,
    At(path): At<AuditEntryPath>,
) -> Result<Found<AuditEntryProof>, Problem> {
    let mut tx = scope.read().await?;
    let position = store::position_of(&mut tx, path.entry).await?;
    let position = position.ok_or_else(|| Problem::not_found("entry with a place in the chain"))?;
    let signed = store::heads(&mut tx, position - 1, None, 1).await?.pop();
    let up_to = signed.as_ref().map_or(position, |head| head.position);
    // A batch is signed whole, so these are no more than it holds.
    let links = store::links(&mut tx, position - 1, (up_to - position + 1).clamp(1, 1_000)).await?;
    let before = store::links(&mut tx, position.saturating_sub(2), 1).await?.pop();
    let previous = before.filter(|link| link.position == position - 1).map_or(Hash::NONE, |link| link.head);
    let entry = store::entries(&mut tx, &[path.entry]).await?.remove(&path.entry);
    let chain = scope.borough().id.0;
    Ok(Found::of(AuditEntryProof { chain, id: path.entry, position, entry, previous, links, signed }))
}
