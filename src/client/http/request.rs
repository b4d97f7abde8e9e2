//! From a plain request to what goes over the wire.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_LENGTH, HOST, HeaderName, HeaderValue};

use super::exchange::HttpRequest;
use crate::adt::{Method, Request};
use crate::client::connect::{ConnectError, Endpoint, authority};

/// What is sent to ask `endpoint` for `asked`; client and language go with the query.
pub(crate) fn request(endpoint: &Endpoint, asked: &Request) -> Result<HttpRequest, ConnectError> {
    let mut request = HttpRequest::new(Full::new(Bytes::from(asked.body.clone())));
    *request.method_mut() = match asked.method {
        Method::Head => hyper::Method::HEAD,
        Method::Get => hyper::Method::GET,
        Method::Post => hyper::Method::POST,
    };
    let queries = [asked.query.as_str(), endpoint.query().unwrap_or_default()];
    let query = queries.into_iter().filter(|query| !query.is_empty()).collect::<Vec<_>>().join("&");
    let mark = if query.is_empty() { "" } else { "?" };
    let unusable = |_| ConnectError::UnsendableLogon { what: "address" };
    *request.uri_mut() = format!("{}{mark}{query}", asked.path).parse().map_err(unusable)?;
    let headers = request.headers_mut();
    let (host, port) = endpoint.address();
    if let Ok(host) = authority(host, port).try_into() {
        headers.insert(HOST, host);
    }
    for (name, value) in &asked.headers {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if asked.method == Method::Post && asked.body.is_empty() {
        // The library says nothing of a body that is empty, and servers ask for its length then.
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_and_language_go_with_the_query() {
        let target = |base: &str, client| {
            let endpoint = Endpoint::new(base, None, client, None).unwrap();
            let request = request(&endpoint, &Request::logon()).unwrap();
            assert_eq!(request.headers()[HOST], "h:8000");
            request.uri().to_string()
        };
        assert_eq!(target("http://h:8000", None), "/sap/bc/adt/core/discovery");
        assert_eq!(
            target("http://h:8000/?a=b", Some("001")),
            "/sap/bc/adt/core/discovery?a=b&sap-client=001"
        );
    }
}
