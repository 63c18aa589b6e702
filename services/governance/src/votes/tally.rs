//! What votes come to under a committee's rules, with every input of every step.

use chrono::NaiveDate;
use domain::{PersonId, SeatId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    explain::{Step, listed},
    quorum::quorum,
    standing::{SeatStanding, Standing},
};
use crate::{
    committees::Basis,
    constitutions::{Base, CastingVote, ChairRule, Operator, Rules, Voting},
};

/// A vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Choice {
    For,
    Against,
    Abstain,
}

/// A vote cast from a seat.
#[derive(Debug, Clone)]
pub(crate) struct Cast {
    pub(crate) seat: SeatId,
    pub(crate) person: PersonId,
    pub(crate) choice: Choice,
    /// The chair's second vote, which counts in a tie only.
    pub(crate) casting: bool,
}

/// How a vote ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// The motion is agreed.
    Carried,
    /// It is not.
    Lost,
    /// There was no quorum to the end: nothing is decided, and it may be voted on again.
    Void,
}

/// Votes of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Count {
    /// `all`, a class or a partner.
    #[schema(example = "councillor")]
    pub(crate) of: String,
    #[serde(rename = "for")]
    pub(crate) yes: usize,
    pub(crate) against: usize,
    pub(crate) abstain: usize,
    /// Entitled and there, but did not vote.
    pub(crate) not_voting: usize,
}

/// A vote that counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct CountedVote {
    pub(crate) seat: SeatId,
    pub(crate) person: Option<PersonId>,
    #[schema(example = "A councillor")]
    pub(crate) name: Option<String>,
    pub(crate) choice: Choice,
}

/// What a vote came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct VoteResult {
    pub(crate) outcome: Outcome,
    pub(crate) total: Count,
    pub(crate) by_class: Vec<Count>,
    pub(crate) by_partner: Vec<Count>,
    /// Who was counted, and how they voted.
    pub(crate) counted: Vec<CountedVote>,
    /// The steps that led to it.
    pub(crate) explanation: Vec<Step>,
}

/// All there is to know of a vote.
#[derive(Debug, Clone)]
pub(crate) struct Ballot<'a> {
    pub(crate) basis: Basis,
    pub(crate) parents: &'a [String],
    pub(crate) rules: &'a Rules,
    pub(crate) rules_from: NaiveDate,
    pub(crate) day: NaiveDate,
    pub(crate) chair: Option<PersonId>,
    /// How the seats stood when it opened, and when it closed.
    pub(crate) at_open: &'a [SeatStanding],
    pub(crate) at_close: &'a [SeatStanding],
    pub(crate) votes: &'a [Cast],
}

struct Voter<'a> {
    seat: &'a SeatStanding,
    choice: Option<Choice>,
}

