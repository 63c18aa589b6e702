//! The periods of a financial year: twelve months and a thirteenth for adjustments.

use std::{fmt, str::FromStr};

use chrono::{Datelike, NaiveDate};

use crate::FinancialYear;

/// A number that is no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a period is 1 (April) to 12 (March), or 13 for adjustments after the year end")]
pub struct PeriodError;

/// A period: 1 is April, 12 is March, 13 is for adjustments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, sqlx::Type, utoipa::ToSchema)]
#[serde(transparent)]
#[sqlx(transparent)]
#[schema(value_type = i16, minimum = 1, maximum = 13, example = 12)]
pub struct Period(i16);

impl Period {
    /// The last: the whole year with its adjustments.
    pub const ADJUSTMENTS: Self = Self(13);

    /// The period of that number.
    ///
    /// # Errors
    /// When it is not 1 to 13.
    pub fn new(number: i16) -> Result<Self, PeriodError> {
        if (1..=13).contains(&number) { Ok(Self(number)) } else { Err(PeriodError) }
    }

    /// The month's period a day falls in (never 13).
    #[must_use]
    pub fn of(day: NaiveDate) -> Self {
        let month = i16::try_from(day.month()).expect("1 to 12");
        Self(if month >= 4 { month - 3 } else { month + 9 })
    }

    /// All thirteen, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=13).map(Self)
    }

    /// Its number.
    #[must_use]
    pub fn number(self) -> i16 {
        self.0
    }

    /// Whether something effective on `day` may be posted here: in its own month, or late, in a later one.
    #[must_use]
    pub fn takes(self, year: FinancialYear, day: NaiveDate) -> bool {
        year.contains(day) && Self::of(day) <= self
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Period {
    type Err = PeriodError;
    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let plain = !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
        if !plain || text.starts_with('0') {
            return Err(PeriodError);
        }
        Self::new(text.parse().map_err(|_| PeriodError)?)
    }
}

impl<'de> serde::Deserialize<'de> for Period {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::new(i16::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn april_is_one_and_march_is_twelve() {
        let day = |m, d| NaiveDate::from_ymd_opt(2020, m, d).expect("a day");
        assert_eq!(Period::of(day(4, 1)).number(), 1);
        assert_eq!(Period::of(day(3, 31)).number(), 12);
        assert!("13".parse::<Period>().is_ok());
        for wrong in ["0", "14", "01", "+1", "", "1.0", "x"] {
            assert_eq!(wrong.parse::<Period>(), Err(PeriodError), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_late_item_goes_forward_never_back(days in 0i64..36_000, number in 1i16..=13) {
            let day = NaiveDate::from_ymd_opt(2000, 4, 1).expect("a day") + chrono::Duration::days(days);
            let year = FinancialYear::of(day).expect("in range");
            let period = Period::new(number).expect("1 to 13");
            prop_assert_eq!(period.takes(year, day), Period::of(day) <= period);
            prop_assert!(!period.takes(year, day + chrono::Duration::days(366)));
        }
    }
}
