//! Who is behind an incident: shares of it against usual shares, and what they come to in words.
//!
//! A pure function of counts. Each part (a consumer, an endpoint, a status code) has an amount in the incident and its
//! usual amount. `share` is the part's share of the incident, `usual` its share of what is usual.
//!
//! | verdict | when |
//! |---|---|
//! | too few | the incident has fewer than 30 in all |
//! | only one | one part alone has anything at all, now and usually |
//! | one | the largest part has at least half, and 25 points more than usual |
//! | a few | two or three parts together have at least 80%, and 25 points more than usual |
//! | alike | the shares are as usual, as far as chance allows |
//! | mixed | anything else |
//!
//! *As far as chance allows*: the distance of the shares from the usual ones, half the sum of their differences, is at
//! most 10 points above what drawing as many at random from the usual shares would give. That is half the sum of
//! `sqrt(2 p (1 - p) / (pi n))`, the mean absolute deviation of a share `p` in `n` draws.

use std::f64::consts::PI;

/// Below so many in all nothing is said.
pub(super) const FEWEST: u64 = 30;
/// What a part must have more than usual, as a share.
const EXCESS: f64 = 0.25;
/// How far shares may differ beyond chance and still be alike.
const ALIKE: f64 = 0.1;

/// A part of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Amounts {
    /// In the incident.
    pub now: u64,
    /// Usually.
    pub usual: u64,
}

/// What the shares say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// Fewer than 30 in all: too few to tell.
    TooFew,
    /// There is one part alone, which says nothing about the others.
    OnlyOne,
    /// One part stands out.
    One,
    /// Two or three parts stand out together; how many.
    Few(u8),
    /// All have their usual share.
    Alike,
    /// Several differ, none of them by enough to be named.
    Mixed,
}

impl From<Verdict> for &'static str {
    /// `too_few`, `only_one`, `one`, `few`, `alike` or `mixed`.
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::TooFew => "too_few",
            Verdict::OnlyOne => "only_one",
            Verdict::One => "one",
            Verdict::Few(_) => "few",
            Verdict::Alike => "alike",
            Verdict::Mixed => "mixed",
        }
    }
}

/// The share of `part` in `whole`; 0 of nothing.
pub(super) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// What the parts say. They come in descending order of `now`; parts that usually have nothing count, too.
pub(super) fn judge(parts: &[Amounts]) -> Verdict {
    let sum = |of: fn(&Amounts) -> u64| parts.iter().map(of).fold(0, u64::saturating_add);
    let (now, usual) = (sum(|part| part.now), sum(|part| part.usual));
    if now < FEWEST {
        return Verdict::TooFew;
    }
    let mut there = parts.iter().filter(|part| part.now > 0 || part.usual > 0);
    if there.next().is_some() && there.next().is_none() {
        return Verdict::OnlyOne;
    }
    let (mut share_now, mut share_usual) = (0.0, 0.0);
    for (place, part) in parts.iter().take(3).enumerate() {
        share_now += share(part.now, now);
        share_usual += share(part.usual, usual);
        let least = if place == 0 { 0.5 } else { 0.8 };
        if share_now >= least && share_now - share_usual >= EXCESS {
            return match place {
                0 => Verdict::One,
                1 => Verdict::Few(2),
                _ => Verdict::Few(3),
            };
        }
    }
    let (mut distance, mut chance) = (0.0, 0.0);
    for part in parts {
        let p = share(part.usual, usual);
        distance += (share(part.now, now) - p).abs() / 2.0;
        chance += (2.0 * p * (1.0 - p) / (PI * now as f64)).sqrt() / 2.0;
    }
    if usual > 0 && distance <= ALIKE + chance {
        Verdict::Alike
    } else {
        Verdict::Mixed
    }
}

