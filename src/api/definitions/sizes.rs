//! A task's CPU and memory, which ECS takes as texts: `256`, `1 vCPU`, `512`, `0.5GB`.

/// CPU units of a task: an eighth of a core to 192 cores.
const CPU: std::ops::RangeInclusive<u32> = 128..=192 * 1024;
/// The engine takes no container with less, MiB.
pub(in crate::api) const LEAST_MEMORY: u32 = 6;

/// CPU units; `None` where the text is no amount of CPU that a task can have.
pub(in crate::api) fn cpu(text: &str) -> Option<u32> {
    amount(text, "vcpu").filter(|units| CPU.contains(units))
}

/// MiB; `None` where the text is no amount of memory that a task can have.
pub(in crate::api) fn memory(text: &str) -> Option<u32> {
    amount(text, "gb").filter(|&mib| mib >= LEAST_MEMORY)
}

/// A whole number, or a decimal one followed by a unit of 1024.
fn amount(text: &str, unit: &str) -> Option<u32> {
    let text = text.trim().to_ascii_lowercase();
    match text.strip_suffix(unit) {
        None => text.parse().ok(),
        Some(number) => {
            let number = number.trim_end();
            let digits = |digit: char| digit.is_ascii_digit() || digit == '.';
            let number: f64 = number.parse().ok().filter(|_| number.chars().all(digits))?;
            let units = (number * 1024.0).round();
            // A float beyond the bounds of a u32 is none of ours.
            (units <= f64::from(u32::MAX)).then_some(units as u32)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_is_read_in_units_or_cores() {
        let cases = [
            ("256", Some(256)),
            ("1 vCPU", Some(1024)),
            (".5 vcpu", Some(512)),
            ("0.25VCPU", Some(256)),
            ("196608", Some(196_608)),
            ("64", None),
            ("200 vCPU", None),
            ("-1", None),
            ("inf vcpu", None),
            ("much", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(cpu(text), expected, "{text}");
        }
    }

    #[test]
    fn memory_is_read_in_mib_or_gb() {
        let cases = [
            ("512", Some(512)),
            ("0.5GB", Some(512)),
            ("1 GB", Some(1024)),
            ("30 gb", Some(30_720)),
            ("5", None),
            ("1e3 GB", None),
            ("1 TB", None),
        ];
        for (text, expected) in cases {
            assert_eq!(memory(text), expected, "{text}");
        }
    }
}
