//! Where a client is.

use std::fmt;

use crate::label::bounded;

/// The longest name of a region or a city, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// The codes of ISO 3166-1, and `XK`, which Kosovo uses.
const CODES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR \
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES \
    ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN \
    IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG \
    MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL \
    PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF \
    TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// Which letters form a code: a bit for each second letter, by the first one.
const KNOWN: [u32; 26] = known();

const fn known() -> [u32; 26] {
    let codes = CODES.as_bytes();
    let mut known = [0; 26];
    let mut at = 0;
    while at + 1 < codes.len() {
        if codes[at] == b' ' {
            at += 1;
        } else {
            known[(codes[at] - b'A') as usize] |= 1 << (codes[at + 1] - b'A');
            at += 2;
        }
    }
    known
}

/// A country by its two letters of ISO 3166-1.
///
/// ```
/// use api_metrics_layer::Country;
///
/// assert_eq!(Country::of("de").unwrap().as_str(), "DE");
/// // Not in the list: what proxies write for an unknown country, and for Tor.
/// assert!(["XX", "ZZ", "T1", "", "DEU"].iter().all(|code| Country::of(code).is_none()));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// The country of a code, in capitals or not. `None` for a code that is not in the list.
    #[must_use]
    pub fn of(code: &str) -> Option<Self> {
        let code: [u8; 2] = code.as_bytes().try_into().ok()?;
        let code = code.map(|letter| letter.to_ascii_uppercase());
        let place = |letter: u8| letter.checked_sub(b'A').filter(|place| *place < 26);
        let [first, second] = code;
        let seconds = KNOWN.get(usize::from(place(first)?))?;
        (seconds >> place(second)? & 1 == 1).then_some(Self(code))
    }

    /// Its two letters, in capitals.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // It was made of ASCII letters.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Country({self})")
    }
}

/// A point on the earth, rounded to a tenth of a degree, which is about 11 km.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Coordinates {
    /// Tenths of a degree north of the equator, -900 to 900.
    pub latitude_tenths: i16,
    /// Tenths of a degree east of Greenwich, -1,800 to 1,800.
    pub longitude_tenths: i16,
}

impl Coordinates {
    /// Rounds a point given in degrees. `None` for one that is not on the earth.
    #[must_use]
    pub fn rounded(latitude: f64, longitude: f64) -> Option<Self> {
        let on_earth = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
        #[expect(clippy::cast_possible_truncation, reason = "at most 1,800")]
        let tenths = |degrees: f64| (degrees * 10.0).round() as i16;
        on_earth.then(|| Self {
            latitude_tenths: tenths(latitude),
            longitude_tenths: tenths(longitude),
        })
    }
}

/// Where a client is, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The country.
    pub country: Option<Country>,
    /// Its region, as the source names it: a code such as `BY`, or a name. At most 64 bytes.
    pub region: Option<String>,
    /// The city. At most 64 bytes.
    pub city: Option<String>,
    /// About where.
    pub coordinates: Option<Coordinates>,
}

impl Place {
    /// A place of which nothing but the country is known.
    #[must_use]
    pub fn in_country(country: Country) -> Self {
        Self {
            country: Some(country),
            ..Self::default()
        }
    }

    /// The same with a region, a city and coordinates. Names are cut to 64 bytes; those without a letter are none.
    #[must_use]
    pub fn with_details(
        mut self,
        region: Option<&str>,
        city: Option<&str>,
        coordinates: Option<Coordinates>,
    ) -> Self {
        self.region = region.and_then(name);
        self.city = city.and_then(name);
        self.coordinates = coordinates;
        self
    }
}

/// A name in one line and within its bound, if it is one.
fn name(text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|c| !c.is_control()).collect();
    let name = bounded(plain.trim(), MAX_NAME_BYTES);
    name.chars()
        .any(char::is_alphanumeric)
        .then(|| name.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_of_iso_3166_are_countries_and_nothing_else_is() {
        let mut found = 0;
        for first in 'A'..='Z' {
            for second in 'A'..='Z' {
                let code = format!("{first}{second}");
                let country = Country::of(&code);
                assert_eq!(
                    country.is_some(),
                    CODES.split(' ').any(|known| known == code)
                );
                found += usize::from(country.is_some());
            }
        }
        // 249, and Kosovo.
        assert_eq!(found, 250);
        for wrong in ["", "D", "DEU", "T1", "1T", "d\u{fc}", "{[", "D ", " DE"] {
            assert_eq!(Country::of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn coordinates_are_rounded_and_lie_on_the_earth() {
        let tenths = |latitude, longitude| {
            let found = Coordinates::rounded(latitude, longitude)?;
            Some((found.latitude_tenths, found.longitude_tenths))
        };
        assert_eq!(tenths(48.137_43, 11.575_49), Some((481, 116)));
        assert_eq!(tenths(-90.0, 180.0), Some((-900, 1_800)));
        for (latitude, longitude) in [
            (90.1, 0.0),
            (0.0, -180.1),
            (f64::NAN, 0.0),
            (0.0, f64::INFINITY),
        ] {
            assert_eq!(tenths(latitude, longitude), None);
        }
    }

    #[test]
    fn names_are_short_and_in_one_line() {
        let place = |city: &str| Place::default().with_details(None, Some(city), None).city;
        assert_eq!(place(" S\u{e3}o\nPaulo ").as_deref(), Some("S\u{e3}oPaulo"));
        assert_eq!(place("?"), None);
        assert!(place(&"\u{fc}".repeat(100)).is_some_and(|city| city.len() <= 64));
    }
}