/// A share as people read it: `92%`, `4%`, `<1%`.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 1.0 {
        "<1%".to_owned()
    } else if percent > 99.0 && percent < 100.0 {
        ">99%".to_owned()
    } else {
        format!("{percent:.0}%")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn verdict(parts: &[(u64, u64)]) -> Verdict {
        let parts: Vec<_> = parts
            .iter()
            .map(|&(now, usual)| Amounts { now, usual })
            .collect();
        judge(&parts)
    }

    #[test]
    fn one_client_stands_out_and_thirty_errors_are_needed_to_say_so() {
        assert_eq!(verdict(&[(92, 40), (5, 500), (3, 460)]), Verdict::One);
        assert_eq!(verdict(&[(29, 40), (0, 960)]), Verdict::TooFew);
        assert_eq!(verdict(&[(30, 40), (0, 960)]), Verdict::One);
        assert_eq!(verdict(&[]), Verdict::TooFew);
    }

    #[test]
    fn a_client_that_is_most_of_the_traffic_is_not_to_blame_for_most_of_the_errors() {
        assert_eq!(verdict(&[(920, 900), (80, 100)]), Verdict::Alike);
        assert_eq!(verdict(&[(500, 900)]), Verdict::OnlyOne);
    }

    #[test]
    fn a_hundred_clients_with_an_error_each_are_alike_though_chance_scatters_them() {
        let parts: Vec<_> = (0..100).map(|n| (u64::from(n < 40), 100)).collect();
        assert_eq!(verdict(&parts), Verdict::Alike);
    }

    #[test]
    fn two_stand_out_together_and_what_nobody_saw_before_is_no_likeness() {
        assert_eq!(verdict(&[(45, 30), (45, 20), (10, 950)]), Verdict::Few(2));
        assert_eq!(verdict(&[(40, 0), (35, 0), (25, 0)]), Verdict::Few(3));
        assert_eq!(
            verdict(&[(20, 0), (20, 0), (20, 0), (20, 0), (20, 0)]),
            Verdict::Mixed
        );
    }

    #[test]
    fn shares_are_written_without_rounding_something_to_nothing_or_all() {
        for (value, text) in [
            (0.0, "0%"),
            (0.004, "<1%"),
            (0.92, "92%"),
            (0.997, ">99%"),
            (1.0, "100%"),
        ] {
            assert_eq!(percent(value), text);
        }
    }

    proptest! {
        #[test]
        fn shares_add_up_and_proportional_errors_are_never_one_clients(
            usual in prop::collection::vec(1_u64..1_000_000, 2..50),
            times in 1_u64..1_000,
        ) {
            let mut parts: Vec<_> = usual.iter().map(|&n| Amounts { now: n * times, usual: n }).collect();
            parts.sort_by_key(|part| std::cmp::Reverse(part.now));
            let whole = parts.iter().map(|part| part.now).sum();
            let sum: f64 = parts.iter().map(|part| share(part.now, whole)).sum();
            prop_assert!((sum - 1.0).abs() < 1e-9);
            let expected = if whole < FEWEST { Verdict::TooFew } else { Verdict::Alike };
            prop_assert_eq!(judge(&parts), expected);
        }

        #[test]
        fn every_verdict_holds_its_own_thresholds(
            parts in prop::collection::vec((0_u64..1_000, 0_u64..1_000), 0..20),
        ) {
            let mut parts: Vec<_> = parts.into_iter().map(|(now, usual)| Amounts { now, usual }).collect();
            parts.sort_by_key(|part| std::cmp::Reverse(part.now));
            let now: u64 = parts.iter().map(|part| part.now).sum();
            let usual: u64 = parts.iter().map(|part| part.usual).sum();
            let of = |n: usize| {
                let first = parts.iter().take(n);
                first.fold((0.0, 0.0), |sum, part| (sum.0 + share(part.now, now), sum.1 + share(part.usual, usual)))
            };
            match judge(&parts) {
                Verdict::TooFew => prop_assert!(now < FEWEST),
                Verdict::One => prop_assert!(of(1).0 >= 0.5 && of(1).0 - of(1).1 >= EXCESS),
                Verdict::Few(n) => {
                    let (now, usual) = of(usize::from(n));
                    prop_assert!(now >= 0.8 && now - usual >= EXCESS);
                }
                _ => prop_assert!(now >= FEWEST),
            }
        }
    }
}
