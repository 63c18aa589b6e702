//! Every kind of problem there is, each with the page that explains it at `/problems/{slug}`.

/// A kind of problem. There are no others than those on this page.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// The last part of its address. Never changes.
    pub slug: &'static str,
    /// The HTTP status it answers with.
    pub status: u16,
    /// Its name.
    pub title: &'static str,
    /// What it means, and what to do about it.
    pub meaning: &'static str,
}

macro_rules! kinds {
    ($($name:ident $status:literal $slug:literal $title:literal $meaning:literal;)*) => {
        $(#[doc = $meaning] pub static $name: Kind =
            Kind { slug: $slug, status: $status, title: $title, meaning: $meaning };)*
        /// All of them, by status.
        pub static ALL: &[&Kind] = &[$(&$name),*];
    };
}

kinds! {
    BAD_REQUEST 400 "bad-request" "The request cannot be read"
        "The request line, a header, the path or the JSON itself is malformed. Nothing was done. Mend the request; sending it again unchanged will fail again.";
    QUERY_INVALID 400 "query-invalid" "A query parameter is wrong"
        "A query parameter is unknown here, or has a value it cannot have. The errors name each one.";
    CURSOR_INVALID 400 "cursor-invalid" "The cursor does not belong here"
        "A cursor is good only for the list and the filters it came from. Start again without one.";
    IDEMPOTENCY_KEY_MISSING 400 "idempotency-key-missing" "An Idempotency-Key is required"
        "This request moves money or takes a decision, so it must carry an Idempotency-Key header of 1 to 128 visible ASCII characters, new for each thing you mean to do once. Sending the same key again is always safe.";
    UNAUTHENTICATED 401 "unauthenticated" "We do not know who is asking"
        "The request carries no access token, or one that is expired, revoked, malformed or not meant for this service. Get a new one from /oauth2/token and send it as Authorization: Bearer.";
    FORBIDDEN 403 "forbidden" "You may not do this"
        "We know you, and this is yours, but your role or the scopes of your client do not include what this operation needs. The detail names the permission.";
    NOT_FOUND 404 "not-found" "There is nothing here for you"
        "Either there is no such thing, or it belongs to a tenant your token does not speak for. The two are not told apart.";
    METHOD_NOT_ALLOWED 405 "method-not-allowed" "This method is not for this path"
        "The path exists, but not with this method. The Allow header lists those it has.";
    NOT_ACCEPTABLE 406 "not-acceptable" "We cannot answer in that format"
        "Ask for application/json, or for text/csv where the answer is a list.";
    TIMED_OUT 408 "timed-out" "The request took too long to arrive"
        "The headers or the body did not arrive in time. Nothing was done. Send it again.";
    CONFLICT 409 "conflict" "This clashes with what is there"
        "Something with the same identifying field exists already, or the thing has moved on. The detail says which.";
    TRANSITION_REFUSED 409 "transition-refused" "That move is not allowed from here"
        "The state it is in does not allow that move, or the move is not yours to make. `allowed` lists the moves that are.";
    PERIOD_CLOSED 409 "period-closed" "The period is closed"
        "A closed period takes no postings. A late item keeps its effective date and goes in the next open period of the year.";
    SEAL_PENDING 409 "seal-pending" "The period's seal is still being made"
        "A period that is closed is sealed behind the request that closed it, within seconds, and cannot be reopened before. Try again after the time in Retry-After. Where it stays so, the service has no key to seal with: its operator must give it one.";
    ONBOARDING_INCOMPLETE 409 "onboarding-incomplete" "Something is missing before the borough can go live"
        "A borough goes live once every task of its checklist is done, or waived by a platform officer with a reason. `missing` names each that is neither, and how it is done; `/v1/boroughs/{borough}/onboarding` has them all.";
    SECOND_PERSON 409 "second-person" "This takes a second person"
        "Whoever asked for it does not also allow it. Somebody else with the same permission has to do it.";
    DECISION_REQUIRED 409 "decision-required" "This needs a decision"
        "The amount is above what your role may post on its own under the scheme of delegation in force. A decision of the committee, in effect, must allow it: name it as `decision_id`. `proposal_id`, where there is one, is the name under which it is now proposed.";
    DECISION_EXCEEDED 409 "decision-exceeded" "This is more than was decided"
        "The decision named lets a journal move up to its amount, and this one moves more. `amount_pence` is what it moves, `allowed_pence` what was decided. Post no more than that, or name a decision that allows it.";
    DECISION_SPENT 409 "decision-spent" "This decision has moved its money already"
        "A decision moves money once, and the journal in `spent_by` was it; reversing that journal does not free the decision. For more money, ask for another decision.";
    INQUORATE 409 "inquorate" "There is no quorum"
        "Too few of those who count for the item are there, after conflicted members have left: in all, of a class, or of a partner. `explanation` gives each rule and its inputs. Nothing can be decided until there is a quorum again.";
    NOT_ENTITLED 409 "not-entitled" "That seat may not vote on this"
        "A seat votes where it has a vote, somebody sits in it who counts, and no interest stands against it. `standing` says how it stands. A chair's ruling or a dispensation, recorded on the declaration before the vote opens, can let a conflicted member vote.";
    ADVISORY_ONLY 409 "advisory-only" "This committee advises"
        "A committee decides once it is live, and an advisory one never. What it agrees is recorded as a recommendation.";
    NOT_CARRIED 409 "not-carried" "The motion has not been carried"
        "Only a motion that a lawful vote carried becomes a decision or a recommendation.";
    BEYOND_AUTHORITY 409 "beyond-authority" "This is beyond what the committee may decide"
        "The amount is above the committee's own limit under the rules in force. It goes to the next tier: each parent's own board decides, and the committee may recommend.";
    REFERENCE_PENDING 409 "reference-pending" "Something this refers to has not arrived yet"
        "Services tell each other of changes within seconds. The thing named is not known here yet: try again after the time in Retry-After. If it stays so, it does not exist.";
    OVER_AVAILABLE 409 "over-available" "There is not that much left"
        "The fund is held to its budget: no journal may leave a scheme with less than nothing, which is budget less commitments less spending. `scheme` is the one, `available_pence` what it has, `asked_pence` what the journal takes of it. Move budget to it by a virement, or release an order.";
    SUM_TOO_LARGE 409 "sum-too-large" "The amounts are too large to add up"
        "Every amount is right by itself, and together they leave the range we can count, which is about £92 thousand million million. Something was posted that is far too large: find it among the journals and reverse it.";
    REFERENCE_TAKEN 409 "reference-taken" "That reference is of something else"
        "Something else was recorded under this reference before. The same sent again is answered with what is there; anything else needs a reference of its own.";
    ALREADY_REVERSED 409 "already-reversed" "This journal cannot be reversed"
        "A journal is reversed at most once, and a reversal is not itself reversed: post what is right as a new journal.";
    RULE_UNMET 409 "rule-unmet" "Something must be there first"
        "What is asked for needs something that is not there yet. `unmet` names each rule that does not hold, with its source and what is missing. Put those right and ask again.";
    NOTICE_TOO_SHORT 409 "notice-too-short" "Notice of the key decision was too short"
        "A key decision takes 28 clear days' notice with all eight particulars (SI 2012/2089 reg 9). Put the meeting off, or record a general exception (reg 10: scrutiny told, five clear days) or special urgency (reg 11: its chair agreed). `due_by` is the day notice was due.";
    REQUEST_IN_PROGRESS 409 "request-in-progress" "The first request with this key is still running"
        "Another request with the same Idempotency-Key has not finished. Try again after the time in Retry-After to get its answer.";
    VERSION_STALE 412 "version-stale" "It has changed since you read it"
        "The If-Match header names a version that is no longer the current one. Read it again, and decide again.";
    TOO_LARGE 413 "too-large" "The body is too large"
        "A body may be up to 2 MB (2,097,152 bytes); a bulk one or the content of a paper up to 8 MB, the file of an import up to 1 GiB or what the service was set to.";
    URI_TOO_LONG 414 "uri-too-long" "The address is too long"
        "A path with its query may be up to 8,192 bytes.";
    MEDIA_TYPE 415 "media-type" "We cannot read that format"
        "Send application/json, in UTF-8, not compressed; the content of a paper as its own type, the file of an import as text/csv or application/x-ndjson. The token endpoint takes application/x-www-form-urlencoded.";
    CONTENT_INVALID 422 "content-invalid" "What was sent is not right"
        "The body could be read, but something in it breaks a rule. The errors say what and where, as JSON pointers. Nothing was written.";
    JOURNAL_UNBALANCED 422 "journal-unbalanced" "The journal does not balance"
        "Within each layer the amounts of a journal must add up to nothing: what is debited in one account is credited in another.";
    WRONG_YEAR 422 "wrong-year" "The date does not belong to the year or period"
        "The effective date must lie in the financial year, and not after the month of the period it is posted in.";
    UNKNOWN_REFERENCE 422 "unknown-reference" "It refers to something that is not there"
        "An account, scheme, organisation or decision named in the body is not one of this fund or borough. The errors name it.";
    PARTY_ENDED 422 "party-ended" "That body did not exist on that day"
        "An organisation takes part only between the dates it is recorded for. Clinical commissioning groups ended on 30 June 2022 (SI 2022/634). Name the body that followed it.";
    RULE_BROKEN 422 "rule-broken" "A rule of pooled commissioning does not allow this"
        "What was sent breaks a rule of section 75, of the Better Care Fund or of the agreement. `rule` is its number, `says` what it asks, `source` where it comes from; the errors say what to mend. Nothing was written.";
    IDEMPOTENCY_KEY_REUSED 422 "idempotency-key-reused" "This key belongs to another request"
        "The same Idempotency-Key was sent before with another body, path or method. Use a new key for a new request.";
    VERSION_REQUIRED 428 "version-required" "Say which version you mean to change"
        "Send the ETag you read as If-Match, so that a change made in between is not lost.";
    RATE_LIMITED 429 "rate-limited" "Too many requests"
        "Your client or borough has used up its allowance for now. The RateLimit header says what is left, Retry-After when to try again.";
    HEADERS_TOO_LARGE 431 "headers-too-large" "The headers are too large"
        "The headers of a request may be up to 32 KB altogether.";
    INTERNAL 500 "internal" "Something went wrong on our side"
        "The fault is ours and has been logged under the request id. Nothing was written. Sending the same request with the same Idempotency-Key is safe.";
    BAD_GATEWAY 502 "bad-gateway" "A service behind the gateway failed"
        "The connection to a service broke before it answered. With an Idempotency-Key, sending the same request again is safe.";
    UNAVAILABLE 503 "unavailable" "Not available just now"
        "A part this needs is starting, stopping or out of reach. Try again after the time in Retry-After.";
    DEADLINE 504 "deadline" "A service behind the gateway did not answer in time"
        "With an Idempotency-Key, sending the same request again is safe: it is done at most once.";
}

/// The kind with that slug.
#[must_use]
pub fn find(slug: &str) -> Option<&'static Kind> {
    ALL.iter().copied().find(|kind| kind.slug == slug)
}
