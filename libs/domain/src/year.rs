//! The financial year, 1 April to 31 March.

use std::{fmt, str::FromStr};

use chrono::{Datelike, NaiveDate};

/// A text that names no financial year.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a financial year is written like 2019-20: the year it starts in, and the last two digits of the next")]
pub struct YearError;

/// A financial year of local government and the NHS, written `2019-20`; kept as the year it starts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type, utoipa::ToSchema)]
#[sqlx(transparent)]
#[schema(value_type = String, example = "2019-20", pattern = "^20[0-9]{2}-[0-9]{2}$")]
pub struct FinancialYear(i16);

impl FinancialYear {
    /// The first we keep, 2000-01.
    pub const FIRST: Self = Self(2000);

    /// The year that starts on 1 April of `start`; 2000 to 2098.
    ///
    /// # Errors
    /// When `start` is outside that range.
    pub fn starting_in(start: i16) -> Result<Self, YearError> {
        if (2000..=2098).contains(&start) { Ok(Self(start)) } else { Err(YearError) }
    }

    /// The year a day falls in.
    ///
    /// # Errors
    /// When the day is before April 2000 or after March 2099.
    pub fn of(day: NaiveDate) -> Result<Self, YearError> {
        let start = if day.month() >= 4 { day.year() } else { day.year() - 1 };
        Self::starting_in(i16::try_from(start).map_err(|_| YearError)?)
    }

    /// The calendar year it starts in.
    #[must_use]
    pub fn start(self) -> i16 {
        self.0
    }

    /// 1 April.
    #[must_use]
    pub fn first_day(self) -> NaiveDate {
        NaiveDate::from_ymd_opt(i32::from(self.0), 4, 1).expect("1 April is a day")
    }

    /// 31 March.
    #[must_use]
    pub fn last_day(self) -> NaiveDate {
        NaiveDate::from_ymd_opt(i32::from(self.0) + 1, 3, 31).expect("31 March is a day")
    }

    /// Whether the day falls in this year.
    #[must_use]
    pub fn contains(self, day: NaiveDate) -> bool {
        (self.first_day()..=self.last_day()).contains(&day)
    }
}

impl fmt::Display for FinancialYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:02}", self.0, (self.0 + 1) % 100)
    }
}

impl FromStr for FinancialYear {
    type Err = YearError;
    fn from_str(text: &str) -> Result<Self, YearError> {
        let start = text.get(..4).and_then(|s| s.parse().ok()).ok_or(YearError)?;
        let year = Self::starting_in(start)?;
        if year.to_string() == text { Ok(year) } else { Err(YearError) }
    }
}

impl serde::Serialize for FinancialYear {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for FinancialYear {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn years_are_written_one_way() {
        assert_eq!("2019-20".parse::<FinancialYear>().map(|y| y.start()), Ok(2019));
        assert_eq!("2098-99".parse::<FinancialYear>().map(|y| y.start()), Ok(2098));
        for wrong in ["2019", "2019/20", "2019-21", "2019-2020", "1999-00", "٢٠١٩-٢٠", "+019-20", ""] {
            assert_eq!(wrong.parse::<FinancialYear>(), Err(YearError), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_day_is_in_its_own_year_and_in_no_other(days in 0i64..36_000) {
            let day = NaiveDate::from_ymd_opt(2000, 4, 1).expect("a day") + chrono::Duration::days(days);
            let year = FinancialYear::of(day).expect("in range");
            prop_assert!(year.contains(day));
            prop_assert!(!year.contains(day + chrono::Duration::days(366)));
            prop_assert_eq!(year.to_string().parse::<FinancialYear>(), Ok(year));
        }
    }
}
