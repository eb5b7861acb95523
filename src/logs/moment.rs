//! Moments as people write them.

use jiff::{Span, SpanRelativeTo, Timestamp};

/// Nanoseconds since 1970 of a time (RFC 3339), or of how long ago something was; `now` in milliseconds since 1970.
///
/// # Errors
/// What would be right.
pub(crate) fn read(text: &str, now: i64) -> Result<i64, String> {
    let time = text.parse::<Timestamp>().ok().map(Timestamp::as_nanosecond);
    let ago = || {
        let ago = text.parse::<Span>().ok()?.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
        Some(i128::from(now) * 1_000_000 - ago.abs().as_nanos())
    };
    let nanos = time.or_else(ago).and_then(|nanos| i64::try_from(nanos).ok());
    nanos.ok_or_else(|| {
        "it must be a time such as 2026-01-31T12:00:00Z, or how long ago, such as 5m".to_owned()
    })
}

/// RFC 3339, with nanoseconds.
pub(crate) fn shown(nanos: i64) -> String {
    let time = Timestamp::from_nanosecond(nanos.into()).unwrap_or_default();
    format!("{time:.9}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_or_how_long_ago_it_was() {
        let now = 90_000_000;
        assert_eq!(read("1970-01-02T01:00:00.5+01:00", now), Ok(86_400_500_000_000));
        for (ago, second) in
            [("30s", 89_970), ("5m", 89_700), ("1h30m", 84_600), ("1d", 3_600), ("90 minutes", 84_600)]
        {
            assert_eq!(read(ago, now), Ok(second * 1_000_000_000), "{ago}");
        }
        for wrong in ["", "5", "noon", "1970-01-01", "99999999d"] {
            assert!(read(wrong, now).is_err(), "{wrong}");
        }
        assert_eq!(shown(86_400_500_000_001), "1970-01-02T00:00:00.500000001Z");
    }
}
