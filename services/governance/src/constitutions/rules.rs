//! The rules a committee has given itself. No SQL, no HTTP, no clock.

use domain::Pence;
use serde::{Deserialize, Serialize};
use web::{Faults, Problem};

use crate::seats::Class;

/// The terms of reference, as far as they can be computed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rules {
    pub(crate) quorum: Quorum,
    pub(crate) voting: Voting,
    pub(crate) casting_vote: CastingVote,
    pub(crate) chair: ChairRule,
    pub(crate) notice: NoticeRule,
    pub(crate) call_in: CallInRule,
    /// The most the committee may decide by itself; above it each parent's own board decides. Without one there is no
    /// limit. In pence.
    pub(crate) limit_pence: Option<Pence>,
    /// Money of this much and more makes a decision a key decision, so its item is announced as one. In pence.
    #[serde(default)]
    pub(crate) key_decision_from_pence: Option<Pence>,
}

/// Who must be there, for each item, once conflicted members have left it (rule 47).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quorum {
    /// Of all voting seats together.
    pub(crate) total: Fewest,
    /// Of the voting seats of a class.
    #[schema(max_items = 4)]
    pub(crate) by_class: Vec<ClassQuorum>,
    /// Of the voting seats of a partner.
    #[schema(max_items = 20)]
    pub(crate) by_partner: Vec<PartnerQuorum>,
    /// Whether a conflicted seat leaves what a share is taken of.
    pub(crate) conflicted_seats_leave_base: bool,
}

/// A number of seats, or a share of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fewest {
    /// At least so many.
    Count(u16),
    /// At least this share.
    Share(Share),
}

/// A share of the voting seats, vacant ones among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Share {
    pub(crate) numerator: u16,
    pub(crate) denominator: u16,
    pub(crate) rounding: Rounding,
}

/// What becomes of a part of a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Rounding {
    /// To the next whole seat.
    Up,
    /// It is dropped.
    Down,
    /// To the nearest, a half upwards.
    Nearest,
}

impl Fewest {
    /// How many seats that is of `base`.
    pub(crate) fn of(self, base: usize) -> usize {
        match self {
            Self::Count(count) => usize::from(count),
            Self::Share(Share { numerator, denominator, rounding }) => {
                let (parts, whole) = (base * usize::from(numerator), usize::from(denominator).max(1));
                match rounding {
                    Rounding::Up => parts.div_ceil(whole),
                    Rounding::Down => parts / whole,
                    Rounding::Nearest => (2 * parts + whole) / (2 * whole),
                }
            }
        }
    }

    /// As a clerk would say it.
    pub(crate) fn in_words(self) -> String {
        match self {
            Self::Count(count) => format!("at least {count}"),
            Self::Share(s) => format!("at least {}/{} rounded {}", s.numerator, s.denominator, s.rounding.in_words()),
        }
    }

    fn check(self, faults: &mut Faults, pointer: &str) {
        if let Self::Share(Share { numerator, denominator, .. }) = self {
            let fits = numerator >= 1 && numerator <= denominator;
            faults.unless(fits, pointer, "A share is more than nothing and at most the whole.");
        }
    }
}

impl Rounding {
    fn in_words(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Nearest => "to the nearest",
        }
    }
}

/// A class's own quorum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClassQuorum {
    pub(crate) class: Class,
    pub(crate) fewest: Fewest,
}

/// A partner's own quorum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartnerQuorum {
    /// One of the committee's parents.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) partner: String,
    pub(crate) fewest: Fewest,
}

/// How a vote carries. Committees in common decide by body besides: each must carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Voting {
    /// Somebody is for it, and nobody against.
    Consensus,
    /// More for than against.
    Majority,
    /// More for than against within each class that has a voting seat.
    MajorityWithinEachClass,
    /// More for than against within each partner that has a voting seat.
    MajorityWithinEachPartner,
    /// A share of a base is for it.
    Threshold {
        /// Of the share.
        numerator: u16,
        /// Of the share.
        denominator: u16,
        /// Whether exactly the share is enough.
        operator: Operator,
        /// What the share is taken of.
        base: Base,
    },
}

