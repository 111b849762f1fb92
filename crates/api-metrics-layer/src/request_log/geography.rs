//! Where clients are: what proxies tell, and what a file knows of addresses.

use std::{fmt, net::IpAddr, sync::Arc};

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{
    error::percent_decoded,
    place::{Coordinates, Country, Place},
};

/// How countries of clients are found. Setting it as
/// [`RequestCapture::geography`](super::RequestCapture::geography) turns it on.
///
/// | asked | what | believed |
/// |---|---|---|
/// | first | the `headers`, in their order | from trusted proxies alone |
/// | next | `locate`, by the client's address | |
/// | last | the edge of a provider that names no country: Fly | from trusted proxies alone |
///
/// ```
/// use api_metrics_layer::{GeoHeaders, Geography, RequestCapture};
///
/// let mut capture = RequestCapture::default();
/// capture.trusted_proxies.push("10.0.0.0/8".parse().unwrap());
/// capture.geography = Some(Geography::headers([GeoHeaders::cloudflare()]));
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Geography {
    /// Headers that tell of the client's place. Name those of the proxy in front alone: it replaces them, while
    /// those of other providers pass it as the client has sent them.
    pub headers: Vec<GeoHeaders>,
    /// Finds the place of an address, as a file does. `None` by default.
    pub locate: Option<Arc<dyn Locate>>,
    /// Whether nothing but the country is taken; no by default.
    pub country_only: bool,
}

impl Geography {
    /// Places by what proxies tell.
    #[must_use]
    pub fn headers(headers: impl IntoIterator<Item = GeoHeaders>) -> Self {
        Self {
            headers: headers.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Places by addresses.
    #[must_use]
    pub fn by_address(locate: Arc<dyn Locate>) -> Self {
        Self {
            locate: Some(locate),
            ..Self::default()
        }
    }
}

impl fmt::Debug for Geography {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Geography")
            .field("headers", &self.headers)
            .field("locate", &self.locate.is_some())
            .field("country_only", &self.country_only)
            .finish()
    }
}

/// Finds the place of an address. Asked for every request on the thread that finishes it, so it must not block.
pub trait Locate: Send + Sync + 'static {
    /// The place of an address, as far as it is known.
    fn locate(&self, address: IpAddr) -> Option<Place>;

    /// Its country alone, which may take less.
    fn country(&self, address: IpAddr) -> Option<Country> {
        self.locate(address)?.country
    }
}

/// The headers in which a proxy tells where the client is. A `None` is not read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GeoHeaders {
    /// The country, by its two letters.
    pub country: Option<HeaderName>,
    /// The region, as a code or a name.
    pub region: Option<HeaderName>,
    /// The city; `%20` and the like are decoded.
    pub city: Option<HeaderName>,
    /// Degrees north.
    pub latitude: Option<HeaderName>,
    /// Degrees east.
    pub longitude: Option<HeaderName>,
    /// Both in one, with a comma between.
    pub coordinates: Option<HeaderName>,
    /// The client's address, for providers whose list of proxies can't be told from the client's.
    pub address: Option<HeaderName>,
    /// The code of the airport next to the provider's edge that took the request.
    pub edge: Option<HeaderName>,
}

impl GeoHeaders {
    /// Headers of one's own proxy, of which the country is told in this one.
    #[must_use]
    pub fn custom(country: HeaderName) -> Self {
        Self {
            country: Some(country),
            ..Self::default()
        }
    }

    fn named(
        country: &'static str,
        region: &'static str,
        city: &'static str,
        latitude: &'static str,
        longitude: &'static str,
    ) -> Self {
        Self {
            region: Some(HeaderName::from_static(region)),
            city: Some(HeaderName::from_static(city)),
            latitude: Some(HeaderName::from_static(latitude)),
            longitude: Some(HeaderName::from_static(longitude)),
            ..Self::custom(HeaderName::from_static(country))
        }
    }

    /// Cloudflare: `CF-IPCountry`, and what its managed transform "visitor location headers" adds.
    #[must_use]
    pub fn cloudflare() -> Self {
        Self::named(
            "cf-ipcountry",
            "cf-region-code",
            "cf-ipcity",
            "cf-iplatitude",
            "cf-iplongitude",
        )
    }

    /// Amazon CloudFront: `CloudFront-Viewer-Country` and its neighbours, as far as the distribution's origin
    /// request policy forwards them.
    #[must_use]
    pub fn cloudfront() -> Self {
        Self::named(
            "cloudfront-viewer-country",
            "cloudfront-viewer-country-region",
            "cloudfront-viewer-city",
            "cloudfront-viewer-latitude",
            "cloudfront-viewer-longitude",
        )
    }

