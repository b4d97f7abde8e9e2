//! What requests over HTTP are answered.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};

use super::TOKEN;
use super::xml::{self, Xml};
use crate::server::logon::CHALLENGE;

pub(super) type Answer = Response<Full<Bytes>>;

/// A document of this type.
pub(super) fn document(content_type: &'static str, xml: Vec<u8>) -> Answer {
    with_type(StatusCode::OK, content_type, xml)
}

/// The discovery, of which clients read the headers alone.
pub(super) fn discovery() -> Answer {
    let xml = xml::document(|xml| {
        let service = xml.create_element("app:service").with_attributes([
            ("xmlns:app", "http://www.w3.org/2007/app"),
            ("xmlns:atom", "http://www.w3.org/2005/Atom"),
        ]);
        service.write_inner_content(|xml| {
            xml.create_element("app:workspace")
                .write_inner_content(|xml| xml::text(xml, "atom:title", "longhaul"))
                .map(drop)
        })
    });
    document("application/atomsvc+xml", xml)
}

/// A request that is refused, or cannot be done, with an exception as ADT writes them.
pub(super) fn refused(status: StatusCode, message: &str) -> Answer {
    let kind = match status {
        StatusCode::BAD_REQUEST => "ExceptionResourceBadRequest",
        StatusCode::FORBIDDEN => "ExceptionResourceNoAccess",
        StatusCode::METHOD_NOT_ALLOWED => "ExceptionMethodNotSupported",
        StatusCode::NOT_FOUND => "ExceptionResourceNotFound",
        _ => "ExceptionResourceFailure",
    };
    let xml = xml::document(|xml| {
        xml.create_element("exc:exception")
            .with_attribute((
                "xmlns:exc",
                "http://www.sap.com/abapxml/types/communicationframework",
            ))
            .write_inner_content(|xml| exception(xml, kind, message))
    });
    with_type(status, "application/xml", xml)
}

/// A modifying request without the token of its session.
pub(super) fn no_token() -> Answer {
    let text = "CSRF token validation failed".into();
    let mut answer = with_type(StatusCode::FORBIDDEN, "text/plain; charset=utf-8", text);
    answer.headers_mut().insert(TOKEN, HeaderValue::from_static("Required"));
    answer
}

/// A request without the logon that is asked for.
pub(super) fn unauthorized() -> Answer {
    let mut answer = Answer::default();
    *answer.status_mut() = StatusCode::UNAUTHORIZED;
    answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE));
    answer
}

fn exception(xml: &mut Xml, kind: &str, message: &str) -> std::io::Result<()> {
    xml.create_element("namespace").with_attribute(("id", "com.sap.adt")).write_empty()?;
    xml.create_element("type").with_attribute(("id", kind)).write_empty()?;
    for name in ["message", "localizedMessage"] {
        let text = quick_xml::events::BytesText::new(message);
        xml.create_element(name).with_attribute(("lang", "EN")).write_text_content(text)?;
    }
    xml.create_element("properties").write_empty().map(drop)
}

fn with_type(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}
