//! The forms that a value may have. A form knows how it is read, what it accepts, and which field it fills.

use std::{fmt, path::PathBuf};

use jiff::tz::TimeZone;
use tracing_subscriber::EnvFilter;
use url::{Host, Url};

use super::Config;
use crate::secrets::Keyring;

/// The function of each variant puts the value into its field.
pub enum Form {
    HostPort(fn(&mut Config, String)),
    HttpUrl(fn(&mut Config, Url)),
    Path(fn(&mut Config, PathBuf)),
    MasterKey(fn(&mut Config, Keyring)),
    TimeZone(fn(&mut Config, TimeZone)),
    Choice(&'static [&'static str], fn(&mut Config, &'static str)),
    LogFilter(fn(&mut Config, String)),
    /// Both ends belong to the range.
    Integer {
        min: u64,
        max: u64,
        unit: &'static str,
        set: fn(&mut Config, u64),
    },
}

impl Form {
    /// Reads `text` into the field, or says in a few words what is wrong with it, without repeating it.
    pub fn apply(&self, config: &mut Config, text: &str) -> Result<(), String> {
        if text.is_empty() {
            return Err("empty value".into());
        }
        match self {
            Self::HostPort(set) => set(config, host_port(text)?),
            Self::HttpUrl(set) => set(config, http_url(text)?),
            Self::Path(set) => set(config, PathBuf::from(text)),
            Self::MasterKey(set) => set(config, Keyring::parse_variable(text).map_err(|error| error.to_string())?),
            Self::TimeZone(set) => {
                let zone = TimeZone::get(text).map_err(|_| "no such zone in the IANA time zone database")?;
                set(config, zone);
            }
            Self::Choice(options, set) => {
                let option = options.iter().find(|option| **option == text).ok_or("not one of the choices")?;
                set(config, option);
            }
            Self::LogFilter(set) => {
                EnvFilter::try_new(text).map_err(|error| error.to_string())?;
                set(config, text.to_owned());
            }
            Self::Integer { min, max, set, .. } => {
                let value: i128 = text.parse().map_err(|_| "not a whole number")?;
                let in_range = u64::try_from(value).ok().filter(|value| (min..=max).contains(&value));
                set(config, in_range.ok_or("out of range")?);
            }
        }
        Ok(())
    }

    /// Whether a TOML file holds it as a number; everything else is a string there.
    pub const fn is_integer(&self) -> bool {
        matches!(self, Self::Integer { .. })
    }
}

/// What is allowed, with an example where the words alone leave doubt.
impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HostPort(_) => f.write_str("HOST:PORT, for example 127.0.0.1:3000"),
            Self::HttpUrl(_) => f.write_str("http:// or https:// and a host, for example https://hornero.example.com"),
            Self::Path(_) => f.write_str("a path"),
            Self::MasterKey(_) => f.write_str(
                "64 hexadecimal digits or 44 characters of base64 (32 bytes each), several with commas between",
            ),
            Self::TimeZone(_) => f.write_str("an IANA time zone name, for example Europe/Madrid"),
            Self::Choice(options, _) => f.write_str(&options.join(", ")),
            Self::LogFilter(_) => f.write_str("a tracing filter, for example info or info,server=debug"),
            Self::Integer { min, max, unit, .. } => write!(f, "{min} to {max} {unit}"),
        }
    }
}

fn host_port(text: &str) -> Result<String, String> {
    if text.contains("://") {
        return Err("an address to listen on has no http:// in front".into());
    }
    let (host, port) = text.rsplit_once(':').ok_or("missing port")?;
    if host.contains(':') && !host.starts_with('[') {
        return Err("an IPv6 address goes in brackets, for example [::1]:3000".into());
    }
    port.parse::<u16>().map_err(|_| "the port is not a number from 0 to 65535")?;
    Host::parse(host).map_err(|error| error.to_string())?;
    Ok(text.to_owned())
}

fn http_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("neither http nor https".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a user or password does not belong here".into());
    }
    // Pages link to each other from the root; a proxy that serves them below a path would break every link.
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err("nothing may follow host and port".into());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_to_listen_on() {
        for good in ["127.0.0.1:3000", "localhost:0", "0.0.0.0:80", "[::]:3000", "horno.local:65535"] {
            assert_eq!(host_port(good).as_deref(), Ok(good));
        }
        for (bad, reason) in [
            ("localhost", "missing port"),
            ("localhost:", "the port is not"),
            ("localhost:65536", "the port is not"),
            ("localhost:http", "the port is not"),
            (":3000", "empty host"),
            ("::1:3000", "brackets"),
            ("http://localhost:3000", "no http://"),
            ("a b:3000", "invalid"),
        ] {
            let error = host_port(bad).unwrap_err();
            assert!(error.contains(reason), "{bad}: {error}");
        }
    }

    #[test]
    fn public_urls() {
        for good in ["https://hornero.example.com", "http://192.168.1.5:3000/", "http://[::1]:3000"] {
            assert!(http_url(good).is_ok(), "{good}");
        }
        for bad in ["hornero.example.com", "ftp://a", "https://u:p@a", "https://a/b", "https://a/?q", "https://", "//a"]
        {
            assert!(http_url(bad).is_err(), "{bad}");
        }
    }
}
