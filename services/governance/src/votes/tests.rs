//! The rules of voting, on committees made up for the purpose.

use chrono::NaiveDate;
use domain::{PersonId, SeatId};
use proptest::prelude::*;
use uuid::Uuid;

use super::{
    quorum::quorum,
    standing::{Declared, Place, SeatStanding, Sitting, Standing, standings},
    tally::{Ballot, Cast, Choice, Outcome, VoteResult},
};
use crate::{
    committees::Basis,
    constitutions::{
        Base, CastingVote, ClassQuorum, Fewest, Operator, PartnerQuorum, Quorum, Rounding, Rules, Share, Voting,
        example,
    },
    seats::{Capacity, Class},
};

const COUNCIL: &str = "Wigan Council";
const CCG: &str = "NHS Wigan Borough CCG";

fn seat(number: usize) -> SeatId {
    SeatId(Uuid::from_u128(1_000 + number as u128))
}

fn person(number: usize) -> PersonId {
    PersonId(Uuid::from_u128(2_000 + number as u128))
}

fn place(number: usize, class: Class, partner: &str) -> Place {
    let title = format!("{} {number}", class.as_str());
    Place { seat: seat(number), title, class, partner: partner.into(), voting: true }
}

fn sits(place: usize, who: usize, capacity: Capacity) -> Sitting {
    Sitting { seat: seat(place), person: person(who), name: format!("Person {who}"), capacity }
}

fn declares(who: usize, place: Option<usize>, may_vote: bool) -> Declared {
    Declared { person: person(who), name: format!("Person {who}"), seat: place.map(seat), may_vote }
}

fn rules(voting: Voting, total: u16) -> Rules {
    let mut rules = example();
    rules.voting = voting;
    rules.quorum.total = Fewest::Count(total);
    rules
}

/// Four councillors of the council in seats 0 to 3, four clinicians of the CCG in seats 4 to 7.
fn eight() -> Vec<Place> {
    (0..4)
        .map(|n| place(n, Class::Councillor, COUNCIL))
        .chain((4..8).map(|n| place(n, Class::Clinician, CCG)))
        .collect()
}

fn all_there(places: &[Place]) -> Vec<Sitting> {
    (0..places.len()).map(|n| sits(n, n, Capacity::Member)).collect()
}

fn vote(
    basis: Basis,
    rules: &Rules,
    (at_open, at_close): (&[SeatStanding], &[SeatStanding]),
    chair: Option<PersonId>,
    votes: &[Cast],
) -> VoteResult {
    let day = NaiveDate::from_ymd_opt(2019, 6, 18).expect("a day");
    let parents = [COUNCIL.to_owned(), CCG.to_owned()];
    let ballot = Ballot { basis, parents: &parents, rules, rules_from: day, day, chair, at_open, at_close, votes };
    ballot.result()
}

fn cast(seats: &[SeatStanding], choices: &[(usize, Choice)]) -> Vec<Cast> {
    let of = |(number, choice): &(usize, Choice)| {
        let person = seats.iter().find(|s| s.seat == seat(*number)).and_then(|s| s.person).expect("somebody sits");
        Cast { seat: seat(*number), person, choice: *choice, casting: false }
    };
    choices.iter().map(of).collect()
}

fn outcome(rules: &Rules, seats: &[SeatStanding], choices: &[(usize, Choice)]) -> Outcome {
    vote(Basis::JointCommittee, rules, (seats, seats), None, &cast(seats, choices)).outcome
}

use Choice::{Abstain, Against, For};