    /// Vercel: `X-Vercel-IP-Country` and its neighbours.
    #[must_use]
    pub fn vercel() -> Self {
        Self::named(
            "x-vercel-ip-country",
            "x-vercel-ip-country-region",
            "x-vercel-ip-city",
            "x-vercel-ip-latitude",
            "x-vercel-ip-longitude",
        )
    }

    /// Fly tells no country. Its `Fly-Client-IP` is looked up, where there is a [`Locate`]; else the country of
    /// the edge that took the request (`Fly-Region`), which is mostly a near one, stands for the client's.
    #[must_use]
    pub fn fly() -> Self {
        Self {
            address: Some(HeaderName::from_static("fly-client-ip")),
            edge: Some(HeaderName::from_static("fly-region")),
            ..Self::default()
        }
    }

    /// Google App Engine: `X-Appengine-Country` and its neighbours.
    #[must_use]
    pub fn app_engine() -> Self {
        Self {
            region: Some(HeaderName::from_static("x-appengine-region")),
            city: Some(HeaderName::from_static("x-appengine-city")),
            coordinates: Some(HeaderName::from_static("x-appengine-citylatlong")),
            ..Self::custom(HeaderName::from_static("x-appengine-country"))
        }
    }

    /// Google's load balancers, where its custom headers are named after their variables:
    /// `X-Client-Region:{client_region}`, and so `-Region-Subdivision`, `-City` and `-City-Lat-Long`.
    #[must_use]
    pub fn google_load_balancer() -> Self {
        Self {
            region: Some(HeaderName::from_static("x-client-region-subdivision")),
            city: Some(HeaderName::from_static("x-client-city")),
            coordinates: Some(HeaderName::from_static("x-client-city-lat-long")),
            ..Self::custom(HeaderName::from_static("x-client-region"))
        }
    }
}

/// What the headers of a request tell: the country, and references to the rest.
#[derive(Debug, Default)]
pub(super) struct Told {
    country: Option<Country>,
    region: Option<HeaderValue>,
    city: Option<HeaderValue>,
    latitude: Option<HeaderValue>,
    longitude: Option<HeaderValue>,
    coordinates: Option<HeaderValue>,
    address: Option<IpAddr>,
    edge: Option<Country>,
}

impl Told {
    /// Reads the headers of a trusted proxy.
    pub(super) fn read(geography: &Geography, headers: &HeaderMap) -> Self {
        let mut told = Self::default();
        let value = |name: &Option<HeaderName>| the_only(headers, name.as_ref()?);
        for source in &geography.headers {
            if told.address.is_none() {
                let address = value(&source.address).and_then(|value| value.to_str().ok());
                told.address = address.and_then(|text| text.trim().parse().ok());
            }
            if told.edge.is_none() {
                let code = value(&source.edge).and_then(|value| value.to_str().ok());
                told.edge = code.and_then(edge);
            }
            let country = value(&source.country).and_then(|value| value.to_str().ok());
            let country = country.and_then(|code| Country::of(code.trim()));
            if told.country.is_some() || country.is_none() {
                continue;
            }
            told.country = country;
            if !geography.country_only {
                told.region = value(&source.region).cloned();
                told.city = value(&source.city).cloned();
                told.latitude = value(&source.latitude).cloned();
                told.longitude = value(&source.longitude).cloned();
                told.coordinates = value(&source.coordinates).cloned();
            }
        }
        told
    }

    fn coordinates(&self) -> Option<Coordinates> {
        let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
        let (latitude, longitude) = match &self.coordinates {
            Some(both) => {
                let both = text(both)?;
                let (latitude, longitude) = both.split_once(',')?;
                (latitude.to_owned(), longitude.to_owned())
            }
            None => (
                text(self.latitude.as_ref()?)?,
                text(self.longitude.as_ref()?)?,
            ),
        };
        Coordinates::rounded(
            latitude.trim().parse().ok()?,
            longitude.trim().parse().ok()?,
        )
    }
}

/// The value of a header that is there once: of several, one may be the client's own.
fn the_only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// Where a client is, found out only when it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct LoggedPlace<'a>(Source<'a>);

#[derive(Debug, Clone, Copy)]
enum Source<'a> {
    Nothing,
    Known(&'a Place),
    Captured {
        told: &'a Told,
        client: Option<IpAddr>,
        geography: &'a Geography,
    },
}

