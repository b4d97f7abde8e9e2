//! Only cookies that may go to a host go there.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "what does not hold is to end in a panic"
)]

use super::header;
use crate::fuzzing::{Input, Vectors};

/// The header holds the cookies of those lines that are for the host, valid, and may go over such
/// a connection; a line that is none is named.
///
/// Input: whether the connection is encrypted, the time, the host up to the end of the line, the
/// file.
pub fn cookie_file(data: &[u8]) {
    let mut input = Input::new(data);
    let (is_secure, now) = (input.byte() & 1 == 0, u64::from(input.u16()));
    let host = String::from_utf8_lossy(input.until(b'\n'));
    let text = String::from_utf8_lossy(input.rest());
    let read = header(&text, &host, is_secure, now);
    let mut cookies = Vec::new();
    for (at, line) in text.split('\n').enumerate() {
        let line = line.trim_start_matches('\u{feff}').trim_end_matches('\r');
        let line = line.strip_prefix("#HttpOnly_").unwrap_or(line);
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let fields: Vec<&str> = line.split('\t').collect();
        if fields.len() < 7 {
            assert_eq!(read, Err(at + 1));
            return;
        }
        let is_true = |field: &str| field.trim().to_uppercase() == "TRUE";
        let goes = is_below(&host, fields[0], is_true(fields[1]))
            && (is_secure || !is_true(fields[3]))
            && !is_over(fields[4], now)
            && !fields[5].is_empty();
        if goes {
            cookies.push(format!("{}={}", fields[5], fields[6..].join("\t")));
        }
    }
    assert_eq!(read, Ok(cookies.join("; ")));
}

pub(crate) fn seeds(_: &Vectors) -> Vec<Vec<u8>> {
    let file = "# Netscape HTTP Cookie File\r\n\n\
        #HttpOnly_sap.example\tFALSE\t/\tTRUE\t0\tSAP_SESSIONID_A4H_001\tabc%3d\r\n\
        .example\tTRUE\t/\tTRUE\t2000000000\tMYSAPSSO2\tAjEx\n\
        sap.example\tFALSE\t/\tFALSE\t100\tx\ty\n\
        sap.example\tFALSE\t/\tTRUE\t1e9\twith=tab\ta\tb\n";
    let heads = [&b"\0\0\0sap.example\n"[..], b"\x01\xff\0SAP.Example\n", b"\0\0\0example\n"];
    let files = [file, "\u{feff}h\tFALSE\t/\tTRUE\t0\ta\tb", "name=value\n", "garbage"];
    let of = |head: &[u8]| files.map(|file| [head, file.as_bytes()].concat());
    heads.into_iter().flat_map(of).collect()
}

/// Whether a host is the domain, or below it where that is enough, label by label.
fn is_below(host: &str, domain: &str, with_below: bool) -> bool {
    let labels = |name: &str| -> Vec<_> {
        name.to_ascii_lowercase().split('.').rev().map(str::to_owned).collect()
    };
    let (host, domain) = (labels(host), labels(domain.trim_start_matches('.')));
    host == domain || (with_below && host.len() > domain.len() && host.starts_with(&domain))
}

fn is_over(expires: &str, now: u64) -> bool {
    let Ok(expires) = expires.trim().parse::<f64>() else { return false };
    #[expect(clippy::cast_precision_loss, reason = "16 bits")]
    let now = now as f64;
    expires > 0.0 && expires <= now
}
