//! What an engine's words about the layers of a pull mean.

use bollard::models::CreateImageInfo;
use mainstay_core::images::progress::Step;

/// The layer that a message is about, and what it says of it; `None` where it is about something else, such as the tag.
pub(super) fn step(said: &CreateImageInfo) -> Option<(&str, Step)> {
    let (layer, status) = (said.id.as_deref()?, said.status.as_deref()?);
    let step = match status {
        "Pulling fs layer" | "Waiting" => Step::Awaited,
        "Downloading" => {
            let detail = said.progress_detail.as_ref();
            // The engine says -1 where the registry does not say.
            let number = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
            let done = number(detail.and_then(|detail| detail.current)).unwrap_or(0);
            let of = number(detail.and_then(|detail| detail.total)).filter(|of| *of > 0);
            Step::Downloading { done, of }
        }
        "Verifying Checksum" | "Download complete" | "Extracting" => Step::Downloaded,
        "Pull complete" | "Already exists" => Step::Complete,
        other if other.starts_with("Retrying in ") => Step::Awaited,
        _ => return None,
    };
    Some((layer, step))
}

#[cfg(test)]
mod tests {
    use mainstay_core::images::progress::Layers;

    use super::*;

    /// What is shown after each of an engine's messages, as it sends them.
    #[track_caller]
    fn check(messages: &[(&str, &str)]) {
        let mut layers = Layers::default();
        for (message, shown) in messages {
            let said: CreateImageInfo = serde_json::from_str(message).unwrap();
            if let Some((layer, step)) = step(&said) {
                layers.note(layer, step);
            }
            assert_eq!(layers.progress().to_string(), *shown, "{message}");
        }
    }

    #[test]
    fn a_pull_is_told_by_what_the_engine_says_of_its_layers() {
        let nothing_yet = "asking its registry";
        check(&[
            (r#"{"status":"Pulling from shop/web","id":"1"}"#, nothing_yet),
            (r#"{"status":"Pulling fs layer","progressDetail":{},"id":"a1"}"#, "0 of 1 layers"),
            (r#"{"status":"Already exists","progressDetail":{},"id":"b2"}"#, "1 of 2 layers"),
            (r#"{"status":"Waiting","progressDetail":{},"id":"a1"}"#, "1 of 2 layers"),
            (
                r#"{"status":"Downloading","progressDetail":{"current":1500000,"total":4000000},"progress":"[>  ]","id":"a1"}"#,
                "1.5 of 4.0 MB",
            ),
            (r#"{"status":"Retrying in 5 seconds","progressDetail":{},"id":"a1"}"#, "0.0 of 4.0 MB"),
            (
                r#"{"status":"Downloading","progressDetail":{"current":4000000,"total":4000000},"id":"a1"}"#,
                "4.0 MB, unpacking: 1 of 2 layers",
            ),
            (
                r#"{"status":"Verifying Checksum","progressDetail":{},"id":"a1"}"#,
                "4.0 MB, unpacking: 1 of 2 layers",
            ),
            (
                r#"{"status":"Download complete","progressDetail":{},"id":"a1"}"#,
                "4.0 MB, unpacking: 1 of 2 layers",
            ),
            (
                r#"{"status":"Extracting","progressDetail":{"current":32768,"total":4000000},"id":"a1"}"#,
                "4.0 MB, unpacking: 1 of 2 layers",
            ),
            (r#"{"status":"Pull complete","progressDetail":{},"id":"a1"}"#, "4.0 of 4.0 MB"),
            (r#"{"status":"Digest: sha256:00"}"#, "4.0 of 4.0 MB"),
            (r#"{"status":"Status: Downloaded newer image for shop/web:1"}"#, "4.0 of 4.0 MB"),
        ]);
        check(&[
            (
                r#"{"status":"Downloading","progressDetail":{"current":10000,"total":-1},"id":"a1"}"#,
                "10.0 of at least 10.0 kB",
            ),
            (
                r#"{"status":"Downloading","progressDetail":{"current":20000},"id":"a1"}"#,
                "20.0 of at least 20.0 kB",
            ),
        ]);
    }
}