impl<'a> LoggedPlace<'a> {
    /// A place that nothing is known of.
    #[must_use]
    pub const fn none() -> Self {
        Self(Source::Nothing)
    }

    /// A place that is known.
    #[must_use]
    pub const fn known(place: &'a Place) -> Self {
        Self(Source::Known(place))
    }

    pub(super) fn captured(
        told: &'a Told,
        client: Option<IpAddr>,
        geography: &'a Geography,
    ) -> Self {
        Self(Source::Captured {
            told,
            client: told.address.or(client),
            geography,
        })
    }

    /// The country, as far as it is known.
    #[must_use]
    pub fn country(&self) -> Option<Country> {
        match self.0 {
            Source::Nothing => None,
            Source::Known(place) => place.country,
            Source::Captured {
                told,
                client,
                geography,
            } => told.country.or_else(|| {
                let locate = geography.locate.as_deref().zip(client);
                let found = locate.and_then(|(locate, client)| locate.country(client));
                found.or(told.edge)
            }),
        }
    }

    /// All that is known of it.
    #[must_use]
    pub fn place(&self) -> Place {
        let (told, client, geography) = match self.0 {
            Source::Nothing => return Place::default(),
            Source::Known(place) => return place.clone(),
            Source::Captured {
                told,
                client,
                geography,
            } => (told, client, geography),
        };
        if let Some(country) = told.country {
            let text = |value: &Option<HeaderValue>| {
                let value = value.as_ref()?;
                Some(percent_decoded(value.as_bytes()))
            };
            let (region, city) = (text(&told.region), text(&told.city));
            return Place::in_country(country).with_details(
                region.as_deref(),
                city.as_deref(),
                told.coordinates(),
            );
        }
        let locate = geography.locate.as_deref().zip(client);
        let mut place = locate
            .and_then(|(locate, client)| locate.locate(client))
            .unwrap_or_default();
        if place.country.is_none() {
            place.country = told.edge;
        }
        if geography.country_only {
            place = Place {
                country: place.country,
                ..Place::default()
            };
        }
        place
    }
}