/// Whether exactly the share is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Operator {
    /// It is not.
    MoreThan,
    /// It is.
    AtLeast,
}

/// What a threshold is taken of: so it is that abstaining and staying away count, or do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Base {
    /// Votes for and against; who abstains does not count.
    VotesCast,
    /// All who were entitled and there; abstaining works as a vote against.
    Present,
    /// All voting seats but the conflicted; staying away works as a vote against too.
    Seats,
}

/// Whether the chair has a second vote in a tie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CastingVote {
    /// A tie is lost.
    None,
    /// The one who presides decides a tie.
    Chair,
}

/// Who presides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ChairRule {
    /// Somebody of this partner.
    Fixed {
        /// One of the committee's parents.
        partner: String,
    },
    /// The partners in turn, a year each from the day the rules came into force.
    Rotating {
        /// The committee's parents, in their order.
        order: Vec<String>,
    },
    /// Whoever the meeting elects.
    ElectedEachMeeting,
}

/// The notice of a meeting. Whether clear days are working days is disputed, so it is a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoticeRule {
    /// How many days lie between the notice and the meeting.
    pub(crate) days: u8,
    pub(crate) counted: Counted,
}

/// Which days count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Counted {
    /// Working days of England and Wales.
    ClearWorkingDays,
    /// All days.
    ClearCalendarDays,
}

/// Which decisions can be called in, for how long, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallInRule {
    pub(crate) applies_to: CallInApplies,
    /// Working days from the day after publication.
    pub(crate) working_days: u8,
    /// How many must ask together.
    pub(crate) fewest_members: u8,
    /// Who they are.
    #[schema(min_length = 1, max_length = 200, example = "members of the council who are not on its executive")]
    pub(crate) who: String,
}

/// Which decisions can be called in. Call-in binds a council's executive decisions, so not every committee has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CallInApplies {
    /// None.
    Nothing,
    /// Key decisions.
    KeyDecisions,
    /// Every decision that approves something.
    AllDecisions,
}

impl Rules {
    /// What is wrong with them, for a committee of these parents.
    pub(super) fn check(&self, parents: &[String]) -> Result<(), Problem> {
        let mut faults = Faults::default();
        let is_parent = |name: &String| parents.contains(name);
        self.quorum.total.check(&mut faults, "/rules/quorum/total");
        let nobody = self.quorum.total.of(100) == 0;
        faults.unless(!nobody, "/rules/quorum/total", "A quorum of nobody is none.");
        for (at, one) in self.quorum.by_class.iter().enumerate() {
            one.fewest.check(&mut faults, &format!("/rules/quorum/by_class/{at}/fewest"));
            let again = self.quorum.by_class[..at].iter().any(|before| before.class == one.class);
            faults.unless(!again, format!("/rules/quorum/by_class/{at}"), "The class is named already.");
        }
        for (at, one) in self.quorum.by_partner.iter().enumerate() {
            one.fewest.check(&mut faults, &format!("/rules/quorum/by_partner/{at}/fewest"));
            let pointer = format!("/rules/quorum/by_partner/{at}/partner");
            faults.unless(is_parent(&one.partner), &pointer, "It is not a parent of the committee.");
            let again = self.quorum.by_partner[..at].iter().any(|before| before.partner == one.partner);
            faults.unless(!again, pointer, "The partner is named already.");
        }
        if let Voting::Threshold { numerator, denominator, operator, .. } = self.voting {
            let most = denominator - u16::from(operator == Operator::MoreThan).min(denominator);
            let fits = numerator >= 1 && numerator <= most;
            faults.unless(fits, "/rules/voting", "A threshold is a share that can be reached, and more than nothing.");
        }
        match &self.chair {
            ChairRule::Fixed { partner } => {
                faults.unless(is_parent(partner), "/rules/chair/partner", "It is not a parent of the committee.");
            }
            ChairRule::Rotating { order } => {
                let mut sorted = (order.clone(), parents.to_vec());
                sorted.0.sort();
                sorted.1.sort();
                faults.unless(sorted.0 == sorted.1, "/rules/chair/order", "Every parent stands in it once.");
            }
            ChairRule::ElectedEachMeeting => {}
        }
        faults.unless(self.notice.days <= 60, "/rules/notice/days", "It is 0 to 60 days.");
        if self.call_in.applies_to != CallInApplies::Nothing {
            let days = (1..=30).contains(&self.call_in.working_days);
            faults.unless(days, "/rules/call_in/working_days", "It is 1 to 30 working days.");
            faults.unless(self.call_in.fewest_members >= 1, "/rules/call_in/fewest_members", "It takes at least one.");
        }
        faults.text("/rules/call_in/who", &self.call_in.who, 200);
        let limit = self.limit_pence.is_none_or(|limit| limit >= Pence::ZERO);
        faults.unless(limit, "/rules/limit_pence", "A limit is not negative.");
        let key = self.key_decision_from_pence.is_none_or(|from| from > Pence::ZERO);
        faults.unless(key, "/rules/key_decision_from_pence", "It is more than nothing.");
        faults.none()
    }
}

