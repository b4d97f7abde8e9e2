//! Values on the command line: what each must look like.

use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use longhaul::ChunkSize;
use longhaul::client::systems;
use longhaul::ops::git::ObjectKey;
use longhaul::proto::{OperationName, Params};

/// Sizes from here on are slips of the keyboard, or have overflowed while they were read.
const NONSENSE_BYTES: u64 = 1 << 60;

/// A folder that is served as a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PackageFolder {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
}

/// `64MiB` or `5000000`.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let bytes: ByteSize =
        text.trim().parse().map_err(|_| "not a size such as 64MiB or 5000000".to_owned())?;
    match bytes.as_u64() {
        0 => Err("must be at least 1 byte".to_owned()),
        bytes if bytes >= NONSENSE_BYTES => Err("too large".to_owned()),
        bytes => Ok(bytes),
    }
}

/// A size, or `auto`.
pub(crate) fn chunk_size(text: &str) -> Result<ChunkSize, String> {
    if text.trim().eq_ignore_ascii_case("auto") {
        return Ok(ChunkSize::Auto);
    }
    size(text).map(ChunkSize::Fixed).map_err(|reason| match reason.strip_prefix("not a size") {
        Some(rest) => format!("neither auto nor a size{rest}"),
        None => reason,
    })
}

/// A size that memory must hold.
pub(crate) fn size_in_memory(text: &str) -> Result<usize, String> {
    usize::try_from(size(text)?).map_err(|_| "too large for this machine".to_owned())
}

/// `500ms`, `3s` or `2m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|error| format!("not a duration such as 500ms, 3s or 2m: {error}"))?;
    if duration.is_zero() { Err("must be longer than 0".to_owned()) } else { Ok(duration) }
}

/// `TYPE=MS`, such as `CLAS=200`.
pub(crate) fn object_cost(text: &str) -> Result<(String, Duration), String> {
    let wrong = || "not of the form TYPE=MS, such as CLAS=200".to_owned();
    let (kind, millis) = text.split_once('=').ok_or_else(wrong)?;
    if kind.is_empty() || !kind.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(wrong());
    }
    let millis = millis.parse().map_err(|_| wrong())?;
    Ok((kind.to_ascii_uppercase(), Duration::from_millis(millis)))
}

/// Three digits.
pub(crate) fn sap_client(text: &str) -> Result<String, String> {
    systems::sap_client(text).ok_or_else(|| "not three digits such as 001".to_owned())
}

/// `EN`, or the one letter that SAP itself uses.
pub(crate) fn language(text: &str) -> Result<String, String> {
    systems::language(text).ok_or_else(|| "not a language such as EN".to_owned())
}

/// A yes or no, in the words that variables have for it.
pub(crate) fn flag(text: &str) -> Result<bool, String> {
    systems::flag(text).ok_or_else(|| "neither true nor false".to_owned())
}

/// `TYPE:NAME`.
pub(crate) fn object(text: &str) -> Result<ObjectKey, String> {
    text.parse().map_err(|_| "not of the form TYPE:NAME, such as CLAS:ZCL_X".to_owned())
}

/// A JSON object.
pub(crate) fn params(text: &str) -> Result<Params, String> {
    Params::from_json(text).ok_or_else(|| "not a JSON object".to_owned())
}

/// `DOMAIN.ACTION`.
pub(crate) fn operation(text: &str) -> Result<OperationName, String> {
    match text.split_once('.') {
        Some((domain, action)) if !domain.is_empty() && !action.is_empty() => {
            Ok(OperationName::new(domain.to_owned(), action.to_owned()))
        }
        _ => Err("an operation is DOMAIN.ACTION, such as git.export".into()),
    }
}

/// `NAME=DIR`.
pub(crate) fn package_folder(text: &str) -> Result<PackageFolder, String> {
    match text.split_once('=') {
        Some((name, folder)) if !name.is_empty() && !folder.is_empty() => {
            Ok(PackageFolder { name: name.to_owned(), folder: folder.into() })
        }
        _ => Err("not of the form NAME=DIR, such as '$DEMO=./demo'".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(size("64MiB"), Ok(64 << 20));
        assert_eq!(size("5000000"), Ok(5_000_000));
        assert_eq!(size("1.5 kB"), Ok(1500));
        for text in ["0", "0MiB", "0.2B", "-1", "", "MiB", "64 quux", "1e9", "nan", "99999999EiB"] {
            assert!(size(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn chunk_sizes() {
        assert_eq!(chunk_size("1MiB"), Ok(ChunkSize::Fixed(1 << 20)));
        assert_eq!(chunk_size(" Auto"), Ok(ChunkSize::Auto));
        assert!(chunk_size("0").is_err() && chunk_size("automatic").is_err());
    }

    #[test]
    fn durations() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        for text in ["0s", "0", "", "5", "-1s", "3 parsecs", "99999999999999999999y"] {
            assert!(duration(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn costs_of_objects() {
        assert_eq!(object_cost("clas=200"), Ok(("CLAS".into(), Duration::from_millis(200))));
        for text in ["", "CLAS", "CLAS=", "=5", "CLAS=5ms", "CLAS=-1", "CL AS=1"] {
            assert!(object_cost(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn clients_and_languages() {
        assert_eq!(sap_client("001").as_deref(), Ok("001"));
        assert_eq!(language("de").as_deref(), Ok("DE"));
        assert!(sap_client("1").is_err() && sap_client("0o1").is_err());
        assert!(language("").is_err() && language("E&").is_err());
    }

    #[test]
    fn flags() {
        assert!(["true", "TRUE", "1", "yes", " on "].iter().all(|text| flag(text) == Ok(true)));
        assert!(["false", "0", "No", "off"].iter().all(|text| flag(text) == Ok(false)));
        assert!(flag("").is_err() && flag("2").is_err());
    }

    #[test]
    fn params_are_an_object_and_nothing_else() {
        assert_eq!(params(r#"{"b":1,"a":[]}"#).unwrap().to_json(), r#"{"b":1,"a":[]}"#);
        for text in ["", "[]", "1", "null", "{", "{} {}", "\"a\""] {
            assert!(params(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn folders_of_packages() {
        let given = package_folder("$DEMO=a=b").unwrap();
        assert_eq!(given, PackageFolder { name: "$DEMO".into(), folder: "a=b".into() });
        assert!(package_folder("$DEMO").is_err() && package_folder("=x").is_err());
    }
}