/// The country of one of Fly's regions, which are named after airports.
fn edge(code: &str) -> Option<Country> {
    let country = match code.trim().to_ascii_lowercase().as_str() {
        "ams" => "NL",
        "arn" => "SE",
        "atl" | "bos" | "den" | "dfw" | "ewr" | "iad" | "lax" | "mia" | "ord" | "phx" | "sea"
        | "sjc" => "US",
        "bog" => "CO",
        "bom" | "del" => "IN",
        "cdg" => "FR",
        "eze" => "AR",
        "fra" => "DE",
        "gdl" | "qro" => "MX",
        "gig" | "gru" => "BR",
        "hkg" => "HK",
        "jnb" => "ZA",
        "lhr" => "GB",
        "mad" => "ES",
        "nrt" => "JP",
        "otp" => "RO",
        "scl" => "CL",
        "sin" => "SG",
        "syd" => "AU",
        "waw" => "PL",
        "yul" | "yyz" => "CA",
        _ => return None,
    };
    Country::of(country)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn told(geography: &Geography, headers: &[(&str, &str)], client: Option<&str>) -> Place {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            map.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let told = Told::read(geography, &map);
        let client = client.map(|text| text.parse().unwrap());
        let place = LoggedPlace::captured(&told, client, geography);
        assert_eq!(place.country(), place.place().country);
        place.place()
    }

    fn shown(place: &Place) -> String {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let point = place
            .coordinates
            .map(|point| (point.latitude_tenths, point.longitude_tenths));
        let country = place.country.map(|country| country.to_string());
        format!(
            "{} {} {} {point:?}",
            text(&country),
            text(&place.region),
            text(&place.city)
        )
    }

    #[test]
    fn each_provider_is_read_in_its_own_form() {
        for (source, headers) in [
            (
                GeoHeaders::cloudflare(),
                vec![
                    ("CF-IPCountry", "BR"),
                    ("cf-region-code", "SP"),
                    ("cf-ipcity", "S\u{e3}o Paulo"),
                    ("cf-iplatitude", "-23.55"),
                    ("cf-iplongitude", "-46.63"),
                ],
            ),
            (
                GeoHeaders::cloudfront(),
                vec![
                    ("CloudFront-Viewer-Country", "BR"),
                    ("CloudFront-Viewer-Country-Region", "SP"),
                    ("CloudFront-Viewer-City", "S%C3%A3o%20Paulo"),
                    ("CloudFront-Viewer-Latitude", "-23.55000"),
                    ("CloudFront-Viewer-Longitude", "-46.63000"),
                ],
            ),
            (
                GeoHeaders::vercel(),
                vec![
                    ("x-vercel-ip-country", "BR"),
                    ("x-vercel-ip-country-region", "SP"),
                    ("x-vercel-ip-city", "S%C3%A3o%20Paulo"),
                    ("x-vercel-ip-latitude", "-23.55"),
                    ("x-vercel-ip-longitude", "-46.63"),
                ],
            ),
            (
                GeoHeaders::app_engine(),
                vec![
                    ("X-Appengine-Country", "BR"),
                    ("X-Appengine-Region", "SP"),
                    ("X-Appengine-City", "S\u{e3}o Paulo"),
                    ("X-Appengine-CityLatLong", "-23.55,-46.63"),
                ],
            ),
            (
                GeoHeaders::google_load_balancer(),
                vec![
                    ("X-Client-Region", "br"),
                    ("X-Client-Region-Subdivision", "SP"),
                    ("X-Client-City", "S\u{e3}o Paulo"),
                    ("X-Client-City-Lat-Long", "-23.55, -46.63"),
                ],
            ),
        ] {
            let geography = Geography::headers([source]);
            let place = told(&geography, &headers, None);
            // -235.5 is rounded away from zero.
            let point = place.coordinates.unwrap();
            assert!([-235, -236].contains(&point.latitude_tenths));
            assert_eq!(point.longitude_tenths, -466);
            let shown = shown(&place);
            assert!(shown.starts_with("BR SP S\u{e3}o Paulo "), "{shown}");
            let mut country_only = geography;
            country_only.country_only = true;
            assert_eq!(
                told(&country_only, &headers, None),
                Place::in_country(Country::of("BR").unwrap())
            );
        }
    }

    #[test]
    fn what_is_no_country_is_unknown_and_hostile_values_are_bounded() {
        let geography = Geography::headers([GeoHeaders::cloudflare()]);
        let city = "x".repeat(4_000);
        for country in ["XX", "T1", "ZZ", "", "D", "DEU", "<b>"] {
            assert_eq!(
                told(
                    &geography,
                    &[("cf-ipcountry", country), ("cf-ipcity", "Bonn")],
                    None
                ),
                Place::default(),
                "{country}"
            );
        }
        let hostile = [
            ("cf-ipcountry", "DE"),
            ("cf-ipcity", city.as_str()),
            ("cf-iplatitude", "1e999"),
            ("cf-iplongitude", "NaN"),
        ];
        let place = told(&geography, &hostile, None);
        assert_eq!((place.city.unwrap().len(), place.coordinates), (64, None));
        // Twice: one of them is the client's own.
        let twice = [("cf-ipcountry", "DE"), ("cf-ipcountry", "FR")];
        assert_eq!(told(&geography, &twice, None), Place::default());
        // Another provider's header passes a proxy as the client has sent it.
        assert_eq!(
            told(&geography, &[("x-vercel-ip-country", "FR")], None),
            Place::default()
        );
    }

    struct File;

    impl Locate for File {
        fn locate(&self, address: IpAddr) -> Option<Place> {
            let known = address == "192.0.2.7".parse::<IpAddr>().unwrap();
            known.then(|| Place::in_country(Country::of("CH").unwrap()))
        }
    }

    #[test]
    fn headers_go_before_the_file_and_the_file_before_the_edge() {
        let mut geography = Geography::headers([GeoHeaders::cloudflare(), GeoHeaders::fly()]);
        geography.locate = Some(Arc::new(File));
        let country = |headers: &[(&str, &str)], client| {
            let found = told(&geography, headers, client).country;
            found.map(|country| country.to_string())
        };
        let known = Some("192.0.2.7");
        assert_eq!(
            country(&[("cf-ipcountry", "DE")], known).as_deref(),
            Some("DE")
        );
        assert_eq!(
            country(&[("cf-ipcountry", "XX")], known).as_deref(),
            Some("CH")
        );
        assert_eq!(
            country(&[("fly-region", "fra")], known).as_deref(),
            Some("CH")
        );
        let behind = [("fly-region", "fra"), ("fly-client-ip", "192.0.2.7")];
        assert_eq!(country(&behind, Some("10.0.0.1")).as_deref(), Some("CH"));
        assert_eq!(
            country(&[("fly-region", "fra")], Some("10.0.0.1")).as_deref(),
            Some("DE")
        );
        assert_eq!(country(&[("fly-region", "moon")], None), None);
    }
}