/// Rules for tests: four of all, a majority, call-in of key decisions for five working days.
#[cfg(test)]
pub(crate) fn example() -> Rules {
    Rules {
        quorum: Quorum {
            total: Fewest::Count(4),
            by_class: vec![],
            by_partner: vec![],
            conflicted_seats_leave_base: false,
        },
        voting: Voting::Majority,
        casting_vote: CastingVote::None,
        chair: ChairRule::ElectedEachMeeting,
        notice: NoticeRule { days: 5, counted: Counted::ClearWorkingDays },
        call_in: CallInRule {
            applies_to: CallInApplies::KeyDecisions,
            working_days: 5,
            fewest_members: 3,
            who: "members of the council".into(),
        },
        limit_pence: None,
        key_decision_from_pence: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_cannot_be_kept_are_refused() {
        let parents = ["Council".to_owned(), "CCG".to_owned()];
        assert!(example().check(&parents).is_ok());
        let spoilt: [fn(&mut Rules); 8] = [
            |r| r.quorum.total = Fewest::Count(0),
            |r| r.quorum.total = Fewest::Share(Share { numerator: 3, denominator: 2, rounding: Rounding::Up }),
            |r| r.quorum.by_partner = vec![PartnerQuorum { partner: "Somebody".into(), fewest: Fewest::Count(1) }],
            |r| {
                let (operator, base) = (Operator::MoreThan, Base::Present);
                r.voting = Voting::Threshold { numerator: 2, denominator: 2, operator, base };
            },
            |r| r.chair = ChairRule::Rotating { order: vec!["Council".into()] },
            |r| r.chair = ChairRule::Fixed { partner: "Somebody".into() },
            |r| r.call_in.fewest_members = 0,
            |r| r.limit_pence = Some(Pence(-1)),
        ];
        for spoil in spoilt {
            let mut rules = example();
            spoil(&mut rules);
            assert!(rules.check(&parents).is_err(), "{rules:?}");
        }
    }

    #[test]
    fn a_share_of_seats_is_rounded_as_the_rules_say() {
        let third = |rounding| Fewest::Share(Share { numerator: 1, denominator: 3, rounding });
        assert_eq!(
            (third(Rounding::Up).of(10), third(Rounding::Down).of(10), third(Rounding::Nearest).of(10)),
            (4, 3, 3)
        );
        assert_eq!(
            (third(Rounding::Up).of(11), third(Rounding::Down).of(11), third(Rounding::Nearest).of(11)),
            (4, 3, 4)
        );
        assert_eq!(third(Rounding::Up).of(9), 3);
        let half = Fewest::Share(Share { numerator: 1, denominator: 2, rounding: Rounding::Nearest });
        assert_eq!(half.of(5), 3, "a half goes up");
        assert_eq!(Fewest::Count(4).of(2), 4);
    }
}
