//! The time as ABAP writes it.

use std::time::{SystemTime, UNIX_EPOCH};

const DAY_SECONDS: u64 = 86_400;

/// The present time in UTC as `YYYYMMDDTHHMMSS`.
pub(super) fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    written(since.as_secs())
}

/// Counts in years that begin in March, so that the leap day is a year's last.
#[expect(clippy::arithmetic_side_effects, reason = "divisors are constants, the year is bounded")]
fn written(seconds: u64) -> String {
    const ERA_DAYS: u64 = 146_097;
    const LAST_DAY: u64 = 2_932_896; // 9999-12-31
    const MARCH_0000: u64 = 719_468;
    let day = (seconds / DAY_SECONDS).min(LAST_DAY) + MARCH_0000;
    let second = seconds % DAY_SECONDS;
    let (era, day_of_era) = (day / ERA_DAYS, day % ERA_DAYS);
    let leap_days = day_of_era / 1_460 + day_of_era / 146_096 - day_of_era / 36_524;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let (month, next_year) =
        if month_from_march < 10 { (month_from_march + 3, 0) } else { (month_from_march - 9, 1) };
    let year = era * 400 + year_of_era + next_year;
    let (hour, minute) = (second / 3_600, second % 3_600 / 60);
    format!("{year:04}{month:02}{day_of_month:02}T{hour:02}{minute:02}{:02}", second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_are_written_right() {
        for (seconds, text) in [
            (0, "19700101T000000"),
            (951_782_399, "20000228T235959"),
            (951_782_400, "20000229T000000"),
            (951_868_800, "20000301T000000"),
            (1_795_176_000, "20261120T120000"),
            (4_107_542_400, "21000301T000000"),
            (253_402_300_799, "99991231T235959"),
        ] {
            let shown = written(seconds);
            assert_eq!(shown, text);
        }
        assert_eq!(now().len(), 15);
    }
}