#[test]
fn rule_47_the_quorum_is_tested_per_class_and_partner_after_conflicted_members_have_left() {
    let places = eight();
    let rule = Quorum {
        total: Fewest::Count(4),
        by_class: vec![ClassQuorum { class: Class::Clinician, fewest: Fewest::Count(2) }],
        by_partner: vec![
            PartnerQuorum { partner: COUNCIL.into(), fewest: Fewest::Count(2) },
            PartnerQuorum { partner: CCG.into(), fewest: Fewest::Count(2) },
        ],
        conflicted_seats_leave_base: false,
    };
    let met = |sittings: &[Sitting], declared: &[Declared]| quorum(&rule, &standings(&places, sittings, declared)).0;
    let there = |seats: &[usize]| seats.iter().map(|n| sits(*n, *n, Capacity::Member)).collect::<Vec<_>>();
    // Four of the council and one of the NHS: enough in all, too few of one partner.
    assert!(!met(&there(&[0, 1, 2, 3, 4]), &[]));
    // Two and two: a quorum for the meeting, none for the item that one of them has an interest in.
    let two_and_two = there(&[0, 1, 4, 5]);
    assert!(met(&two_and_two, &[]));
    assert!(!met(&two_and_two, &[declares(5, Some(5), false)]));
    assert!(met(&two_and_two, &[declares(5, Some(5), true)]), "a ruling lets them stay");
    let (_, steps) = quorum(&rule, &standings(&places, &two_and_two, &[declares(5, Some(5), false)]));
    let failed: Vec<&str> = steps.iter().filter(|s| s.holds == Some(false)).map(|s| s.rule.as_str()).collect();
    assert_eq!(failed, ["quorum.total", "quorum.class", "quorum.partner"]);
}

#[test]
fn a_share_is_of_all_seats_unless_conflicted_ones_leave_the_base() {
    let places = eight();
    let share = Fewest::Share(Share { numerator: 1, denominator: 2, rounding: Rounding::Up });
    let sittings: Vec<_> = [0, 1, 4].map(|n| sits(n, n, Capacity::Member)).into();
    let conflicted = [declares(6, Some(6), false), declares(7, Some(7), false)];
    let seats = standings(&places, &sittings, &conflicted);
    let rule =
        |leave| Quorum { total: share, by_class: vec![], by_partner: vec![], conflicted_seats_leave_base: leave };
    assert!(!quorum(&rule(false), &seats).0, "3 of 8");
    assert!(quorum(&rule(true), &seats).0, "3 of 6");
}

#[test]
fn rule_48_an_interest_blocks_the_vote_unless_a_ruling_is_recorded() {
    let places = eight();
    let there = all_there(&places);
    let rules = rules(Voting::Majority, 4);
    let split = [(0, For), (1, For), (2, For), (3, For), (4, Against), (5, Against), (6, Against), (7, Against)];
    let blocked = standings(&places, &there, &[declares(7, Some(7), false)]);
    assert_eq!(blocked[7].standing, Standing::Conflicted);
    assert_eq!(outcome(&rules, &blocked, &split), Outcome::Carried, "four to three");
    let ruled = standings(&places, &there, &[declares(7, Some(7), true)]);
    assert_eq!(outcome(&rules, &ruled, &split), Outcome::Lost, "four to four");
    // Who left the room is conflicted still, not merely absent.
    let left = standings(&places, &there[..7], &[declares(7, Some(7), false)]);
    assert_eq!((left[7].standing, left[7].person), (Standing::Conflicted, Some(person(7))));
}

#[test]
fn rule_49_a_substitute_counts_once_and_only_while_the_member_is_away() {
    let places = eight();
    let mut there = all_there(&places);
    // Person 20 sits in seat 4 while its member is there too: they do not count.
    there.push(sits(4, 20, Capacity::Substitute));
    let seats = standings(&places, &there, &[]);
    assert_eq!(seats[4].person, Some(person(4)));
    // The member is away: the substitute counts; in two seats at once, in one of them.
    let away: Vec<_> = there.iter().filter(|s| s.person != person(4) && s.person != person(5)).cloned().collect();
    let both: Vec<_> = away.into_iter().chain([sits(5, 20, Capacity::Substitute)]).collect();
    let seats = standings(&places, &both, &[]);
    assert_eq!((seats[4].standing, seats[4].person), (Standing::Entitled, Some(person(20))));
    assert_eq!(seats[5].standing, Standing::NotCounted);
    // A member of one seat is no second vote in another.
    let own = [sits(0, 0, Capacity::Member), sits(1, 0, Capacity::Substitute)];
    let seats = standings(&places, &own, &[]);
    assert_eq!((seats[0].standing, seats[1].standing), (Standing::Entitled, Standing::NotCounted));
}

