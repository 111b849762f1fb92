//! A verdict in a sentence, for people: the page, the digest.

use super::{
    compare::{ReleaseComparison, ReleasedVersion},
    contract::ComparedRelease,
    verdict::{Difference, ReleaseVerdict},
};
use crate::{control::text::count, text::escaped};

impl ComparedRelease {
    /// The verdict in a sentence, and what it rests on: `1.9.1 is worse than 1.9.0: +75% at p95 (+60 to +91)`.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.comparison {
            None => "The first version that is known".to_owned(),
            Some(found) => sentence(&self.version, found),
        }
    }
}

/// A comparison in a sentence: the verdict, then the figures that it follows from.
fn sentence(version: &ReleasedVersion, found: &ReleaseComparison) -> String {
    let (version, previous) = (escaped(&version.version), escaped(&found.previous.version));
    let errors = signed(&found.errors, 2, " points of 5xx");
    let p95 = signed(&found.p95, 0, "% at p95");
    match found.verdict {
        ReleaseVerdict::Worse | ReleaseVerdict::Better => {
            let word = match found.verdict {
                ReleaseVerdict::Worse => "worse",
                _ => "better",
            };
            let both = [(&found.errors, errors), (&found.p95, p95)].into_iter();
            let meant = both.filter(|(of, _)| of.verdict == found.verdict);
            let said: Vec<String> = meant.filter_map(|(_, said)| said).collect();
            format!("{version} is {word} than {previous}: {}", said.join(", "))
        }
        ReleaseVerdict::NoDifference => {
            let said: Vec<String> = [errors, p95].into_iter().flatten().collect();
            format!(
                "No difference to {previous} that matters and that this traffic can show: {}",
                said.join(", ")
            )
        }
        ReleaseVerdict::TooFew => format!(
            "Too few requests to tell: {} of {version}, {} of {previous}",
            count(found.after.requests),
            count(found.before.requests)
        ),
    }
}

/// A difference with its bounds, such as `+1.60 points of 5xx (+1.02 to +2.21)`.
fn signed(of: &Difference, digits: usize, unit: &str) -> Option<String> {
    let (value, (low, high)) = (of.value?, of.interval?);
    // What rounds to nothing has no sign to speak of.
    let say = |number: f64| {
        let text = format!("{number:+.digits$}");
        if text.trim_start_matches(['-', '0', '.']).is_empty() {
            text.replace('-', "+")
        } else {
            text
        }
    };
    Some(format!(
        "{}{unit} ({} to {})",
        say(value),
        say(low),
        say(high)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_has_its_sign_and_its_bounds() {
        let of = |value, low, high| Difference {
            verdict: ReleaseVerdict::Worse,
            value: Some(value),
            interval: Some((low, high)),
        };
        assert_eq!(
            signed(&of(1.604, 1.02, 2.21), 2, " points of 5xx").as_deref(),
            Some("+1.60 points of 5xx (+1.02 to +2.21)")
        );
        assert_eq!(
            signed(&of(-0.2, -12.4, 0.3), 0, "% at p95").as_deref(),
            Some("+0% at p95 (-12 to +0)")
        );
    }
}