impl Ballot<'_> {
    /// Computes the result.
    pub(crate) fn result(&self) -> VoteResult {
        let (quorate_at_open, at_open) = quorum(&self.rules.quorum, self.at_open);
        let (quorate_at_close, mut steps) = quorum(&self.rules.quorum, self.at_close);
        if !quorate_at_open {
            steps.extend(at_open.into_iter().filter(|step| step.holds == Some(false)));
        }
        steps.extend(self.chair());
        let voters = self.voters();
        steps.push(self.votes_told(&voters));
        let total = count("all", &voters, |_| true);
        let by_class = groups(&voters, self.at_close, |seat| seat.class.as_str().to_owned());
        let by_partner = groups(&voters, self.at_close, |seat| seat.partner.clone());
        let carried = if quorate_at_open && quorate_at_close {
            let carried = match self.basis {
                Basis::CommitteesInCommon => self.each_body(&voters, &mut steps),
                _ => self.carries(None, &voters, &mut steps),
            };
            if carried { Outcome::Carried } else { Outcome::Lost }
        } else {
            Outcome::Void
        };
        steps.push(Step::told(
            "outcome",
            match carried {
                Outcome::Carried => "The motion is carried.",
                Outcome::Lost => "The motion is lost.",
                Outcome::Void => "There was no quorum throughout, so the vote is void and decides nothing.",
            },
            json!({"outcome": carried, "quorate_at_open": quorate_at_open, "quorate_at_close": quorate_at_close}),
        ));
        let counted = voters.iter().filter_map(|v| {
            let SeatStanding { seat, person, name, .. } = v.seat;
            Some(CountedVote { seat: *seat, person: *person, name: name.clone(), choice: v.choice? })
        });
        let counted = counted.collect();
        VoteResult { outcome: carried, total, by_class, by_partner, counted, explanation: steps }
    }

    /// Who counts: entitled both when it opened and when it closed, the same person in the seat.
    fn voters(&self) -> Vec<Voter<'_>> {
        let stayed = |seat: &&SeatStanding| {
            seat.is_entitled()
                && self.at_open.iter().any(|o| o.seat == seat.seat && o.is_entitled() && o.person == seat.person)
        };
        let choice = |seat: &SeatStanding| {
            let own = self.votes.iter().find(|v| v.seat == seat.seat && Some(v.person) == seat.person && !v.casting);
            own.map(|vote| vote.choice)
        };
        self.at_close.iter().filter(stayed).map(|seat| Voter { seat, choice: choice(seat) }).collect()
    }

    fn votes_told(&self, voters: &[Voter<'_>]) -> Step {
        let said = |choice: Option<Choice>| {
            let names: Vec<String> = voters.iter().filter(|v| v.choice == choice).map(|v| v.seat.called()).collect();
            listed(names.iter().map(String::as_str), "nobody")
        };
        let dropped: Vec<&str> = self
            .at_close
            .iter()
            .filter(|seat| {
                self.votes.iter().any(|v| v.seat == seat.seat && !v.casting)
                    && !voters.iter().any(|v| v.seat.seat == seat.seat && v.choice.is_some())
            })
            .map(|seat| seat.title.as_str())
            .collect();
        let mut says = format!(
            "For: {}. Against: {}. Abstained: {}. There but did not vote: {}.",
            said(Some(Choice::For)),
            said(Some(Choice::Against)),
            said(Some(Choice::Abstain)),
            said(None)
        );
        if !dropped.is_empty() {
            says.push_str(&format!(
                " Not counted, for they were not entitled from opening to close: {}.",
                listed(dropped.iter().copied(), "")
            ));
        }
        let votes: Vec<_> = voters
            .iter()
            .map(|v| {
                json!({"seat": v.seat.title, "class": v.seat.class, "partner": v.seat.partner,
                "capacity": v.seat.capacity, "choice": v.choice})
            })
            .collect();
        Step::told("votes", says, json!({"votes": votes, "not_counted": dropped}))
    }

    /// Whether the rule on presiding was kept. It does not undo a vote.
    fn chair(&self) -> Option<Step> {
        let partner_of_chair =
            self.chair.and_then(|chair| self.at_close.iter().find(|s| s.person == Some(chair)).map(|s| &s.partner));
        let wanted = match &self.rules.chair {
            ChairRule::Fixed { partner } => partner,
            ChairRule::Rotating { order } => {
                let years = self.day.years_since(self.rules_from).unwrap_or_default() as usize;
                order.get(years % order.len().max(1))?
            }
            ChairRule::ElectedEachMeeting => {
                let says = if self.chair.is_some() { "The meeting elected a chair." } else { "Nobody presides." };
                return Some(Step::tested("chair", self.chair.is_some(), says, json!({"rule": self.rules.chair})));
            }
        };
        let holds = partner_of_chair == Some(wanted);
        let says = match partner_of_chair {
            Some(partner) => format!("Under the rules {wanted} has the chair; it is held by {partner}."),
            None => format!("Under the rules {wanted} has the chair; nobody with a seat presides."),
        };
        Some(Step::tested("chair", holds, says, json!({"rule": self.rules.chair, "held_by": partner_of_chair})))
    }

    /// Committees in common: the members of each body decide for it, and every body must carry.
    fn each_body(&self, voters: &[Voter<'_>], steps: &mut Vec<Step>) -> bool {
        let mut all = true;
        for body in self.parents {
            let own: Vec<Voter<'_>> = voters
                .iter()
                .filter(|v| v.seat.partner == *body)
                .map(|v| Voter { seat: v.seat, choice: v.choice })
                .collect();
            let carried = self.carries(Some(body), &own, steps);
            let says = format!("{body} {} it.", if carried { "carries" } else { "does not carry" });
            steps.push(Step::tested("body", carried, says, json!({"body": body})));
            all &= carried;
        }
        all
    }

    fn carries(&self, body: Option<&str>, voters: &[Voter<'_>], steps: &mut Vec<Step>) -> bool {
        let of = body.map(|body| format!(" of {body}")).unwrap_or_default();
        let seats = || self.at_close.iter().filter(move |s| s.is_voting() && body.is_none_or(|b| s.partner == b));
        match self.rules.voting {
            Voting::Consensus => {
                let all = count("all", voters, |_| true);
                let holds = all.yes > 0 && all.against == 0;
                let says = format!("Consensus{of}: {} for, and {} against where none may be.", all.yes, all.against);
                steps.push(Step::tested("threshold", holds, says, json!({"rule": "consensus", "votes": all})));
                holds
            }
            Voting::Majority => self.majority(&of, voters, steps),
            Voting::MajorityWithinEachClass => {
                let class = |seat: &SeatStanding| seat.class.as_str().to_owned();
                self.within_each(
                    seats().map(class).collect(),
                    class,
                    |name| format!("{of} of the class {name}"),
                    voters,
                    steps,
                )
            }
            Voting::MajorityWithinEachPartner => {
                let partner = |seat: &SeatStanding| seat.partner.clone();
                self.within_each(seats().map(partner).collect(), partner, |name| format!(" of {name}"), voters, steps)
            }
            Voting::Threshold { numerator, denominator, operator, base } => {
                let all = count("all", voters, |_| true);
                let taken_of = match base {
                    Base::VotesCast => all.yes + all.against,
                    Base::Present => voters.len(),
                    Base::Seats => seats().filter(|seat| seat.standing != Standing::Conflicted).count(),
                };
                let (support, needed) = (all.yes * usize::from(denominator), taken_of * usize::from(numerator));
                let (enough, words) = match operator {
                    Operator::MoreThan => (support > needed, "more than"),
                    Operator::AtLeast => (support >= needed, "at least"),
                };
                let holds = enough && all.yes > 0;
                let says = format!(
                    "{} for{of} of {taken_of} ({}); {words} {numerator}/{denominator} is needed.",
                    all.yes,
                    match base {
                        Base::VotesCast => "votes cast",
                        Base::Present => "there and entitled",
                        Base::Seats => "voting seats not conflicted",
                    }
                );
                let inputs = json!({"rule": self.rules.voting, "votes": all, "base": taken_of});
                steps.push(Step::tested("threshold", holds, says, inputs));
                holds
            }
        }
    }

    /// A group with a voting seat and nobody there to vote for it does not carry.
    fn within_each(
        &self,
        mut names: Vec<String>,
        group: impl Fn(&SeatStanding) -> String,
        named: impl Fn(&str) -> String,
        voters: &[Voter<'_>],
        steps: &mut Vec<Step>,
    ) -> bool {
        names.sort();
        names.dedup();
        let mut all = !names.is_empty();
        for name in names {
            let own: Vec<Voter<'_>> = voters
                .iter()
                .filter(|v| group(v.seat) == name)
                .map(|v| Voter { seat: v.seat, choice: v.choice })
                .collect();
            all &= self.majority(&named(&name), &own, steps);
        }
        all
    }

    fn majority(&self, of: &str, voters: &[Voter<'_>], steps: &mut Vec<Step>) -> bool {
        let all = count("all", voters, |_| true);
        let holds = all.yes > all.against;
        let says = format!("{} for and {} against{of}; more for than against is needed.", all.yes, all.against);
        steps.push(Step::tested("threshold", holds, says, json!({"rule": "majority", "votes": all})));
        if all.yes != all.against || all.yes == 0 {
            return holds;
        }
        self.tie(of, voters, steps)
    }

    /// A tie, as the rules say: lost, or decided by whoever presides, from a seat that counts here.
    fn tie(&self, of: &str, voters: &[Voter<'_>], steps: &mut Vec<Step>) -> bool {
        let in_order = self.chair().is_none_or(|step| step.holds != Some(false));
        let may = self.rules.casting_vote == CastingVote::Chair && in_order;
        let second = self.chair.filter(|_| may).and_then(|chair| {
            let seat = voters.iter().find(|v| v.seat.person == Some(chair))?;
            self.votes.iter().find(|v| v.casting && v.seat == seat.seat.seat && v.person == chair)
        });
        let holds = second.is_some_and(|vote| vote.choice == Choice::For);
        let says = match (self.rules.casting_vote, second) {
            (CastingVote::None, _) => format!("A tie{of}, and no casting vote under the rules: lost."),
            (CastingVote::Chair, None) if !in_order => {
                format!("A tie{of}, and whoever presides does not have the chair under the rules: lost.")
            }
            (CastingVote::Chair, None) => format!("A tie{of}, and no casting vote was given: lost."),
            (CastingVote::Chair, Some(vote)) => {
                let word = if vote.choice == Choice::For { "for" } else { "against" };
                format!("A tie{of}, decided by the casting vote of whoever presides: {word}.")
            }
        };
        let inputs = json!({"casting_vote": self.rules.casting_vote, "given": second.map(|vote| vote.choice)});
        steps.push(Step::tested("tie", holds, says, inputs));
        holds
    }
}

fn count(of: &str, voters: &[Voter<'_>], belongs: impl Fn(&SeatStanding) -> bool) -> Count {
    let of_choice = |choice: Option<Choice>| voters.iter().filter(|v| belongs(v.seat) && v.choice == choice).count();
    Count {
        of: of.to_owned(),
        yes: of_choice(Some(Choice::For)),
        against: of_choice(Some(Choice::Against)),
        abstain: of_choice(Some(Choice::Abstain)),
        not_voting: of_choice(None),
    }
}

fn groups(voters: &[Voter<'_>], seats: &[SeatStanding], name: impl Fn(&SeatStanding) -> String) -> Vec<Count> {
    let mut names: Vec<String> = Vec::new();
    for seat in seats.iter().filter(|seat| seat.is_voting()) {
        let name = name(seat);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.iter().map(|one| count(one, voters, |seat| name(seat) == *one)).collect()
}