#[test]
fn what_abstaining_and_staying_away_do_is_as_the_rules_say() {
    let places = eight();
    let seats = standings(&places, &all_there(&places)[..7], &[]);
    let threshold = |operator, base| {
        let voting = Voting::Threshold { numerator: 1, denominator: 2, operator, base };
        outcome(&rules(voting, 1), &seats, &[(0, For), (1, For), (2, For), (3, Against), (4, Abstain), (5, Abstain)])
    };
    assert_eq!(threshold(Operator::MoreThan, Base::VotesCast), Outcome::Carried, "3 of 4");
    assert_eq!(threshold(Operator::AtLeast, Base::Present), Outcome::Lost, "3 of 7");
    assert_eq!(threshold(Operator::AtLeast, Base::Seats), Outcome::Lost, "3 of 8");
    let exactly =
        Voting::Threshold { numerator: 3, denominator: 4, operator: Operator::AtLeast, base: Base::VotesCast };
    let more = Voting::Threshold { numerator: 3, denominator: 4, operator: Operator::MoreThan, base: Base::VotesCast };
    let three_of_four = [(0, For), (1, For), (2, For), (3, Against)];
    assert_eq!(outcome(&rules(exactly, 1), &seats, &three_of_four), Outcome::Carried);
    assert_eq!(outcome(&rules(more, 1), &seats, &three_of_four), Outcome::Lost);
    let consensus = rules(Voting::Consensus, 1);
    assert_eq!(outcome(&consensus, &seats, &[(0, For), (4, Abstain)]), Outcome::Carried);
    assert_eq!(outcome(&consensus, &seats, &[(0, For), (4, Against)]), Outcome::Lost);
    assert_eq!(outcome(&consensus, &seats, &[(4, Abstain)]), Outcome::Lost, "nobody is for it");
}

#[test]
fn a_majority_within_each_class_or_body_takes_all_of_them() {
    let places = eight();
    let seats = standings(&places, &all_there(&places), &[]);
    let one_sided = [(0, For), (1, For), (2, For), (3, For), (4, For), (5, Against), (6, Against), (7, Abstain)];
    assert_eq!(outcome(&rules(Voting::Majority, 1), &seats, &one_sided), Outcome::Carried);
    assert_eq!(outcome(&rules(Voting::MajorityWithinEachClass, 1), &seats, &one_sided), Outcome::Lost);
    assert_eq!(outcome(&rules(Voting::MajorityWithinEachPartner, 1), &seats, &one_sided), Outcome::Lost);
    let votes = cast(&seats, &one_sided);
    let in_common = vote(Basis::CommitteesInCommon, &rules(Voting::Majority, 1), (&seats, &seats), None, &votes);
    assert_eq!(in_common.outcome, Outcome::Lost, "committees in common: each body must carry");
    let bodies: Vec<_> = in_common.explanation.iter().filter(|s| s.rule == "body").map(|s| s.holds).collect();
    assert_eq!(bodies, [Some(true), Some(false)]);
}

#[test]
fn a_tie_is_lost_or_decided_by_whoever_presides() {
    let places = eight();
    let seats = standings(&places, &all_there(&places), &[]);
    let mut votes = cast(&seats, &[(0, For), (1, For), (4, Against), (5, Against)]);
    let mut rules = rules(Voting::Majority, 1);
    let result = |rules: &Rules, votes: &[Cast]| {
        vote(Basis::JointCommittee, rules, (&seats, &seats), Some(person(0)), votes).outcome
    };
    votes.push(Cast { seat: seat(0), person: person(0), choice: For, casting: true });
    assert_eq!(result(&rules, &votes), Outcome::Lost, "the rules give no casting vote");
    rules.casting_vote = CastingVote::Chair;
    assert_eq!(result(&rules, &votes), Outcome::Carried);
    votes.last_mut().expect("the casting vote").choice = Against;
    assert_eq!(result(&rules, &votes), Outcome::Lost);
    let somebody_else = Cast { seat: seat(1), person: person(1), choice: For, casting: true };
    *votes.last_mut().expect("the casting vote") = somebody_else;
    assert_eq!(result(&rules, &votes), Outcome::Lost, "only whoever presides has one");
}

