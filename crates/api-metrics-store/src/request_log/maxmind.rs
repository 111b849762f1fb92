//! Countries of addresses in a file of MaxMind's format.

use std::{
    fmt,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use api_metrics_layer::{Coordinates, Country, Locate, Place};
use maxminddb::{Reader, geoip2};

/// A file of MaxMind's format, such as GeoLite2 Country or City, or those of DB-IP and IPinfo: held in memory, a
/// look-up takes about a microsecond. Names are English.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use api_metrics_layer::Geography;
/// use api_metrics_store::request_log::{MaxMindFile, RequestLog};
///
/// # fn main() -> Result<(), api_metrics_store::request_log::MaxMindError> {
/// let file = Arc::new(MaxMindFile::open("GeoLite2-City.mmdb")?);
/// let mut log = RequestLog::new();
/// log.capture.geography = Some(Geography::by_address(file));
/// # Ok(())
/// # }
/// ```
pub struct MaxMindFile {
    path: PathBuf,
    reader: RwLock<Arc<Reader<Vec<u8>>>>,
}

/// A file that can't be read, or is not of MaxMind's format.
#[derive(Debug, thiserror::Error)]
#[error("{} is no file of MaxMind's format: {reason}", path.display())]
pub struct MaxMindError {
    path: PathBuf,
    reason: String,
}

impl fmt::Debug for MaxMindFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MaxMindFile")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

fn read(path: &Path) -> Result<Arc<Reader<Vec<u8>>>, MaxMindError> {
    let reader = Reader::open_readfile(path).map_err(|error| MaxMindError {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    Ok(Arc::new(reader))
}

impl MaxMindFile {
    /// Reads a file.
    ///
    /// # Errors
    /// `MaxMindError` where it can't be read, or is of another format.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, MaxMindError> {
        let path = path.as_ref().to_owned();
        let reader = RwLock::new(read(&path)?);
        Ok(Self { path, reader })
    }

    /// Reads the file anew, after it was replaced. Blocks while it reads; look-ups go on meanwhile.
    ///
    /// # Errors
    /// `MaxMindError` where it can't be read, or is of another format; then what was read before stays.
    pub fn reload(&self) -> Result<(), MaxMindError> {
        let reader = read(&self.path)?;
        *self.reader.write().unwrap_or_else(PoisonError::into_inner) = reader;
        Ok(())
    }

    fn reader(&self) -> Arc<Reader<Vec<u8>>> {
        Arc::clone(&self.reader.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Locate for MaxMindFile {
    fn locate(&self, address: IpAddr) -> Option<Place> {
        let reader = self.reader();
        let found = reader.lookup(address.to_canonical()).ok()?;
        let city = found.decode::<geoip2::City<'_>>().ok()??;
        let country = city.country.iso_code.or(city.registered_country.iso_code);
        let coordinates = city.location.latitude.zip(city.location.longitude);
        let coordinates = coordinates.and_then(|(north, east)| Coordinates::rounded(north, east));
        let region = city.subdivisions.first();
        let region = region.and_then(|region| region.iso_code.or(region.names.english));
        let place = Place::in_country(country.and_then(Country::of)?);
        Some(place.with_details(region, city.city.names.english, coordinates))
    }

    fn country(&self, address: IpAddr) -> Option<Country> {
        let reader = self.reader();
        let found = reader.lookup(address.to_canonical()).ok()?;
        let country = found.decode::<geoip2::Country<'_>>().ok()??;
        let code = country.country.iso_code;
        Country::of(code.or(country.registered_country.iso_code)?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// A control byte and its length, of a type and a size below 29.
    fn head(kind: u8, size: usize) -> Vec<u8> {
        let size = u8::try_from(size).unwrap();
        assert!(size < 29);
        if kind > 7 {
            vec![size, kind - 7]
        } else {
            vec![kind << 5 | size]
        }
    }

    fn text(text: &str) -> Vec<u8> {
        [head(2, text.len()), text.as_bytes().to_vec()].concat()
    }

    fn number(kind: u8, value: u32) -> Vec<u8> {
        [head(kind, 4), value.to_be_bytes().to_vec()].concat()
    }

    fn short(value: u16) -> Vec<u8> {
        [head(5, 2), value.to_be_bytes().to_vec()].concat()
    }

    fn double(value: f64) -> Vec<u8> {
        [head(3, 8), value.to_be_bytes().to_vec()].concat()
    }

    fn map(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut out = head(7, members.len());
        for (name, value) in members {
            out.extend(text(name));
            out.extend(value);
        }
        out
    }

    fn list(items: &[Vec<u8>]) -> Vec<u8> {
        [head(11, items.len()), items.concat()].concat()
    }

    /// A file of IPv4 networks of a first byte, each with its record.
    fn file(networks: &[(u8, Vec<u8>)]) -> Vec<u8> {
        // Nodes of two records: the next node, nothing, or a place among the records.
        const NOTHING: usize = usize::MAX;
        let mut nodes = vec![[NOTHING; 2]];
        let mut data: Vec<u8> = Vec::new();
        let mut ends = Vec::new();
        for (first, record) in networks {
            let mut node = 0;
            for bit in (0..8).rev() {
                let side = usize::from(first >> bit & 1);
                if bit == 0 {
                    ends.push((node, side, data.len()));
                } else {
                    if nodes[node][side] == NOTHING {
                        nodes[node][side] = nodes.len();
                        nodes.push([NOTHING; 2]);
                    }
                    node = nodes[node][side];
                }
            }
            data.extend(record);
        }
        let count = nodes.len();
        for (node, side, at) in ends {
            nodes[node][side] = count + 16 + at;
        }
        let mut out = Vec::new();
        for record in nodes.iter().flatten() {
            let record = if *record == NOTHING { count } else { *record };
            out.extend(&u32::try_from(record).unwrap().to_be_bytes()[1..]);
        }
        out.extend([0; 16]);
        out.extend(data);
        out.extend(b"\xab\xcd\xefMaxMind.com");
        out.extend(map(&[
            ("binary_format_major_version", short(2)),
            ("binary_format_minor_version", short(0)),
            ("build_epoch", number(9, 1_773_144_000)),
            ("database_type", text("Test-City")),
            ("description", map(&[("en", text("for tests"))])),
            ("ip_version", short(4)),
            ("languages", list(&[text("en")])),
            ("node_count", number(6, u32::try_from(count).unwrap())),
            ("record_size", short(24)),
        ]));
        out
    }

    fn country(code: &str) -> (&'static str, Vec<u8>) {
        ("country", map(&[("iso_code", text(code))]))
    }

    #[test]
    fn places_are_found_by_address_and_what_is_not_there_is_unknown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("places.mmdb");
        let munich = map(&[
            country("DE"),
            ("city", map(&[("names", map(&[("en", text("Munich"))]))])),
            (
                "location",
                map(&[("latitude", double(48.137)), ("longitude", double(11.575))]),
            ),
            ("subdivisions", list(&[map(&[("iso_code", text("BY"))])])),
        ]);
        let nowhere = map(&[country("XX")]);
        let bytes = file(&[(81, munich), (82, map(&[country("FR")])), (83, nowhere)]);
        std::fs::write(&path, bytes).unwrap();
        let found = MaxMindFile::open(&path).unwrap();
        let place = |address: &str| found.locate(address.parse().unwrap());
        let munich = place("81.2.3.4").unwrap();
        assert_eq!(munich.country, Country::of("DE"));
        assert_eq!(
            (munich.region.as_deref(), munich.city.as_deref()),
            (Some("BY"), Some("Munich"))
        );
        assert_eq!(munich.coordinates, Coordinates::rounded(48.1, 11.6));
        assert_eq!(
            place("::ffff:82.0.0.1"),
            Country::of("FR").map(Place::in_country)
        );
        for unknown in ["83.0.0.1", "84.0.0.1", "2001:db8::1"] {
            assert_eq!(place(unknown), None, "{unknown}");
            assert_eq!(found.country(unknown.parse().unwrap()), None);
        }
        assert_eq!(
            found.country("81.0.0.1".parse().unwrap()),
            Country::of("DE")
        );

        // Replaced: a broken file changes nothing.
        std::fs::write(&path, b"broken").unwrap();
        let error = found.reload().unwrap_err().to_string();
        assert!(error.contains("places.mmdb"), "{error}");
        assert_eq!(
            found.country("81.0.0.1".parse().unwrap()),
            Country::of("DE")
        );
        std::fs::write(&path, file(&[(81, map(&[country("AT")]))])).unwrap();
        found.reload().unwrap();
        assert_eq!(
            found.country("81.0.0.1".parse().unwrap()),
            Country::of("AT")
        );
        MaxMindFile::open(folder.path().join("missing.mmdb")).unwrap_err();
    }
}
