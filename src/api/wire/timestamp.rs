use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment on the wire: seconds since 1970 with milliseconds as their fraction, a JSON number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(mainstay_core::model::Timestamp);

impl From<mainstay_core::model::Timestamp> for Timestamp {
    fn from(moment: mainstay_core::model::Timestamp) -> Self {
        Self(moment)
    }
}

impl From<Timestamp> for mainstay_core::model::Timestamp {
    fn from(moment: Timestamp) -> Self {
        moment.0
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // An f64 holds every millisecond of the next 200 000 years.
        serializer.serialize_f64(self.0.0 as f64 / 1000.0)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        Ok(Self(mainstay_core::model::Timestamp((seconds * 1000.0).round() as i64)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_a_number_of_seconds_with_milliseconds() {
        let shown =
            |millis| serde_json::to_string(&Timestamp(mainstay_core::model::Timestamp(millis))).unwrap();
        assert_eq!(shown(1_700_000_000_123), "1700000000.123");
        assert_eq!(shown(1_700_000_000_000), "1700000000.0");
        let back: Timestamp = serde_json::from_str("1700000000.123").unwrap();
        assert_eq!(back, Timestamp(mainstay_core::model::Timestamp(1_700_000_000_123)));
    }
}