#[test]
fn a_vote_is_void_when_the_quorum_is_lost_before_its_close() {
    let places = eight();
    let there = all_there(&places);
    let (at_open, at_close) = (standings(&places, &there[..4], &[]), standings(&places, &there[..3], &[]));
    let votes = cast(&at_open, &[(0, For), (1, For), (2, For), (3, For)]);
    let result = vote(Basis::JointCommittee, &rules(Voting::Majority, 4), (&at_open, &at_close), None, &votes);
    assert_eq!(result.outcome, Outcome::Void);
    let result = vote(Basis::JointCommittee, &rules(Voting::Majority, 3), (&at_open, &at_close), None, &votes);
    assert_eq!((result.outcome, result.total.yes), (Outcome::Carried, 3), "the vote of the one who left is dropped");
    // Who came after it opened does not vote.
    let result = vote(Basis::JointCommittee, &rules(Voting::Majority, 3), (&at_close, &at_open), None, &votes);
    assert_eq!(result.total.yes, 3);
}

#[test]
fn an_explanation_tells_every_input_of_a_split_vote() {
    let places = eight();
    let mut there = all_there(&places);
    there[6] = sits(6, 16, Capacity::Substitute);
    let seats = standings(&places, &there, &[declares(5, Some(5), false)]);
    let rules = Rules { casting_vote: CastingVote::Chair, ..rules(Voting::MajorityWithinEachPartner, 4) };
    let votes = cast(&seats, &[(0, For), (1, For), (2, Against), (3, Abstain), (4, For), (6, For), (7, Against)]);
    let result = vote(Basis::JointCommittee, &rules, (&seats, &seats), Some(person(0)), &votes);
    assert_eq!(result.outcome, Outcome::Carried);
    let told: Vec<String> = result.explanation.iter().map(|s| format!("{}: {}", s.rule, s.says)).collect();
    assert_eq!(
        told,
        [
            "seats: The committee has 8 voting seats.",
            "conflicts: Conflicted, so neither counted nor voting: clinician 5.",
            "presence: There and counted: councillor 0, councillor 1, councillor 2, councillor 3, clinician 4, clinician 6 \
             (a substitute) and clinician 7; not there: nobody.",
            "quorum.total: 7 of 8 voting seats count; at least 4 is needed: 4.",
            "chair: The meeting elected a chair.",
            "votes: For: councillor 0, councillor 1, clinician 4 and clinician 6 (a substitute). Against: councillor 2 and clinician 7. \
             Abstained: councillor 3. There but did not vote: nobody.",
            "threshold: 2 for and 1 against of NHS Wigan Borough CCG; more for than against is needed.",
            "threshold: 2 for and 1 against of Wigan Council; more for than against is needed.",
            "outcome: The motion is carried.",
        ]
    );
    let presence = result.explanation.iter().find(|s| s.rule == "presence").expect("told");
    let substitute =
        presence.inputs["entitled"].as_array().expect("a list").iter().find(|s| s["capacity"] == "substitute");
    assert_eq!(substitute.expect("told")["name"], "Person 16");
}

fn any_voting() -> impl Strategy<Value = Voting> {
    let operator = prop_oneof![Just(Operator::MoreThan), Just(Operator::AtLeast)];
    let base = prop_oneof![Just(Base::VotesCast), Just(Base::Present), Just(Base::Seats)];
    prop_oneof![
        Just(Voting::Consensus),
        Just(Voting::Majority),
        Just(Voting::MajorityWithinEachClass),
        Just(Voting::MajorityWithinEachPartner),
        (1u16..4, 4u16..6, operator, base).prop_map(|(numerator, denominator, operator, base)| Voting::Threshold {
            numerator,
            denominator,
            operator,
            base
        }),
    ]
}

fn any_basis() -> impl Strategy<Value = Basis> {
    prop_oneof![Just(Basis::JointCommittee), Just(Basis::CommitteesInCommon), Just(Basis::Executive)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever is declared, whoever comes and goes: what carries had its quorum, counted afresh, at both ends; nobody
    /// conflicted was counted; nobody counted twice.
    #[test]
    fn no_inquorate_or_conflicted_vote_carries(
        basis in any_basis(),
        voting in any_voting(),
        fewest in 1u16..8,
        of_council in 0u16..4,
        present in prop::collection::vec((any::<bool>(), any::<bool>(), any::<bool>()), 8),
        interests in prop::collection::vec((any::<bool>(), any::<bool>()), 8),
        choices in prop::collection::vec(0u8..4, 8),
    ) {
        let places = eight();
        let mut rules = rules(voting, fewest);
        rules.quorum.by_partner = vec![PartnerQuorum { partner: COUNCIL.into(), fewest: Fewest::Count(of_council) }];
        let at = |pick: fn(&(bool, bool, bool)) -> bool| -> Vec<Sitting> {
            let here = present.iter().enumerate().filter(|(_, p)| pick(p));
            here.map(|(n, p)| if p.2 { sits(n, 50 + n / 2, Capacity::Substitute) } else { sits(n, n, Capacity::Member) }).collect()
        };
        let declared: Vec<Declared> = interests.iter().enumerate().filter(|(_, (has, _))| *has)
            .flat_map(|(n, (_, may))| [declares(n, Some(n), *may), declares(50 + n / 2, None, *may)]).collect();
        let (at_open, at_close) = (standings(&places, &at(|p| p.0), &declared), standings(&places, &at(|p| p.1), &declared));
        // Everybody tries to vote, entitled or not.
        let votes: Vec<Cast> = choices.iter().enumerate().filter(|(_, c)| **c < 3).map(|(n, c)| Cast {
            seat: seat(n),
            person: if present[n].2 { person(50 + n / 2) } else { person(n) },
            choice: [For, Against, Abstain][usize::from(*c)],
            casting: false,
        }).collect();
        let result = vote(basis, &rules, (&at_open, &at_close), None, &votes);
        let blocked = |who: PersonId| declared.iter().any(|d| d.person == who && !d.may_vote);
        // Counted afresh, from what was put in.
        let counts = |pick: fn(&(bool, bool, bool)) -> bool| {
            let mut who: Vec<(PersonId, bool)> = at(pick).iter().map(|s| (s.person, s.seat.0.as_u128() < 1_004)).collect();
            who.retain(|(person, _)| !blocked(*person));
            who.sort_by_key(|(person, _)| person.0);
            who.dedup_by_key(|(person, _)| *person);
            (who.len(), who)
        };
        let total = &result.total;
        let (open, _) = counts(|p| p.0);
        let (close, who) = counts(|p| p.1);
        prop_assert!(total.yes + total.against + total.abstain + total.not_voting <= open.min(close));
        if result.outcome == Outcome::Carried {
            prop_assert!(open >= usize::from(fewest) && close >= usize::from(fewest), "{open} {close} of {fewest}");
            // A substitute of two seats counts in one of them, which may be of either partner.
            prop_assert!(who.iter().filter(|(_, council)| *council).count() >= usize::from(of_council) || who.iter().any(|(p, _)| p.0.as_u128() >= 2_050));
            prop_assert!(total.yes > 0);
        } else if open < usize::from(fewest) || close < usize::from(fewest) {
            prop_assert_eq!(result.outcome, Outcome::Void);
        }
        for seat in at_close.iter().filter(|seat| seat.is_entitled()) {
            prop_assert!(!blocked(seat.person.expect("an entitled seat has somebody")));
        }
        let mut entitled: Vec<_> = at_close.iter().filter(|s| s.is_entitled()).filter_map(|s| s.person).collect();
        let many = entitled.len();
        entitled.sort_by_key(|p| p.0);
        entitled.dedup();
        prop_assert_eq!(entitled.len(), many, "nobody counts twice");
    }
}
